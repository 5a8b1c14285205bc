"""Sources in spectra: which part of them is in the region."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest
from scipy.special import i0e

from gjax.dataset import PSFMap
from gjax.maps import MapAxis, RegionGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Disk, Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import fold, map_datasets, prepare
from gjax.predict.npred import npred_prepared
from gjax.predict.region import region_weights

SPECTRAL = PowerLaw(2.3, 3e-11)
#: Both in deg: the radius of the region and the width of the PSF.
RADIUS, SIGMA = 0.11, 0.06


def predicted(dataset, spatial, **table):
    models = Models.create({"source": SkyModel(SPECTRAL, spatial)})
    parameters = Parameters.from_models(models)
    if table.get("frozen"):
        parameters = parameters.freeze("*.spatial.*")
    return npred_prepared(prepare(dataset, models, parameters), models)[0].ravel()


@pytest.fixture(scope="module")
def seen(onoff_spectrum):
    """Give a spectrum with a PSF."""
    dataset = onoff_spectrum()
    rad = MapAxis.from_bounds(0.0, 8 * SIGMA, 300, "rad", "deg")
    profile = np.exp(-0.5 * (rad.center / SIGMA) ** 2) / (2 * np.pi * np.radians(SIGMA) ** 2)
    n_true = dataset.energy_true.nbin
    data = np.broadcast_to(profile[None, :, None, None], (n_true, rad.nbin, 1, 1))
    psf = PSFMap(data, dataset.exposure, dataset.geom, dataset.energy_true, rad)
    return dataclasses.replace(dataset, psf=psf)


def test_a_spectrum_without_place_counts_whole(onoff_spectrum):
    dataset = onoff_spectrum()
    edges = dataset.energy_true.edges
    flux = np.asarray(SPECTRAL.integral(edges[:-1], edges[1:]))
    kernel = dataset.edisp.data[:, :, 0, 0]
    expected = (flux * dataset.exposure[:, 0, 0]) @ kernel
    np.testing.assert_allclose(predicted(dataset, None), expected, rtol=1e-12)
    np.testing.assert_allclose(predicted(dataset, Point(83.63, 22.05)), expected, rtol=1e-12)
    assert not predicted(dataset, Point(83.63, 22.2)).any()


@pytest.mark.parametrize("frozen", [True, False])
def test_an_extended_source_counts_with_its_part_inside(onoff_spectrum, frozen):
    dataset = onoff_spectrum()
    whole = predicted(dataset, None)
    part = predicted(dataset, Gaussian(83.63, 22.01, 0.1), frozen=frozen) / whole
    np.testing.assert_allclose(part, 1 - np.exp(-0.5 * 1.1**2), rtol=2e-3)
    inside = predicted(dataset, Disk(83.63, 22.01, 0.2), frozen=frozen) / whole
    np.testing.assert_allclose(inside, (0.11 / 0.2) ** 2, rtol=5e-3)


def test_a_point_is_seen_through_the_psf(seen):
    whole = predicted(dataclasses.replace(seen, psf=None), None)
    centred = predicted(seen, Point(83.63, 22.01)) / whole
    np.testing.assert_allclose(centred, 1 - np.exp(-0.5 * (RADIUS / SIGMA) ** 2), rtol=3e-3)
    # Off the centre: the noncentral distribution, by quadrature.
    away = 0.07
    r = np.linspace(0, RADIUS, 2001)
    arg = r * away / SIGMA**2
    density = r / SIGMA**2 * np.exp(-0.5 * (r - away) ** 2 / SIGMA**2) * i0e(arg)
    moved = predicted(seen, Point(83.63, 22.01 + away)) / whole
    np.testing.assert_allclose(moved, np.trapezoid(density, r), rtol=5e-3)


def test_containment_has_a_slope_in_the_position(seen):
    def models_at(lat):
        return Models.create({"source": SkyModel(SPECTRAL, Point(83.63, lat))})

    prepared = prepare(seen, models_at(22.05))

    def total(lat):
        return map_datasets(fold, prepared, models_at(lat))[0].sum()

    slope = float(jax.grad(total)(22.05))
    step = 1e-4
    difference = float(total(22.05 + step) - total(22.05 - step)) / (2 * step)
    assert slope == pytest.approx(difference, rel=1e-4)
    assert slope < -100.0


@pytest.mark.parametrize(
    "text",
    [
        "icrs;circle(83.63,22.01,0.11)",
        "icrs;ellipse(83.63,22.01,0.1,0.2,30)",
        "icrs;annulus(83.63,22.01,0.1,0.2)",
        "icrs;box(83.63,22.01,0.1,0.3,20)",
    ],
)
def test_weights_sum_to_the_area(text):
    geom = RegionGeom.create(text)
    image, weights = region_weights(geom)
    area = (image.solid_angle() * weights).sum()
    assert area == pytest.approx(geom.solid_angle()[0, 0], rel=5e-3)
