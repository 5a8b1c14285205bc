"""A point spread function in reconstructed energy."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from gjax.dataset import Dataset, EDispKernelMap, PSFMap, RecoPSFMap
from gjax.infer.objective import expand_objective, make_objective
from gjax.maps import MapAxis, RegionGeom, WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import EnergyDependent, Gaussian, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import npred, prepare

GEOM = WcsGeom.create((83.6, 22.0), 0.1, npix=(24, 22), proj="TAN")
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 2)
TRUE = MapAxis.from_energy_bounds(0.5, 20.0, 3, name="energy_true")
KERNEL = np.array([[0.7, 0.1], [0.2, 0.6], [0.05, 0.5]])


def reduced(psf):
    """Make a dataset whose exposure falls across the map."""
    lon, _ = GEOM.coords()
    slope = 1.0 + 0.2 * (lon - 83.6)
    exposure = 1e12 * np.array([1.0, 3.0, 5.0])[:, None, None] * slope
    coarse = WcsGeom.create((83.6, 22.0), 1.0, npix=3, proj="TAN")
    data = np.broadcast_to(KERNEL[:, :, None, None], (3, 2, 3, 3))
    edisp = EDispKernelMap(data, np.ones((3, 3, 3)), coarse, TRUE, ENERGY)
    return Dataset("toy", GEOM, ENERGY, TRUE, exposure=exposure, psf=psf, edisp=edisp)


def profiles(sigma):
    rad = MapAxis.from_bounds(0.0, 1.2, 400, "rad", "deg")
    coarse = WcsGeom.create((83.6, 22.0), 1.0, npix=3, proj="TAN")
    sigma = np.asarray(sigma)[:, None]
    data = np.exp(-0.5 * (rad.center / sigma) ** 2) / (2 * np.pi * np.radians(sigma) ** 2)
    return np.broadcast_to(data[:, :, None, None], (*data.shape, 3, 3)), rad, coarse


def in_reco(sigma):
    data, rad, coarse = profiles(sigma)
    return RecoPSFMap(data, None, coarse, ENERGY, rad)


def in_true(sigma):
    data, rad, coarse = profiles(sigma)
    return PSFMap(data, np.ones((3, 3, 3)), coarse, TRUE, rad)


@pytest.mark.parametrize("spatial", [Point(83.65, 22.03), Gaussian(83.65, 22.03, 0.1)])
def test_one_width_is_the_same_either_way(spatial):
    models = Models.create({"source": SkyModel(PowerLaw(2.2, 1e-11), spatial)})
    reco, true = (npred(reduced(psf), models) for psf in (in_reco([0.15] * 2), in_true([0.15] * 3)))
    np.testing.assert_allclose(reco, true, rtol=1e-9, atol=1e-12 * true.max())


def test_each_measured_energy_has_its_width():
    models = Models.create({"source": SkyModel(PowerLaw(2.2, 1e-11), Point(83.6, 22.0))})
    both = npred(reduced(in_reco([0.25, 0.12])), models)
    for energy, sigma in enumerate((0.25, 0.12)):
        alone = npred(reduced(in_reco([sigma] * 2)), models)
        # Equal up to the size of the window, which holds 99.9% of the widest.
        np.testing.assert_allclose(both[energy], alone[energy], atol=2e-3 * alone[energy].max())


@pytest.mark.parametrize("spatial", [Point(83.65, 22.03), Gaussian(83.65, 22.03, 0.1)])
def test_exact_derivatives(spatial):
    models = Models.create({"source": SkyModel(PowerLaw(2.2, 1e-11), spatial)})
    dataset = reduced(in_reco([0.25, 0.12]))
    counts = np.random.default_rng(0).poisson(1.1 * npred(dataset, models) + 0.01).astype(float)
    dataset = dataclasses.replace(dataset, counts=counts, background=np.full(dataset.shape, 0.01))
    objective = make_objective(dataset, models, Parameters.from_models(models))
    # Small, or the source would leave the map: its position is a coordinate, too.
    theta = 1.0003 * objective.layout.start
    found = expand_objective(objective, theta)
    hessian = jax.jit(jax.hessian(lambda o, t: o(t), argnums=1))(objective, theta)
    scale = np.sqrt(np.diag(hessian))
    np.testing.assert_allclose(
        found.hessian / np.outer(scale, scale), hessian / np.outer(scale, scale), atol=1e-9
    )


def test_what_cannot_be_seen_through_it_is_refused():
    changing = EnergyDependent(Gaussian(83.6, 22.0, 0.2), {"sigma": PowerLawNorm(tilt=0.2)})
    models = Models.create({"source": SkyModel(PowerLaw(), changing)})
    with pytest.raises(ValueError, match="depends on true energy"):
        prepare(reduced(in_reco([0.2, 0.1])), models)
    region = RegionGeom.circle(83.6, 22.0, 0.1)
    psf = in_reco([0.2, 0.1])
    spectrum = dataclasses.replace(reduced(None), geom=region, exposure=np.ones((3, 1, 1)), psf=psf)
    with pytest.raises(ValueError, match="cannot have a PSF in reconstructed energy"):
        prepare(spectrum, Models.create({"s": SkyModel(PowerLaw(), Point(83.6, 22.0))}))
