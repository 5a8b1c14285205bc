"""Responses at a source: lookups between coarse pixels, containment radii, migra matrices."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from gjax.dataset import EDispMap, PSFMap
from gjax.irf.edisp import integrate_migra
from gjax.maps import MapAxis, WcsGeom
from gjax.predict.response import (
    containment_radius,
    diagonal_kernel,
    edisp_kernel,
    psf_profile,
)

RAD = MapAxis.from_bounds(0.0, 0.6, 120, "rad", "deg")
TRUE = MapAxis.from_energy_bounds(0.5, 20.0, 5, name="energy_true")
RECO = MapAxis.from_energy_bounds(1.0, 10.0, 4)
COARSE = WcsGeom.create((10.0, 20.0), 0.5, npix=4, proj="TAN")


@pytest.mark.parametrize("fraction", [0.5, 0.68, 0.95, 0.999])
def test_containment_radius_of_a_gaussian(fraction):
    sigma = np.array([0.05, 0.1])
    table = np.exp(-0.5 * (RAD.center / sigma[:, None]) ** 2)
    table /= 2 * np.pi * np.radians(sigma[:, None]) ** 2
    found = containment_radius(table, RAD, fraction)
    # Gammapy's cumulative sum: good to a bin.
    np.testing.assert_allclose(found, sigma * np.sqrt(-2 * np.log1p(-fraction)), atol=0.005)


def varying_psf(exposure=None) -> PSFMap:
    """Make a profile whose height is the index of the column, plus ten times that of the row."""
    y, x = np.mgrid[:4, :4]
    data = np.broadcast_to((x + 10.0 * y), (5, RAD.nbin, 4, 4)).astype(float)
    exposure = np.ones((5, 4, 4)) if exposure is None else exposure
    return PSFMap(data, exposure, COARSE, TRUE, RAD)


@pytest.mark.parametrize("pixel", [(1.0, 2.0), (1.3, 0.6), (0.0, 0.0), (2.9, 3.0)])
def test_lookup_is_bilinear(pixel):
    lon, lat = COARSE.pix_to_coord(*pixel)
    found = psf_profile(varying_psf(), float(lon), float(lat))
    np.testing.assert_allclose(found, pixel[0] + 10 * pixel[1], atol=1e-9)


def test_lookup_is_continuous_across_pixels_and_constant_outside():
    x = np.linspace(-1.5, 4.5, 121)
    found = [psf_profile(varying_psf(), *map(float, COARSE.pix_to_coord(a, 1.0)))[0, 0] for a in x]
    np.testing.assert_allclose(found, 10 + np.clip(x, 0, 3), atol=1e-9)


def test_pixels_without_exposure_have_no_response():
    exposure = np.ones((5, 4, 4))
    exposure[:, :, 2:] = 0.0
    psf = varying_psf(exposure)
    near = psf_profile(psf, *map(float, COARSE.pix_to_coord(1.3, 0.0)))
    np.testing.assert_allclose(near, 1.0, atol=1e-9)
    far = psf_profile(psf, *map(float, COARSE.pix_to_coord(3.0, 1.0)))
    np.testing.assert_allclose(far, 11.0, atol=1e-9)


def test_migra_distribution_becomes_a_matrix():
    migra = MapAxis.from_bounds(0.2, 5.0, 960, "migra")
    width = 0.12
    density = np.broadcast_to(norm.pdf(migra.center, 1.05, width), (5, 960))
    found = integrate_migra(density, migra, TRUE, RECO)
    pull = (RECO.edges / TRUE.center[:, None] - 1.05) / width
    np.testing.assert_allclose(found, np.diff(norm.cdf(pull), axis=1), atol=5e-5)


def test_matrix_of_a_perfect_measurement_keeps_what_is_in_range():
    found = diagonal_kernel(TRUE, RECO)
    # A flat spectrum: the counts in each reconstructed bin are its width.
    np.testing.assert_allclose(np.diff(TRUE.edges) @ found, np.diff(RECO.edges), rtol=1e-12)
    same = MapAxis.from_edges(RECO.edges, "energy_true", interp="log")
    np.testing.assert_allclose(diagonal_kernel(same, RECO), np.eye(4), atol=1e-12)
    np.testing.assert_array_equal(edisp_kernel(None, same, RECO, (0, 0)), np.eye(4))


def test_matrix_is_that_of_gammapy(reference):
    dataset, _, arrays = reference
    found = edisp_kernel(
        dataset.edisp, dataset.energy_true, dataset.energy, (83.652, 22.034), "nearest"
    )
    np.testing.assert_allclose(found, arrays["edisp_kernel"], atol=2e-7)


def test_matrix_between_pixels_is_between_those_of_the_pixels(reference):
    dataset = reference[0]
    axes = dataset.energy_true, dataset.energy
    geom = dataset.edisp.geom
    at = [tuple(float(c) for c in geom.pix_to_coord(x, 1.0)) for x in (1.0, 1.5, 2.0)]
    left, middle, right = (edisp_kernel(dataset.edisp, *axes, p) for p in at)
    np.testing.assert_allclose(middle, 0.5 * (left + right), atol=1e-7)


def test_responses_of_other_axes_are_refused(reference):
    dataset = reference[0]
    other = MapAxis.from_energy_bounds(0.6, 16.0, 5, name="energy_true")
    with pytest.raises(ValueError, match="6 true energy bins, the dataset 5"):
        edisp_kernel(dataset.edisp, other, dataset.energy, (83.6, 22.0))
    if not isinstance(dataset.edisp, EDispMap):
        moved = dataclasses.replace(dataset.energy, nodes=tuple(1.1 * dataset.energy.edges))
        with pytest.raises(ValueError, match="or their edges differ"):
            edisp_kernel(dataset.edisp, dataset.energy_true, moved, (83.6, 22.0))
