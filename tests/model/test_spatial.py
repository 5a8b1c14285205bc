"""Spatial models: special cases. What holds for every model is in tests/registry."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.stats import norm

from gjax.model.spatial import Disk, Gaussian, Point
from gjax.model.spatial.ellipse import SR_PER_DEG2, from_center, integrate_directions, semi_axes
from gjax.numerics.sphere import offset_by, separation
from gjax.numerics.vector import from_lonlat


def test_gaussian_is_exact_on_the_sphere():
    model = Gaussian(lon_0=40.0, lat_0=-30.0, sigma=20.0)
    lon, lat = np.array([40.0, 70.0, 220.0]), np.array([-30.0, 10.0, 30.0])
    a = 1 - np.cos(np.radians(20.0))
    r = np.radians(separation(40.0, -30.0, lon, lat))
    norm = 1 / (4 * np.pi * a * (1 - np.exp(-1 / a)))
    expected = norm * np.exp(-(1 - np.cos(r)) / (2 * a))
    np.testing.assert_allclose(model(lon, lat), expected, rtol=1e-9)


def test_small_gaussian_is_that_of_the_plane():
    sigma = 0.05
    model = Gaussian(lon_0=10.0, lat_0=80.0, sigma=sigma)
    lon, lat = offset_by(10.0, 80.0, 30.0, np.array([0.0, 0.05, 0.15]))
    plane = np.exp(-0.5 * np.array([0, 1, 9])) / (2 * np.pi * sigma**2 * SR_PER_DEG2)
    np.testing.assert_allclose(model(lon, lat), plane, rtol=1e-5)


@pytest.mark.parametrize("cls", [Gaussian, Disk])
def test_major_axis_points_from_north_through_east(cls):
    size = {"sigma": 0.5} if cls is Gaussian else {"r_0": 0.5, "edge_width": 0.2}
    model = cls(lon_0=120.0, lat_0=60.0, e=0.9, phi=30.0, **size)
    along = model(*offset_by(120.0, 60.0, np.array([30.0, 210.0]), 0.35))
    across = model(*offset_by(120.0, 60.0, np.array([120.0, 300.0]), 0.35))
    np.testing.assert_allclose(along[0], along[1], rtol=1e-9)
    assert float(across[0]) < 0.4 * float(along[0])


def test_phi_turns_by_half_a_circle_into_itself():
    lon, lat = offset_by(10.0, 20.0, np.arange(8) * 45.0, 0.3)
    one, two = (Gaussian(10.0, 20.0, 0.4, 0.8, phi)(lon, lat) for phi in (-70.0, 110.0))
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_disk_is_flat_inside_and_empty_outside():
    model = Disk(r_0=0.5, edge_width=0.01)
    area = 2 * np.pi * (1 - np.cos(np.radians(0.5)))
    assert float(model(0.2, 0.3)) == pytest.approx(1 / area, rel=2e-5)
    assert float(model(0.5, 0.0)) == pytest.approx(0.5 / area, rel=2e-5)
    assert float(model(0.51, 0.0)) < 1e-3 / area


def test_disk_edge_falls_from_95_to_5_percent():
    model = Disk(r_0=1.0, edge_width=0.2)
    inner, outer, center = (float(model(lon, 0.0)) for lon in (0.9, 1.1, 0.0))
    assert inner / center == pytest.approx(0.95, rel=1e-3)
    assert outer / center == pytest.approx(0.05, rel=1e-2)


@pytest.mark.parametrize(("cls", "size"), [(Gaussian, "sigma"), (Disk, "r_0")])
def test_gradient_of_position_vanishes_at_the_centre(cls, size):
    model = cls(lon_0=10.0, lat_0=20.0, **{size: 0.5})
    slope = jax.jit(jax.grad(lambda model: model(10.0, 20.0)))(model)
    peak = float(model(10.0, 20.0))
    assert abs(float(slope.lon_0)) < 1e-9 * peak
    assert abs(float(slope.lat_0)) < 1e-9 * peak


def test_a_point_has_no_density():
    point = Point(lon_0=83.63, lat_0=22.01)
    assert point.is_point
    with pytest.raises(TypeError, match="is_point"):
        point(83.63, 22.01)


def test_radius_by_direction_is_between_the_axes():
    axes = semi_axes(2.0, 0.8)
    assert [float(np.sqrt(x)) for x in axes] == pytest.approx([2.0, 1.2])
    angles = np.array([0.0, 90.0, 45.0, 180.0])
    points = offset_by(50.0, 40.0, angles, 1e-3)
    versine, radius2 = from_center((50.0, 40.0), 0.0, axes, from_lonlat(*points))
    middle = 4 * 1.44 / (0.5 * 4 + 0.5 * 1.44)
    np.testing.assert_allclose(radius2, [4.0, 1.44, middle, 4.0], rtol=1e-6)
    np.testing.assert_allclose(versine, 2 * np.sin(np.radians(0.5e-3)) ** 2, rtol=1e-6)


@pytest.mark.parametrize("e", [0.0, 0.5, 0.99, 0.999999])
def test_directions_of_an_ellipse_give_its_area(e):
    """Half the squared radius integrates to the area, however flat the ellipse."""
    area = integrate_directions(lambda radius2: 0.5 * radius2, semi_axes(3.0, e))
    assert float(area) == pytest.approx(np.pi * 9.0 * np.sqrt(1 - e**2), rel=1e-5)


def test_edge_softened_by_a_cell_is_the_average_of_a_sharp_one():
    """Across a nearly straight edge that is the normal distribution; the integral stays one."""
    model, sigma = Disk(r_0=2.0, edge_width=1e-4), 0.05
    r = np.linspace(0.0, 2.5, 20001)
    soft = np.asarray(model(r, 0.0, resolution=sigma))
    across = soft[[18400, 16000, 15600, 16400]] / soft[0]  # 6 sigma outside, on it, one in, one out
    assert across == pytest.approx([0.0, 0.5, norm.cdf(1.0), norm.cdf(-1.0)], abs=1e-4)
    integral = np.trapezoid(2 * np.pi * np.sin(np.radians(r)) * soft, np.radians(r))
    assert integral == pytest.approx(1.0, abs=1e-5)
