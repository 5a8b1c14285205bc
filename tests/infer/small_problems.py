"""Small problems with a known minimum: an elongated Gaussian, an on/off spectrum, none at all."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from gjax.dataset import Dataset, PSFMap
from gjax.infer.objective import make_objective
from gjax.infer.problem import Point, Problem
from gjax.maps import MapAxis, RegionGeom, WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.simulate import fake


def make_spectrum(counts, counts_off, free):
    """Make the statistic of an on/off spectrum with a power law of which some parameters vary."""
    energy = MapAxis.from_energy_bounds(1.0, 10.0, len(counts))
    true = MapAxis.from_energy_bounds(0.5, 20.0, 8, name="energy_true")
    shape = (len(counts), 1, 1)
    dataset = Dataset(
        "onoff",
        RegionGeom.circle(83.63, 22.01, 0.1),
        energy,
        true,
        counts=np.reshape(counts, shape).astype(float),
        counts_off=np.reshape(counts_off, shape).astype(float),
        acceptance=np.ones(shape),
        acceptance_off=np.full(shape, 10.0),
        exposure=np.full((8, 1, 1), 1e13),
    )
    models = Models.create({"source": SkyModel(PowerLaw(2.0, 1e-12))})
    table = Parameters.from_models(models).freeze("*").thaw(*free)
    return make_objective(dataset, models, table)


def elongated_models(e, phi, place=(0.0, 0.0), sigma=0.3):
    """Make an elongated Gaussian with a power law."""
    shape = Gaussian(*place, sigma, e, phi, frame="galactic")
    return Models.create({"pwn": SkyModel(PowerLaw(2.0, 1e-10), shape)})


def ellipse(phi, start, free="*.spatial.[ep]*", background=1.0):
    """Make the statistic of the expectation of an elongated Gaussian: eccentricity and angle."""
    dataset, before = elongated_field(background), elongated_models(*start)
    table = Parameters.from_models(before).freeze("*").thaw(free)
    return make_objective(fake(dataset, npred(dataset, elongated_models(0.9, phi))), before, table)


def elongated_field(background):
    geom = WcsGeom.create((0.0, 0.0), binsz=0.1, npix=24, proj="TAN", frame="galactic")
    energy = MapAxis.from_energy_bounds(1.0, 10.0, 1)
    true = MapAxis.from_energy_bounds(1.0, 10.0, 1, name="energy_true")
    coarse = WcsGeom.create(geom.center, binsz=1.5, npix=3, proj="TAN", frame="galactic")
    rad = MapAxis.from_bounds(0.0, 0.5, 100, "rad", "deg")
    profile = np.exp(-0.5 * (rad.center / 0.08) ** 2)
    data = np.broadcast_to(profile[:, None, None], (1, rad.nbin, *coarse.shape))
    psf = PSFMap(data, np.ones((1, *coarse.shape)), coarse, true, rad)
    flat = np.ones((1, *geom.shape))
    return Dataset(
        "field", geom, energy, true, exposure=1e13 * flat, psf=psf, background=background * flat
    )


def flat_problem(theta, gradient, matrix):
    """Make a problem without data, and a point of it with given slopes and curvature."""
    none = np.full(len(theta), np.inf)
    objective = SimpleNamespace(layout=SimpleNamespace(lower=-none, upper=none))
    theta, gradient = np.array(theta, float), np.array(gradient, float)
    point = Point(theta, 1e3, gradient, np.array(matrix), np.array(matrix))
    return Problem(objective, None, 10), point
