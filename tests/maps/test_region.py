"""Masks of regions."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import CircleSkyRegion, PixCoord, PointSkyRegion, RectanglePixelRegion

from gjax.maps.region import region_mask
from gjax.maps.wcs import WcsGeom

GEOM = WcsGeom.create((83.63, 22.01), 0.05, (3, 2), proj="TAN")
CENTER = SkyCoord(83.63, 22.01, unit="deg")


def test_circle_holds_the_centres_within_its_radius():
    mask = region_mask(GEOM, CircleSkyRegion(CENTER, 0.52 * u.deg))
    np.testing.assert_array_equal(mask, GEOM.separation(83.63, 22.01) < 0.52)
    area = GEOM.solid_angle()[mask].sum()
    assert area == pytest.approx(np.pi * np.radians(0.52) ** 2, rel=0.03)


def test_regions_in_another_frame_and_their_union():
    first = CircleSkyRegion(CENTER.galactic, 0.3 * u.deg)
    second = CircleSkyRegion(SkyCoord(84.4, 22.3, unit="deg"), 0.2 * u.deg)
    both = region_mask(GEOM, [first, second])
    np.testing.assert_array_equal(both, region_mask(GEOM, first) | region_mask(GEOM, second))
    assert region_mask(GEOM, second).any()
    np.testing.assert_array_equal(region_mask(GEOM, [first, second], inside=False), ~both)


def test_point_marks_one_pixel():
    mask = region_mask(GEOM, PointSkyRegion(SkyCoord(83.0, 22.5, unit="deg")))
    iy, ix = np.nonzero(mask)
    assert (ix, iy) == GEOM.coord_to_idx(83.0, 22.5)
    assert not region_mask(GEOM, PointSkyRegion(SkyCoord(0, 0, unit="deg"))).any()


def test_text_and_pixels():
    text = region_mask(GEOM, "icrs;circle(83.63, 22.01, 0.52)")
    np.testing.assert_array_equal(text, region_mask(GEOM, CircleSkyRegion(CENTER, 0.52 * u.deg)))
    box = region_mask(GEOM, RectanglePixelRegion(PixCoord(5, 7), 3, 5))
    assert box.sum() == 15
    assert box[5:10, 4:7].all()


def test_no_region_marks_nothing():
    assert not region_mask(GEOM, []).any()


def test_pixels_outside_the_sky_are_in_no_region():
    sky = WcsGeom.create(binsz=10.0, proj="AIT", frame="galactic")
    everything = RectanglePixelRegion(PixCoord(18, 9), 100, 100)
    np.testing.assert_array_equal(region_mask(sky, everything), np.isfinite(sky.coords()[0]))
