"""Regions as geometries."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import (
    CircleSkyRegion,
    EllipseSkyRegion,
    PolygonSkyRegion,
    RectangleSkyRegion,
)

from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom

CENTER = SkyCoord(83.63, 22.01, unit="deg")
CIRCLE = RegionGeom.circle(83.63, 22.01, 0.11)
SHAPES = [
    EllipseSkyRegion(CENTER, 1 * u.deg, 0.5 * u.deg, 30 * u.deg),
    RectangleSkyRegion(CENTER, 1 * u.deg, 0.5 * u.deg, 30 * u.deg),
    PolygonSkyRegion(SkyCoord([83, 84, 84], [22, 22, 23], unit="deg")),
]
AREAS = [np.pi * 0.5 * 0.25, 0.5, 0.5 * np.cos(np.radians(22.0))]


def test_circle_is_taken_on_the_sphere():
    geom = RegionGeom.circle(10.0, 85.0, 20.0)
    assert geom.contains(190.0, 75.1)
    assert not geom.contains(190.0, 74.9)
    assert geom.solid_angle()[0, 0] == pytest.approx(2 * np.pi * (1 - np.cos(np.radians(20))))
    assert geom.center == (10.0, 85.0)


@pytest.mark.parametrize(("region", "area"), list(zip(SHAPES, AREAS, strict=True)))
def test_shapes_have_their_area(region, area):
    solid_angle = RegionGeom.create(region).solid_angle()[0, 0]
    assert solid_angle == pytest.approx(area * np.radians(1) ** 2, rel=5e-3)


@pytest.mark.parametrize("region", SHAPES)
def test_a_shape_is_the_same_in_another_frame(region):
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(82.5, 85, 5000), rng.uniform(21.5, 23.5, 5000)
    here = RegionGeom.create(region).contains(lon, lat)
    there = RegionGeom.create(region, "galactic").contains(*convert(lon, lat, "icrs", "galactic"))
    assert here.sum() > 300
    assert (here != there).sum() <= 1


def test_annulus_and_union():
    text = "icrs;annulus(83.63,22.01,0.2,0.4)\ncircle(83.63,22.01,0.1)"
    geom = RegionGeom.create(text)
    inside = geom.contains([83.63, 83.63, 83.63, 83.63], [22.05, 22.15, 22.3, 22.5])
    assert inside.tolist() == [True, False, True, False]
    union = CircleSkyRegion(CENTER, 1 * u.deg) | CircleSkyRegion(CENTER.galactic, 0.5 * u.deg)
    assert len(RegionGeom.create(union).shapes) == 2


def test_text_and_hash():
    assert RegionGeom.create(CIRCLE.text) == CIRCLE
    assert hash(RegionGeom.circle(83.63 * u.deg, 22.01 * u.deg, 0.11 * u.deg)) == hash(CIRCLE)


def test_a_point_has_no_area():
    geom = RegionGeom.point(83.63, 22.01)
    assert geom.is_point
    assert geom.solid_angle()[0, 0] == 0
    assert not geom.contains(83.63, 22.01)


def test_image_holds_the_region():
    image = CIRCLE.wcs_geom(0.02, margin=0.1)
    assert image.separation(83.63, 22.01).min() < 1e-9
    assert 2 * 0.21 <= image.shape[0] * 0.02 < 2 * 0.21 + 0.06


def test_wrong_regions():
    with pytest.raises(ValueError, match="unions"):
        RegionGeom.create(CircleSkyRegion(CENTER, 1 * u.deg) & CircleSkyRegion(CENTER, 2 * u.deg))
    with pytest.raises(ValueError, match="cannot be used as a region"):
        RegionGeom.create(object())
    with pytest.raises(ValueError, match="positive sizes"):
        RegionGeom.circle(0, 0, 0)
