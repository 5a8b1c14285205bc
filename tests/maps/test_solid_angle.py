"""Solid angles against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.maps.solid_angle import quadrilateral_solid_angle
from gjax.maps.wcs import WcsGeom


def mesh(lon, lat):
    return np.meshgrid(lon, lat)


def test_the_mesh_of_the_whole_sphere_has_four_pi():
    total = quadrilateral_solid_angle(
        *mesh(np.linspace(0, 360, 37), np.linspace(-90, 90, 19))
    ).sum()
    assert total == pytest.approx(4 * np.pi, rel=1e-13)


def test_octant():
    lon, lat = np.array([[0.0, 45.0, 90.0]]), np.array([[0.0], [90.0]])
    lon, lat = np.broadcast_arrays(lon, lat)
    assert quadrilateral_solid_angle(lon, lat).sum() == pytest.approx(np.pi / 2, rel=1e-14)


@pytest.mark.parametrize("size", [1e-4, 0.02, 0.2])
@pytest.mark.parametrize("lat", [0.0, -60.0, 85.0])
def test_small_pixels_keep_their_digits(size, lat):
    value = quadrilateral_solid_angle(*mesh([10.0, 10.0 + size], [lat, lat + size]))
    # Between parallels the cell is bounded by small circles: they agree up to (size)^2.
    between = np.radians(size) * (np.sin(np.radians(lat + size)) - np.sin(np.radians(lat)))
    assert value.item() == pytest.approx(between, rel=2 * np.radians(size) ** 2 + 3e-9)


def test_corner_outside_the_sky():
    lon, lat = mesh([0.0, 1.0, 2.0], [0.0, 1.0])
    lon = lon.copy()
    lon[0, 2] = np.nan
    np.testing.assert_array_equal(np.isnan(quadrilateral_solid_angle(lon, lat)), [[False, True]])


def test_pixels_of_an_equal_area_projection_are_equal():
    geom = WcsGeom.create((120.0, -30.0), 0.5, npix=(60, 40), proj="ZEA", frame="galactic")
    np.testing.assert_allclose(geom.solid_angle(), np.radians(0.5) ** 2, rtol=2e-5)
