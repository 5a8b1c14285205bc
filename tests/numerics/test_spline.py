"""Cubic splines of radial profiles."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline, PchipInterpolator

from gjax.numerics.spline import (
    cubic_coefficients,
    cubic_evaluate,
    cubic_weights,
    monotone_cubic,
)

H = 0.05
NODES = H * np.arange(21)
PROFILES = np.stack([np.exp(-0.5 * (NODES / s) ** 2) for s in (0.3, 0.4)], axis=-1)


def test_passes_through_the_nodes_for_all_columns():
    coefficients = cubic_coefficients(PROFILES, H)
    assert coefficients.shape == (20, 4, 2)
    np.testing.assert_allclose(cubic_evaluate(coefficients, H, NODES), PROFILES, atol=1e-14)


def test_gaussian_between_the_nodes_to_fourth_order():
    r = np.linspace(0, 0.99, 301)
    worst = []
    for n in (20, 40):
        nodes = np.arange(n + 1) / n
        coefficients = cubic_coefficients(np.exp(-0.5 * (nodes / 0.3) ** 2), 1 / n)
        worst.append(
            np.abs(cubic_evaluate(coefficients, 1 / n, r) - np.exp(-0.5 * (r / 0.3) ** 2)).max()
        )
    assert worst[0] < 2e-5
    assert worst[0] / worst[1] > 10


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_value_slope_and_curvature_are_continuous(seed):
    c = cubic_coefficients(np.random.default_rng(seed).normal(size=8), H)
    left, right = c[:-1], c[1:]
    np.testing.assert_allclose(left.sum(1), right[:, 0], atol=1e-9)
    np.testing.assert_allclose(left @ [0, 1, 2, 3], right[:, 1], atol=1e-9)
    np.testing.assert_allclose(left @ [0, 0, 2, 6], 2 * right[:, 2], atol=1e-9)
    assert c[0, 1] == pytest.approx(0, abs=1e-12), "even in r: no slope at zero"


def test_columns_do_not_mix():
    both = cubic_coefficients(PROFILES, H)
    for column in (0, 1):
        alone = cubic_coefficients(PROFILES[:, column], H)
        np.testing.assert_allclose(
            cubic_evaluate(both, H, [0.12, 0.7])[:, column], cubic_evaluate(alone, H, [0.12, 0.7])
        )


def test_zero_beyond_the_last_node():
    coefficients = cubic_coefficients(PROFILES, H)
    assert np.all(cubic_evaluate(coefficients, H, [1.0000001, 3.0, 1e30]) == 0)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_value_and_gradient_are_finite_everywhere(dtype):
    coefficients = jnp.asarray(cubic_coefficients(PROFILES, H), dtype)
    for r in (0.0, 0.05, 0.33, 1.0, 1.1, 1e30):
        slope = jax.jacfwd(lambda r: cubic_evaluate(coefficients, H, r))(jnp.asarray(r, dtype))
        assert np.all(np.isfinite(slope))
        back = jax.jacrev(lambda r: cubic_evaluate(coefficients, H, r))(jnp.asarray(r, dtype))
        np.testing.assert_allclose(back, slope, rtol=1e-5)


def test_gradient_is_the_derivative_of_the_profile():
    coefficients = jnp.asarray(cubic_coefficients(PROFILES[:, 0], H))
    r = 0.313
    slope = jax.grad(lambda r: cubic_evaluate(coefficients, H, r))(r)
    assert slope == pytest.approx(-r / 0.09 * np.exp(-0.5 * r**2 / 0.09), rel=1e-3)


@pytest.mark.parametrize(("values", "spacing"), [(np.ones(3), 0.1), (np.ones(9), 0.0)])
def test_impossible_grids_are_refused(values, spacing):
    with pytest.raises(ValueError, match=r"four nodes|positive"):
        cubic_coefficients(values, spacing)


def test_weights_on_coefficients_are_weighted_values():
    """Values between, at and beyond the nodes, one by one and summed."""
    coefficients = cubic_coefficients(PROFILES, H)
    flat = coefficients.reshape(80, 2)
    r = np.array([[0.0, 0.013, 0.5], [1.0, 0.9999, 1.01]])
    values = np.asarray(cubic_evaluate(coefficients, H, r))
    np.testing.assert_allclose(
        cubic_weights(20, H, r) @ flat, values.reshape(6, 2), rtol=1e-13, atol=1e-15
    )
    weight = np.array([0.5, 2.0, 1.0])
    sums = cubic_weights(20, H, r, weight, np.array([[1], [0]])) @ flat
    expected = (values * weight[:, None]).sum(axis=1)[::-1]
    np.testing.assert_allclose(sums, expected, rtol=1e-13)


@pytest.mark.parametrize("left", ["clamped", "natural", "not-a-knot"])
@pytest.mark.parametrize("right", ["clamped", "natural", "not-a-knot"])
@pytest.mark.parametrize("n", [4, 5, 30])
def test_same_spline_as_that_of_scipy(left, right, n):
    values = np.random.default_rng(n).normal(size=(n, 2, 3))
    known = CubicSpline(np.arange(n), values, bc_type=(left, right)).c
    found = cubic_coefficients(values, H, left=left, right=right)
    np.testing.assert_allclose(found, np.moveaxis(known[::-1], 0, 1), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 12))
def test_same_monotone_cubic_as_that_of_scipy(seed, n):
    """Also where values are equal, turn, or end steeply, and outside."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.1, 2.0, n))
    values = np.cumsum(rng.choice([-1.0, 0.0, 1.0, 5.0], size=(n, 4)), axis=0)
    at = np.concatenate([np.linspace(x[0] - 0.3, x[-1] + 0.3, 57), x])
    known = PchipInterpolator(x, values, axis=0, extrapolate=True)(at)
    np.testing.assert_allclose(monotone_cubic(x, values, at), known, atol=1e-11)


def test_a_monotone_cubic_does_not_overshoot():
    x, at = np.arange(6.0), np.linspace(0.0, 5.0, 501)
    found = monotone_cubic(x, np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), at)
    assert found.min() == 0.0
    assert found.max() == pytest.approx(1.0, abs=1e-15)
    assert (np.diff(found) >= -1e-15).all()


def test_a_tail_that_vanishes_gives_no_warning():
    values = np.array([1.0, 1e-6, 2e-308, 0.0])
    found = monotone_cubic(np.arange(4.0) * 100.0, values, np.array([150.0, 250.0]))
    assert np.isfinite(found).all()
    assert (found >= 0).all()
