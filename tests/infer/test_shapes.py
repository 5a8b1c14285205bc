"""Fits of shells, of shapes that change with energy and of backgrounds recover the truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.dataset import Dataset, PSFMap
from gjax.infer import fit
from gjax.maps import MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import EnergyDependent, Gaussian, PiecewiseNormSpatial, Shell
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import npred

GEOM = WcsGeom.create((347.3, -0.5), binsz=0.05, npix=48, proj="TAN", frame="galactic")


def make_dataset(n_energy: int) -> Dataset:
    """Make a dataset with a Gaussian PSF of 0.06 deg and a flat background."""
    energy = MapAxis.from_energy_bounds(1.0, 10.0, n_energy)
    true = MapAxis.from_energy_bounds(1.0, 10.0, n_energy, name="energy_true")
    coarse = WcsGeom.create(GEOM.center, binsz=1.5, npix=3, proj="TAN", frame="galactic")
    rad = MapAxis.from_bounds(0.0, 0.5, 200, "rad", "deg")
    profile = np.exp(-0.5 * (rad.center / 0.06) ** 2)
    data = np.broadcast_to(profile[:, None, None], (n_energy, rad.nbin, *coarse.shape))
    psf = PSFMap(data, np.ones((n_energy, *coarse.shape)), coarse, true, rad)
    shape = (n_energy, *GEOM.shape)
    return Dataset(
        "snr", GEOM, energy, true, exposure=np.full(shape, 1e13), psf=psf, background=np.ones(shape)
    )


def observed(dataset: Dataset, models: Models, seed: int) -> Dataset:
    counts = np.random.default_rng(seed).poisson(npred(dataset, models)).astype(float)
    return dataclasses.replace(dataset, counts=counts)


def check(result, truth: Models, names: list[str]) -> None:
    assert result.success
    table = Parameters.from_models(truth)
    for name in names:
        true = table.values[table.names.index(name)]
        pull = (result.value(name) - true) / result.error(name)
        assert abs(pull) < 3, f"{name}: {result.value(name)} for {true}"
        assert 0 < result.error(name) < 0.3 * max(abs(true), 0.2)


def test_shell_is_found_again():
    spectral = PowerLaw(2.0, 1e-10)
    shell = Shell(347.33, -0.47, radius=0.5, width=0.15, frame="galactic")
    truth = Models.create({"snr": SkyModel(spectral, shell)})
    start = Shell(347.3, -0.5, radius=0.4, width=0.25, frame="galactic")
    models = Models.create({"snr": SkyModel(PowerLaw(2.0, 6e-11), start)})
    table = Parameters.from_models(models).freeze("*.index")
    result = fit(observed(make_dataset(1), truth, 1), models, table)
    shape = ["lon_0", "lat_0", "radius", "width"]
    check(result, truth, [f"snr.spatial.{name}" for name in shape])
    assert result.value("snr.spectral.amplitude") == pytest.approx(1e-10, rel=0.1)


def test_shrinking_source_is_found_again():
    def source(sigma: float, tilt: float) -> Models:
        gauss = Gaussian(347.3, -0.5, sigma=sigma, frame="galactic")
        shape = EnergyDependent(gauss, {"sigma": PowerLawNorm(tilt=tilt)})
        return Models.create({"pwn": SkyModel(PowerLaw(2.0, 1e-10), shape)})

    truth, models = source(0.4, 0.5), source(0.3, 0.0)
    table = Parameters.from_models(models).freeze("*.norm").thaw("*.tilt")
    result = fit(observed(make_dataset(3), truth, 2), models, table)
    check(result, truth, ["pwn.spatial.model.sigma", "pwn.spatial.factors.sigma.tilt"])


@pytest.mark.parametrize("interp", ["lin", "log"])
def test_background_that_changes_over_the_field_is_found_again(interp):
    """Norms at nine places, the source on top; their pulls are those of the covariance."""
    lon, lat = (
        a.ravel() for a in np.meshgrid(347.3 + np.linspace(-1.2, 1.2, 3), [-1.7, -0.5, 0.7])
    )
    norms = np.array([0.8, 1.3, 1.0, 1.1, 0.9, 1.2, 0.7, 1.0, 1.4])

    def make(values: np.ndarray, amplitude: float) -> Models:
        factor = PiecewiseNormSpatial(lon, lat, values, interp=interp, frame="galactic")
        source = SkyModel(PowerLaw(2.0, amplitude), Gaussian(347.3, -0.5, 0.2, frame="galactic"))
        return Models.create([("snr", source), FoVBackground("snr", PowerLawNorm(), factor)])

    dataset = observed(make_dataset(2), make(norms, 4e-11), 5)
    models = make(np.ones(9), 2e-11)
    table = Parameters.from_models(models)
    table = table.freeze("snr.spatial.*").freeze("*.spectral.norm").freeze("*.index")
    result = fit(dataset, models, table)
    assert result.success
    free = list(result.parameters.free)
    away = result.parameters.values[free] - np.array([4e-11, *norms])
    pulls = away / result.errors[free]
    # Ten numbers: the square of their joint pull is below 30 in 999 of 1000 fields.
    weights = np.linalg.inv(result.correlation[np.ix_(free, free)])
    assert pulls @ weights @ pulls < 29.6
    assert (result.errors[free][1:] < 0.15).all()
