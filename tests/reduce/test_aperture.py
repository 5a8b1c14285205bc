"""Which events belong to a region, for point-like responses too."""

import dataclasses

import numpy as np
import pytest

from gjax.events.event_list import EventList
from gjax.irf.rad_max import RadMax
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.numerics.sphere import offset_by
from gjax.reduce.aperture import aperture_radius, check_aperture, in_region, is_points

ENERGY = MapAxis.from_edges([0.1, 1.0, 10.0], "energy", "TeV", "log")
OFFSET = MapAxis.from_edges([0.0, 1.0, 2.0], "offset", "deg")
TABLE = RadMax(Table([[0.3, 0.4], [0.1, 0.2]], (ENERGY, OFFSET), "deg"))
FIXED = RadMax(Table([[0.15]], (ENERGY.squash(), OFFSET.squash()), "deg"))


def with_rad_max(observation, rad_max):
    return dataclasses.replace(observation, rad_max=rad_max)


def test_radius_is_that_of_the_nearest_bin():
    energy = np.array([0.05, 0.11, 0.99, 1.01, 9.9, 11.0])
    np.testing.assert_array_equal(aperture_radius(TABLE, energy, 0.4), [0, 0.3, 0.3, 0.1, 0.1, 0])
    np.testing.assert_array_equal(aperture_radius(TABLE, energy, 1.7), [0, 0.4, 0.4, 0.2, 0.2, 0])
    np.testing.assert_array_equal(aperture_radius(TABLE, energy, 2.5), 0)
    np.testing.assert_array_equal(aperture_radius(FIXED, energy, 5.0), 0.15)


def test_radius_of_a_table_with_one_offset():
    table = RadMax(Table([[0.3], [0.1]], (ENERGY, MapAxis.from_nodes([0.4], "offset")), "deg"))
    np.testing.assert_array_equal(aperture_radius(table, np.array([0.5, 5.0]), 0.7), [0.3, 0.1])


def test_events_within_the_radius_of_their_energy(observation, truth):
    away = np.array([0.05, 0.15, 0.25, 0.35])
    lon, lat = offset_by(truth.lon, truth.lat, 30.0, away)
    at = RegionGeom.point(truth.lon, truth.lat)
    for energy, inside in ((0.5, [True, True, True, False]), (5.0, [True, False, False, False])):
        events = EventList(np.full(4, energy), lon, lat, np.zeros(4), np.arange(4), 53343.9)
        found = in_region(with_rad_max(observation, TABLE), at, events)
        assert found.tolist() == inside
    galactic = RegionGeom.create(at.regions, frame="galactic")
    assert in_region(with_rad_max(observation, TABLE), galactic, events).tolist() == inside


def test_events_in_two_apertures_are_in_the_region(observation, truth):
    one = RegionGeom.point(truth.lon, truth.lat)
    other = RegionGeom.point(truth.lon, truth.lat + 0.05)
    both = RegionGeom((*one.shapes, *other.shapes))
    assert is_points(both)
    point_like = with_rad_max(observation, FIXED)
    found = in_region(point_like, both, observation.events)
    expected = [in_region(point_like, each, observation.events) for each in (one, other)]
    np.testing.assert_array_equal(found, np.any(expected, axis=0))
    assert found.any()


def test_regions_that_do_not_fit_the_response_are_refused(observation):
    point, circle = RegionGeom.point(83.6, 22.0), RegionGeom.circle(83.6, 22.0, 0.15)
    check_aperture(observation, circle)
    check_aperture(with_rad_max(observation, TABLE), point)
    check_aperture(with_rad_max(observation, FIXED), point)
    check_aperture(with_rad_max(observation, FIXED), circle)
    with pytest.raises(ValueError, match=r"observation 7: the region is a point.*no RAD_MAX"):
        check_aperture(observation, point)
    with pytest.raises(ValueError, match="depends on energy; the region must be a point"):
        check_aperture(with_rad_max(observation, TABLE), circle)
    wide = RegionGeom.circle(83.6, 22.0, 0.2)
    with pytest.raises(ValueError, match=r"RAD_MAX of 0.15 deg.*not a circle of radius 0.2 deg"):
        check_aperture(with_rad_max(observation, FIXED), wide)
    box = RegionGeom.create("icrs; box(83.6, 22.0, 0.15, 0.15, 0)")
    with pytest.raises(ValueError, match="not a rectangle"):
        check_aperture(with_rad_max(observation, FIXED), box)
