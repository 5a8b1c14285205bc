"""Unit vectors agree with angles on the sphere, poles and seam included."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.numerics import vector
from gjax.numerics.sphere import separation

separate = jax.jit(vector.chord_to_separation)
quick = settings(deadline=None, max_examples=50)
lon = st.floats(0.0, 359.999)
lat = st.floats(-90.0, 90.0)


@quick
@given(lon, lat, st.floats(0.1, 10.0))
def test_round_trip(lon, lat, length):
    direction = vector.from_lonlat(lon, lat)
    assert np.linalg.norm(direction) == pytest.approx(1.0, rel=1e-14)
    found_lon, found_lat = vector.to_lonlat(length * direction)
    # The polar axis is reached only to rounding; there the longitude means little.
    assert found_lat == pytest.approx(lat, abs=1e-6)
    apart = (found_lon - lon + 180.0) % 360.0 - 180.0
    assert apart * np.cos(np.radians(lat)) == pytest.approx(0.0, abs=1e-11)
    assert 0.0 <= found_lon <= 360.0


def test_axes():
    np.testing.assert_allclose(vector.from_lonlat(0.0, 0.0), [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(vector.from_lonlat(90.0, 0.0), [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(vector.from_lonlat(17.0, 90.0), [0, 0, 1], atol=1e-15)


def test_host_stays_on_the_host():
    assert type(vector.from_lonlat(np.zeros(2), np.zeros(2))) is np.ndarray
    assert isinstance(vector.from_lonlat(jnp.zeros(2), np.zeros(2)), jax.Array)


@quick
@given(lon, lat, lon, lat)
def test_chord_is_the_separation(lon1, lat1, lon2, lat2):
    a, b = vector.from_lonlat(lon1, lat1), vector.from_lonlat(lon2, lat2)
    found, _ = separate(vector.squared_chord(a, b))
    expected = float(separation(lon1, lat1, lon2, lat2))
    # Near the antipode the chord is flat in the angle, and it is cut at 4 - 1e-12.
    assert float(found) == pytest.approx(expected, abs=1e-10 if expected < 179.0 else 2e-4)


@pytest.mark.parametrize("angle", [1e-6, 1e-3, 0.5, 90.0, 179.0])
def test_slope_of_the_separation(angle):
    squared = 4.0 * np.sin(np.radians(angle) / 2.0) ** 2
    found, slope = vector.chord_to_separation(squared)
    assert float(found) == pytest.approx(angle, rel=1e-9)
    # d(angle) / d(4 sin^2(angle / 2)) = 1 / (2 sin(angle)), here in deg.
    expected = np.degrees(1.0) / (2.0 * np.sin(np.radians(angle)))
    assert float(slope) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("squared", [0.0, 4.0])
def test_slope_is_finite_at_the_ends(squared):
    found, slope = vector.chord_to_separation(squared)
    assert np.isfinite([found, slope]).all()
    assert np.isfinite(jax.grad(lambda q: vector.chord_to_separation(q)[0])(squared))


def test_slope_times_an_even_function_has_the_right_limit():
    """The derivative of r^2 with respect to the squared chord tends to the square of a radian."""
    radius, slope = vector.chord_to_separation(0.0)
    assert float(2.0 * radius * slope) == pytest.approx(np.degrees(1.0) ** 2, rel=1e-12)
