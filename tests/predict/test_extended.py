"""Extended sources of any size, through PSFs of any width."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from gjax.maps import WcsGeom
from gjax.model.spatial import Gaussian
from gjax.predict import npred

#: In deg.
PIXEL = 0.02
GEOM = WcsGeom.create((0.0, 0.0), PIXEL, npix=(61, 61), proj="TAN")


def blurred(sigma, x, y):
    """Average a Gaussian over pixels; widths and places in pixels."""
    ends = np.arange(62) - 30.5

    def share(place):
        return np.diff(0.5 * erf((ends - place) / sigma / np.sqrt(2)))

    return share(y)[:, None] * share(x)[None, :]


@pytest.mark.parametrize(
    ("source_size", "psf_size", "error"),
    [
        (0.1, 0.3, 8e-3),
        (0.1, 0.8, 5e-3),
        (0.1, 3.0, 2e-3),
        (0.3, 0.3, 2e-3),
        (0.6, 0.15, 5e-3),
        (1.0, 0.5, 1e-3),
        (2.0, 0.15, 1e-3),
        (4.0, 1.5, 1e-3),
    ],
)
def test_a_gaussian_within_a_pixel_keeps_its_place(
    gaussian_dataset, source, source_size, psf_size, error
):
    """Sizes in pixels; largest error in units of the peak. The PSF is cut at 99.9%: 1e-3."""
    x, y = 0.31, 0.17
    lon, lat = (float(c) for c in GEOM.pix_to_coord(30 + x, 30 + y))
    models = source(Gaussian(lon, lat, source_size * PIXEL))
    found = npred(gaussian_dataset(GEOM, psf_size * PIXEL), models)[0] / 9.0
    expected = blurred(np.hypot(source_size, psf_size), x, y)
    assert np.abs(found - expected).max() < error * expected.max()
    assert found.sum() == pytest.approx(expected.sum(), abs=2e-4)
