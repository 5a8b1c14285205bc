"""Radial profiles and kernels hold the whole PSF, smoothly."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.maps import MapAxis
from gjax.numerics.spline import cubic_evaluate
from gjax.predict.psf import (
    RADIAL_INTERVALS,
    integrated_kernel,
    pixel_profile,
    radial_profile,
    sampled_kernel,
)
from gjax.predict.response import psf_profile

SIGMA = np.array([0.05, 0.1])
RAD = MapAxis.from_bounds(0.0, 0.8, 200, "rad", "deg")
TABLE = np.exp(-0.5 * (RAD.center / SIGMA[:, None]) ** 2) / (
    2 * np.pi * np.radians(SIGMA[:, None]) ** 2
)


def integral(profile) -> np.ndarray:
    r = np.linspace(0.0, profile.radius, 20001)
    values = cubic_evaluate(profile.coefficients, profile.spacing, r)
    ring = 2 * np.pi * np.sin(np.radians(r))[:, None] * values
    return np.trapezoid(ring, np.radians(r), axis=0)


def steps(*sizes) -> np.ndarray:
    """Sides of a pixel of the given sizes in deg, along two axes."""
    return np.radians(np.eye(3)[:2] * np.array(sizes)[:, None])


def test_profile_is_that_of_the_table():
    profile = radial_profile(TABLE, RAD, 0.9999)
    assert profile.coefficients.shape == (RADIAL_INTERVALS, 4, 2)
    r = np.linspace(0.0, 0.3, 50)
    found = np.asarray(cubic_evaluate(profile.coefficients, profile.spacing, r))
    exact = np.exp(-0.5 * (r[:, None] / SIGMA) ** 2) / (2 * np.pi * np.radians(SIGMA) ** 2)
    # The top is flat between the innermost centres of the table: a twelfth of a sigma here.
    np.testing.assert_allclose(found / exact[0], exact / exact[0], atol=1e-3)
    np.testing.assert_allclose(integral(profile), 1.0, rtol=1e-6)
    assert profile.r68 == pytest.approx(0.05 * np.sqrt(-2 * np.log(0.32)), rel=0.02)


def test_profile_fades_to_zero_without_a_step():
    profile = radial_profile(TABLE, RAD, 0.99)
    at = np.array([0.9, 0.99, 1.0]) * profile.radius
    values = np.asarray(cubic_evaluate(profile.coefficients, profile.spacing, at))
    assert (np.diff(values, axis=0) < 0).all()
    np.testing.assert_allclose(values[-1] / values[0], 0.0, atol=1e-12)
    # The radius holds 99% of the widest of the two.
    assert profile.radius == pytest.approx(0.1 * np.sqrt(-2 * np.log(0.01)) / 0.95, rel=0.02)
    np.testing.assert_allclose(integral(profile), 1.0, rtol=1e-6)


def test_energy_without_response_stays_empty():
    table = np.stack([TABLE[0], np.zeros(RAD.nbin)])
    profile = radial_profile(table, RAD, 0.999)
    np.testing.assert_allclose(integral(profile), [1.0, 0.0], atol=1e-6)
    kernel = integrated_kernel(pixel_profile(profile, steps(0.05, 0.05)), steps(0.05, 0.05), 4)
    np.testing.assert_allclose(kernel.sum(axis=(1, 2)), [1.0, 0.0], rtol=1e-12)


def test_empty_psf_is_refused():
    with pytest.raises(ValueError, match="PSF is empty"):
        radial_profile(0 * TABLE, RAD, 0.999)


@pytest.mark.parametrize("sizes", [(0.02, 0.02), (0.1, 0.1), (0.06, 0.02)])
def test_average_over_pixels_adds_their_variance(sizes):
    radial = radial_profile(TABLE, RAD, 0.99999)
    pixel = pixel_profile(radial, steps(*sizes))
    np.testing.assert_allclose(integral(pixel.profile), 1.0, rtol=1e-6)
    assert np.abs(pixel.nodes).max() <= 0.5, "nodes lie in the pixel"
    np.testing.assert_allclose(pixel.nodes.mean(axis=0), 0.0, atol=1e-14)
    # Variance of the averaged profile along each side: its own and that of the nodes.
    r = np.linspace(0.0, pixel.profile.radius, 20001)
    values = cubic_evaluate(pixel.profile.coefficients, pixel.profile.spacing, r)
    ring = np.pi * np.sin(np.radians(r))[:, None] * values * (r**2)[:, None]
    own = np.trapezoid(ring, np.radians(r), axis=0)
    for axis, size in enumerate(sizes):
        total = own + np.mean(pixel.nodes[:, axis] ** 2) * size**2
        np.testing.assert_allclose(total, SIGMA**2 + size**2 / 12, rtol=2e-3)


def test_kernel_is_normalised_and_centred():
    pixel = pixel_profile(radial_profile(TABLE, RAD, 0.999), steps(0.05, 0.05))
    kernel = integrated_kernel(pixel, steps(0.05, 0.05), 9)
    assert kernel.shape == (2, 19, 19)
    np.testing.assert_allclose(kernel.sum(axis=(1, 2)), 1.0, rtol=1e-12)
    np.testing.assert_allclose(kernel, kernel[:, ::-1, ::-1], atol=1e-15)
    assert np.unravel_index(kernel[0].argmax(), (19, 19)) == (9, 9)


def test_sampled_kernel_is_that_of_gammapy(reference):
    dataset, _, arrays = reference
    profile = psf_profile(dataset.psf, 83.652, 22.034)
    found, expected = sampled_kernel(profile, dataset.psf.rad, dataset.geom), arrays["psf_kernel"]
    assert found.shape == expected.shape
    # At the centre of the map, as Gammapy's; the table is looked up at the source.
    np.testing.assert_allclose(found, expected, atol=1e-6 * expected.max())
