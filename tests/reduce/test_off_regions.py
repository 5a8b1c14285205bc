"""Where off regions are: geometry, and the same as Gammapy's finders."""

import json
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import CircleSkyRegion, EllipseSkyRegion, RectangleSkyRegion

from gjax.maps.map import Map
from gjax.maps.region import region_mask
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.numerics.sphere import position_angle, separation
from gjax.reduce.off_regions import reflected_regions, wobble_regions

POINTING = (83.2, 22.7)
AT = SkyCoord(83.2, 23.4, unit="deg")
OPTIONS = {
    "default": {},
    "apart": {"min_distance": 0.2 * u.rad, "min_distance_input": 0.5 * u.rad},
    "few": {"max_region_number": 3, "angle_increment": 0.02 * u.rad},
    "coarse": {"binsz": 0.03 * u.deg},
}
SHAPES = {
    "circle": CircleSkyRegion(AT, 0.15 * u.deg),
    "ellipse": EllipseSkyRegion(AT, 0.5 * u.deg, 0.2 * u.deg, 30 * u.deg),
    "rectangle": RectangleSkyRegion(AT, 0.4 * u.deg, 0.2 * u.deg, 20 * u.deg),
}
REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "data" / "onoff.json").read_text()
)["finders"]


@pytest.fixture(scope="module")
def mask():
    geom = WcsGeom.create(POINTING, 0.05, npix=(150, 150), proj="TAN")
    circle = CircleSkyRegion(SkyCoord(83.9, 22.7, unit="deg"), 0.3 * u.deg)
    return Map(region_mask(geom, circle, inside=False), geom)


@pytest.mark.parametrize("key", REFERENCE)
def test_the_same_regions_as_gammapy(key, mask):
    shape, option, *excluded = key.split("/")
    region = RegionGeom.create(SHAPES[shape])
    exclusion = mask if excluded else None
    if option == "wobble":
        found = wobble_regions(region, POINTING, exclusion, n_off_regions=5)
    else:
        found = reflected_regions(region, POINTING, exclusion, **OPTIONS[option])
    values = np.array([one.shapes[0].values for one in found])
    expected = np.array(REFERENCE[key])
    assert values.shape[0] == expected.shape[0]
    np.testing.assert_allclose(values[:, :2], expected[:, :2], atol=1e-9)
    if expected.shape[1] == 3:
        difference = (values[:, 4] - expected[:, 2] + 180) % 360 - 180
        # Gammapy's version of the package `regions` takes north at the centre of the plane.
        np.testing.assert_allclose(difference, 0, atol=5e-3)
        np.testing.assert_array_equal(
            values[:, 2:4], np.tile(region.shapes[0].values[2:4], (len(found), 1))
        )


def test_regions_lie_on_a_circle_apart_from_each_other():
    region = RegionGeom.circle(83.63, 22.01, 0.11)
    pointing = (83.63, 22.51)
    found = reflected_regions(region, pointing)
    centers = np.array([one.center for one in found])
    np.testing.assert_allclose(separation(*pointing, *centers.T), 0.5, rtol=1e-4)
    every = np.vstack([centers, region.center])
    apart = separation(every[:, :1], every[:, 1:], *every.T)
    assert apart[~np.eye(len(every), dtype=bool)].min() > 0.21
    assert {one.shapes[0].values[2] for one in found} == {0.11}


def test_excluded_sky_holds_no_region(mask):
    region = RegionGeom.create(SHAPES["circle"])
    for one in reflected_regions(region, POINTING, mask):
        assert separation(83.9, 22.7, *one.center) > 0.3 + 0.15 - 0.05
    assert len(reflected_regions(region, POINTING, mask)) < len(reflected_regions(region, POINTING))
    everything = Map(np.zeros(mask.geom.shape, bool), mask.geom)
    assert reflected_regions(region, POINTING, everything) == []


def test_mask_need_not_cover_the_field(mask):
    region = RegionGeom.circle(83.2, 24.9, 0.4)
    piece = mask.cutout((83.9, 22.7), 0.8)
    assert reflected_regions(region, POINTING, piece) == reflected_regions(region, POINTING)


def test_no_room_for_a_region_around_the_pointing():
    assert reflected_regions(RegionGeom.circle(*POINTING, 0.2), POINTING) == []


def test_one_wobble_region_is_opposite():
    region = RegionGeom.circle(83.63, 22.01, 0.11)
    (found,) = wobble_regions(region, (83.63, 22.51))
    np.testing.assert_allclose(found.center, (83.63, 23.01), atol=1e-4)


def test_wobble_regions_are_at_equal_angles():
    point = RegionGeom.point(83.63, 22.01)
    found = wobble_regions(point, (83.63, 22.51), n_off_regions=3)
    angles = [float(position_angle(83.63, 22.51, *one.center)) % 360 for one in found]
    np.testing.assert_allclose(np.sort(angles), [0, 90, 270], atol=1e-3)


def test_wobble_regions_that_overlap_are_no_use():
    region = RegionGeom.circle(83.63, 22.01, 0.11)
    assert wobble_regions(region, (83.63, 22.51), n_off_regions=60) == []


def test_points_in_excluded_sky_are_left_out(mask):
    point = RegionGeom.point(83.2, 23.4)
    angles = [one.center for one in wobble_regions(point, POINTING, mask, n_off_regions=3)]
    assert len(angles) == 2


def test_all_shapes_of_a_union_are_turned():
    union = RegionGeom.create([CircleSkyRegion(AT, 0.1 * u.deg), SHAPES["rectangle"]])
    found = wobble_regions(union, POINTING, n_off_regions=2)
    assert [[shape.kind for shape in one.shapes] for one in found] == [["circle", "rectangle"]] * 2


def test_galactic_regions_stay_galactic():
    galactic = RegionGeom.circle(184.56, -5.78, 0.11, "galactic")
    found = reflected_regions(galactic, (184.56, -5.28))
    assert {one.frame for one in found} == {"galactic"}
    assert len(found) == len(reflected_regions(RegionGeom.circle(0, 0, 0.11), (0.0, 0.5)))


def test_impossible_wishes_are_refused():
    circle = RegionGeom.circle(83.63, 22.01, 0.11)
    with pytest.raises(ValueError, match="point has no size"):
        reflected_regions(RegionGeom.point(83.63, 22.01), POINTING)
    with pytest.raises(ValueError, match="angle_increment must be positive"):
        reflected_regions(circle, POINTING, angle_increment=0.0)
    with pytest.raises(ValueError, match="smaller binsz"):
        reflected_regions(RegionGeom.circle(83.63, 22.013, 0.001), POINTING, binsz=0.05)
    with pytest.raises(ValueError, match="at least 1"):
        wobble_regions(circle, POINTING, n_off_regions=0)
