"""Projection of the point spread function."""

import numpy as np
import pytest

from gjax.maps.axis import MapAxis
from gjax.reduce.exposure import exposure_cube, pixel_offsets
from gjax.reduce.psf import RAD_AXIS, psf_map


@pytest.fixture(scope="module")
def coarse(geom):
    return geom.to_binsz(0.5)


def test_psf_integrates_to_one_within_its_axis(observation, coarse, energy_true):
    narrow = MapAxis.from_bounds(0.0, 0.1, 20, "rad", "deg")
    for rad in (RAD_AXIS, narrow):
        psf = psf_map(observation, coarse, energy_true, rad)
        ring = 2 * np.pi * np.deg2rad(rad.center) * np.deg2rad(rad.bin_width)
        np.testing.assert_allclose(np.einsum("eryx,r->eyx", psf.data, ring), 1.0, rtol=1e-12)


def test_width_grows_with_offset(observation, coarse, energy_true, truth):
    psf = psf_map(observation, coarse, energy_true)
    rad = RAD_AXIS.center[:, None, None]
    sigma = truth.psf_width(pixel_offsets(observation, coarse))
    # A fine rad axis: the normalised profile is the Gaussian itself, up to the ring sums.
    gauss = np.exp(-0.5 * (rad / sigma) ** 2) / (2 * np.pi * np.deg2rad(sigma) ** 2)
    np.testing.assert_allclose(psf.data, np.broadcast_to(gauss, psf.data.shape), rtol=2e-3)


def test_weights_are_the_exposure(observation, coarse, energy_true):
    psf = psf_map(observation, coarse, energy_true)
    np.testing.assert_array_equal(psf.exposure, exposure_cube(observation, coarse, energy_true))
