"""Cutouts inside the grid that they were cut from."""

import numpy as np
import pytest

from gjax.dataset.placement import place
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom


def test_cutout_is_found_where_it_was_cut(geom):
    piece, slices = geom.cutout((11.0, 20.5), (2.0, 1.5))
    where = place(geom, piece)
    assert where.parent == slices
    assert where.child == (slice(0, piece.shape[0]), slice(0, piece.shape[1]))
    for whole, part in zip(geom.coords(), piece.coords(), strict=True):
        np.testing.assert_allclose(whole[where.parent], part[where.child], atol=1e-10)


def test_overlap_of_two_cutouts(geom):
    one, _ = geom.cutout((9.0, 20.0), 3.0)
    other, _ = geom.cutout((10.0, 19.0), 3.0)
    where = place(one, other)
    for ours, theirs in zip(one.coords(), other.coords(), strict=True):
        np.testing.assert_allclose(ours[where.parent], theirs[where.child], atol=1e-10)
    pairs = [
        set(zip(*(np.round(c, 8).ravel() for c in g.coords()), strict=True)) for g in (one, other)
    ]
    assert ours[where.parent].size == len(pairs[0] & pairs[1]) > 0


def test_no_common_pixel_gives_none(geom):
    one, _ = geom.cutout((8.0, 20.0), 1.0)
    other, _ = geom.cutout((12.0, 20.0), 1.0)
    assert place(one, other) is None


@pytest.mark.parametrize(
    ("other", "key"),
    [
        (WcsGeom.create((10.0, 20.0), 0.5, npix=(12, 10), proj="CAR"), "CTYPE"),
        (WcsGeom.create((10.0, 20.0), 0.25, npix=(12, 10), proj="TAN"), "CDELT"),
        (WcsGeom.create((10.1, 20.0), 0.5, npix=(12, 10), proj="TAN"), "CRVAL1"),
        (WcsGeom.create((10.0, 20.0), 0.5, npix=(11, 10), proj="TAN"), "CRPIX1"),
    ],
)
def test_grids_that_are_not_aligned_are_refused(geom, other, key):
    with pytest.raises(ValueError, match=f"not aligned: {key}"):
        place(geom, other)


def test_a_region_fits_into_the_same_region_only():
    circle = RegionGeom.circle(83.63, 22.01, 0.11)
    nearly = RegionGeom.circle(83.63, 22.01 + 1e-7, 0.11)
    assert place(circle, nearly) == ((slice(0, 1),) * 2, (slice(0, 1),) * 2)
    for other in (
        RegionGeom.circle(83.63, 22.01, 0.2),
        RegionGeom.point(83.63, 22.01),
        WcsGeom.create((83.63, 22.01), 0.1, 1.0),
    ):
        with pytest.raises(ValueError, match="regions differ"):
            place(circle, other)
