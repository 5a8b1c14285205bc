"""Angles on the sphere, against astropy and at the difficult places."""

from __future__ import annotations

import astropy.units as u
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.numerics import sphere

LON, LAT = st.floats(0, 360), st.floats(-90, 90)
RNG = np.random.default_rng(3)
N = 200
LON1, LON2 = RNG.uniform(0, 360, (2, N))
LAT1, LAT2 = np.degrees(np.arcsin(RNG.uniform(-1, 1, (2, N))))
# Half of the pairs are close, some across lon = 0.
LON1[:20], LON2[:20] = 359.99, 0.02
LON2[20:100] = LON1[20:100] + RNG.normal(0, 0.1, 80)
LAT2[:100] = np.clip(LAT1[:100] + RNG.normal(0, 0.1, 100), -90, 90)
FIRST = SkyCoord(LON1, LAT1, unit="deg")
SECOND = SkyCoord(LON2, LAT2, unit="deg")


def test_separation_and_position_angle_are_those_of_astropy():
    sep = FIRST.separation(SECOND).deg
    np.testing.assert_allclose(
        sphere.separation(LON1, LAT1, LON2, LAT2), sep, rtol=1e-9, atol=1e-12
    )
    angle = FIRST.position_angle(SECOND).deg
    np.testing.assert_allclose(
        sphere.position_angle(LON1, LAT1, LON2, LAT2), angle, rtol=1e-9, atol=1e-9
    )


def test_fov_offsets_are_those_of_astropy():
    offset = SECOND.transform_to(FIRST.skyoffset_frame())
    lon, lat = sphere.fov_offsets(LON1, LAT1, LON2, LAT2)
    np.testing.assert_allclose((lon - offset.lon.deg + 180) % 360, 180, atol=1e-9)
    np.testing.assert_allclose(lat, offset.lat.deg, atol=1e-10)


def test_haversine_of_known_angles():
    assert sphere.haversine(10.0, 0.0, 70.0, 0.0) == pytest.approx(0.25)
    assert sphere.haversine(0.0, 90.0, 123.0, -90.0) == pytest.approx(1.0)


def test_separation_of_tiny_angles_and_of_antipodes_keeps_its_digits():
    assert sphere.separation(83.0, 22.0, 83.0, 22.0 + 1e-9) == pytest.approx(1e-9, rel=1e-5)
    far = sphere.separation(83.0, 22.0, 263.0, -22.0 + 1e-7)
    assert 180 - far == pytest.approx(1e-7, rel=1e-5)
    small = sphere.separation(*(jnp.float32(v) for v in (83.0, 0.0, 83.001, 0.0)))
    assert small.dtype == jnp.float32
    assert small == pytest.approx(float(jnp.float32(83.001) - jnp.float32(83.0)), rel=1e-5)


@pytest.mark.parametrize("name", ["separation", "haversine", "position_angle"])
@pytest.mark.parametrize("position", [(83.0, 22.0), (0.0, 90.0), (10.0, -90.0), (0.0, 0.0)])
def test_gradients_are_finite_at_zero_separation(name, position):
    f = getattr(sphere, name)
    gradient = jax.grad(lambda lon, lat: f(lon, lat, *position), argnums=(0, 1))(*position)
    assert np.all(np.isfinite(gradient))
    antipode = ((position[0] + 180) % 360, -position[1])
    gradient = jax.grad(lambda lon, lat: f(lon, lat, *position), argnums=(0, 1))(*antipode)
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("name", ["tangent_offset", "fov_offsets"])
@pytest.mark.parametrize("lat", [-90.0, 0.0, 45.0, 90.0])
def test_gradients_of_offsets_are_finite(name, lat):
    f = getattr(sphere, name)
    jacobian = jax.jacrev(lambda lon, b: jnp.stack(f(12.0, lat, lon, b)), argnums=(0, 1))(12.0, lat)
    assert np.all(np.isfinite(jacobian))


def test_gradient_across_zero_longitude():
    gradient = jax.grad(lambda lon: sphere.separation(lon, 0.0, 359.9, 0.0))(0.1)
    assert gradient == pytest.approx(1.0)


@settings(max_examples=60, deadline=None)
@given(LON, LAT, st.floats(0, 360), st.floats(1e-6, 179))
def test_offset_by_goes_where_it_is_told(lon, lat, angle, distance):
    lon2, lat2 = sphere.offset_by(lon, lat, angle, distance)
    assert 0 <= lon2 <= 360
    assert sphere.separation(lon, lat, lon2, lat2) == pytest.approx(distance, abs=1e-9)
    expected = SkyCoord(lon * u.deg, lat * u.deg).directional_offset_by(
        angle * u.deg, distance * u.deg
    )
    # astropy takes an arcsine, which near a pole knows the latitude to sqrt(2 eps) = 1.2e-6 deg.
    assert sphere.separation(lon2, lat2, expected.ra.deg, expected.dec.deg) < 2e-6


@settings(max_examples=60, deadline=None)
@given(LON, st.floats(-89, 89), st.floats(0, 360), st.floats(1e-3, 80))
def test_tangent_offset_is_gnomonic(lon, lat, angle, distance):
    lon2, lat2 = sphere.offset_by(lon, lat, angle, distance)
    x, y = sphere.tangent_offset(lon, lat, lon2, lat2)
    radius = np.degrees(np.tan(np.radians(distance)))
    assert x == pytest.approx(radius * np.sin(np.radians(angle)), abs=1e-6 * radius)
    assert y == pytest.approx(radius * np.cos(np.radians(angle)), abs=1e-6 * radius)


def test_the_far_hemisphere_has_no_tangent_offset():
    assert np.all(np.isnan(sphere.tangent_offset(0.0, 0.0, 120.0, 5.0)))


@settings(max_examples=40, deadline=None)
@given(LON, LAT, LON, LAT)
def test_symmetry_and_bounds(lon1, lat1, lon2, lat2):
    there = sphere.separation(lon1, lat1, lon2, lat2)
    assert there == pytest.approx(sphere.separation(lon2, lat2, lon1, lat1), abs=1e-12)
    assert 0 <= there <= 180 + 1e-12
    fov_lon, fov_lat = sphere.fov_offsets(lon1, lat1, lon2, lat2)
    assert sphere.separation(0.0, 0.0, fov_lon, fov_lat) == pytest.approx(there, abs=1e-7)


def test_numpy_and_jax_agree():
    for name in ("separation", "position_angle", "haversine"):
        f = getattr(sphere, name)
        host = f(LON1, LAT1, LON2, LAT2)
        assert isinstance(host, np.ndarray)
        device = jax.jit(f)(LON1, LAT1, LON2, LAT2)
        np.testing.assert_allclose(device, host, rtol=1e-9, atol=1e-12)
