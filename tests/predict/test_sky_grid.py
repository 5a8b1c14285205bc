"""Pixels as unit vectors: directions, solid angles, and the way back to pixels."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from gjax.maps import WcsGeom
from gjax.numerics import vector
from gjax.predict.sky_grid import goes_around, locator, rotation, sky_grid

PAD = 5
GEOM = WcsGeom.create((0.2, 50.0), 0.1, npix=(12, 8), proj="TAN")


def test_directions_are_those_of_the_geometry():
    grid = sky_grid(GEOM, PAD)
    assert grid.center.shape == (3, 8 + 2 * PAD, 12 + 2 * PAD)
    lon, lat = vector.to_lonlat(np.moveaxis(grid.center, 0, -1))
    inner = slice(PAD, -PAD), slice(PAD, -PAD)
    expected = GEOM.coords()
    np.testing.assert_allclose((lon[inner] - expected[0] + 180) % 360, 180.0, atol=1e-10)
    np.testing.assert_allclose(lat[inner], expected[1], atol=1e-10)
    np.testing.assert_array_equal(grid.solid_angle[inner], GEOM.solid_angle())


def test_padding_goes_on_smoothly():
    grid = sky_grid(GEOM, PAD)
    # The pixels of a tangential projection shrink with the distance from the centre, everywhere.
    rows = np.diff(grid.solid_angle[4, :], 2)
    assert (rows < 0).all()
    np.testing.assert_allclose(rows, rows.mean(), rtol=0.05)


def test_steps_lead_to_the_sides_of_a_pixel():
    grid = sky_grid(GEOM, PAD)
    side = grid.center[:, 3, 4] + 0.5 * grid.step_x[:, 3, 4]
    lon, lat = vector.to_lonlat(side)
    x, y = GEOM.coord_to_pix(lon, lat)
    assert (x, y) == (pytest.approx(4 - PAD + 0.5, abs=1e-5), pytest.approx(3 - PAD, abs=1e-5))


def test_nothing_shines_beyond_the_border_if_so_chosen():
    grid = sky_grid(GEOM, PAD, beyond_border=False)
    assert grid.solid_angle[:PAD].sum() == 0.0
    np.testing.assert_array_equal(grid.solid_angle[PAD:-PAD, PAD:-PAD], GEOM.solid_angle())


def test_pixels_without_sky_are_finite_and_empty():
    geom = WcsGeom.create((0.0, 0.0), 20.0, proj="AIT")
    grid = sky_grid(geom, 2)
    for array in (grid.center, grid.step_x, grid.step_y, grid.solid_angle):
        assert np.isfinite(array).all()
    assert (grid.solid_angle == 0).any()
    # Pixels cut by the edge of the sky are lost; the rest adds up to most of the sphere.
    assert 0.5 * 4 * np.pi < grid.solid_angle.sum() < 4 * np.pi


@pytest.mark.parametrize("frames", [("icrs", "galactic"), ("galactic", "icrs"), ("icrs", "icrs")])
def test_rotation_is_that_of_astropy(frames):
    matrix = rotation(*frames)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-14)
    lon, lat = np.array([10.0, 200.0, 359.9]), np.array([-40.0, 5.0, 89.0])
    there = SkyCoord(lon, lat, unit="deg", frame=frames[0]).transform_to(frames[1]).spherical
    found = vector.to_lonlat(vector.from_lonlat(lon, lat) @ matrix.T)
    np.testing.assert_allclose(found[1], there.lat.deg, atol=1e-9)
    np.testing.assert_allclose((found[0] - there.lon.deg + 180) % 360, 180.0, atol=1e-8)


@pytest.mark.parametrize("frame", ["icrs", "galactic"])
def test_locator_is_exact_at_its_reference_and_good_around_it(frame):
    lon, lat = (float(c) for c in GEOM.pix_to_coord(2.3, 5.1))
    if frame == "galactic":
        there = SkyCoord(lon, lat, unit="deg").galactic
        lon, lat = there.l.deg, there.b.deg
    found = locator(GEOM, PAD, lon, lat, frame)
    np.testing.assert_allclose(found.pixel, [2.3 + PAD, 5.1 + PAD], atol=1e-8)
    own = found.rotation @ vector.from_lonlat(lon + 0.1, lat - 0.2)
    pixel = found.pixel + found.inverse @ (own - found.direction)
    exact = np.array(GEOM.coord_to_pix(*vector.to_lonlat(own))) + PAD
    np.testing.assert_allclose(pixel, exact, atol=0.02)


def test_locator_of_a_place_without_pixel():
    found = locator(GEOM, PAD, 180.2, -50.0, "icrs")
    assert (found.pixel < 0).all()
    assert np.isfinite(found.inverse).all()


def test_beyond_the_seam_is_the_other_side():
    whole = WcsGeom.create((0.0, 0.0), 2.0, width=(360.0, 180.0), proj="CAR")
    assert goes_around(whole)
    assert not goes_around(GEOM)
    assert not goes_around(WcsGeom.create((0.0, 0.0), 2.0, width=(350.0, 90.0), proj="CAR"))
    grid = sky_grid(whole, PAD)
    np.testing.assert_allclose(
        grid.center[..., :PAD], grid.center[..., 180 : 180 + PAD], atol=1e-12
    )
    assert (grid.solid_angle[PAD:-PAD, :PAD] > 0).all()


def test_grids_are_kept_up_to_a_size(monkeypatch):
    """The same geometry gives the same grid, unless others of many bytes came between."""
    geoms = [WcsGeom.create((10.0 * i, 0.0), 0.1, npix=(40, 40)) for i in range(3)]
    first = sky_grid(geoms[0], PAD)
    for geom in geoms:
        sky_grid(geom, PAD)
    assert sky_grid(geoms[0], PAD) is first
    size = sum(np.asarray(array).nbytes for array in jax.tree.leaves(first))
    monkeypatch.setattr("gjax.predict.sky_grid._MAX_BYTES", 2 * size)
    last = sky_grid(geoms[2], PAD)
    sky_grid(geoms[1], PAD)
    assert sky_grid(geoms[2], PAD) is last
    assert sky_grid(geoms[0], PAD) is not first
