"""Extended sources of any size, through PSFs of any width."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from gjax.infer.objective import expand_objective, make_objective
from gjax.maps import WcsGeom
from gjax.model.spatial import (
    Disk,
    EnergyDependent,
    Gaussian,
    GeneralizedGaussian,
    Shell,
    Shell2,
)
from gjax.model.spectral import PowerLawNorm
from gjax.parameters import Parameters
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


SHAPES = {
    "disk": lambda size, **at: Disk(r_0=size, e=0.6, phi=30.0, **at),
    "sharp": lambda size, **at: GeneralizedGaussian(r_0=size, eta=0.1, **at),
    "cusp": lambda size, **at: GeneralizedGaussian(r_0=size, eta=1.0, **at),
    "shell": lambda size, **at: Shell(radius=size, width=0.02 * size, **at),
    "sphere": lambda size, **at: Shell2(r_0=size, eta=1.0, **at),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [0.0, 0.1, 0.7])
def test_pixels_add_up_to_one_for_every_size(gaussian_dataset, source, name, size):
    """Sizes in pixels: some are smaller than the sub-pixels."""
    shape = SHAPES[name](size * PIXEL, lon_0=0.0037, lat_0=0.0081)
    for psf in (None, 0.5 * PIXEL) if name == "disk" else (None,):
        found = npred(gaussian_dataset(GEOM, psf), source(shape))
        assert found.sum() == pytest.approx(9.0, rel=1e-5 if psf is None else 2e-4)


def test_pixels_add_up_to_one_at_every_energy(gaussian_dataset, source):
    shape = Disk(lon_0=0.0037, lat_0=0.0081, r_0=0.3 * PIXEL)
    bigger = EnergyDependent(shape, {"r_0": PowerLawNorm(norm=2.0)})
    found = npred(gaussian_dataset(GEOM, None), source(bigger))
    assert found.sum() == pytest.approx(9.0, rel=1e-5)


def test_what_is_cut_off_is_not_filled_up(gaussian_dataset, source):
    """Half of a source on the border is outside, and so is most of one larger than the map."""
    border, _ = (float(c) for c in GEOM.pix_to_coord(-0.5, 30.0))
    half = Disk(lon_0=border, r_0=5 * PIXEL)
    assert npred(gaussian_dataset(GEOM, None), source(half)).sum() == pytest.approx(4.5, rel=1e-3)
    large = Gaussian(sigma=61 * PIXEL)
    expected = 9.0 * erf(0.5 / np.sqrt(2)) ** 2
    found = npred(gaussian_dataset(GEOM, None), source(large)).sum()
    assert found == pytest.approx(expected, rel=1e-3)


def test_derivatives_are_finite_without_any_width(gaussian_dataset, source):
    """Also where the source is the smallest: its slopes are those of the prediction."""
    counts = np.ones((1, *GEOM.shape))
    dataset = gaussian_dataset(GEOM, None, counts=counts, background=0.1 * counts)
    models = source(Disk(lon_0=0.0037, lat_0=0.0081, r_0=0.0))
    table = Parameters.from_models(models).freeze("*.index")
    objective = make_objective(dataset, models, table)
    found = expand_objective(objective, objective.layout.start)
    assert np.isfinite(found.gradient).all()
    assert np.isfinite(found.hessian).all()
