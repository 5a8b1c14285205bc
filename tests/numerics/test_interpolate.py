"""Multilinear interpolation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator

from gjax.numerics.interpolate import cut_cell, interpolate_grid

X, Y = np.array([0.0, 1.0, 3.0]), np.array([-1.0, 0.5, 2.0, 2.5])
TABLE = np.random.default_rng(1).normal(size=(3, 4))


@settings(max_examples=30, deadline=None)
@given(st.floats(-3, 6), st.floats(-4, 5))
def test_agrees_with_scipy_inside_and_outside(x, y):
    expected = RegularGridInterpolator((X, Y), TABLE, bounds_error=False, fill_value=None)((x, y))
    assert interpolate_grid(TABLE, [X, Y], [x, y]) == pytest.approx(float(expected), abs=1e-12)


def test_bilinear_function_is_exact_with_trailing_columns():
    def f(x, y):
        return np.stack([1 + 2 * x - y + 3 * x * y, x - y], axis=-1)

    table = f(X[:, None], Y)
    x, y = np.array([[0.2], [2.9]]), np.array([-2.0, 0.0, 3.0])
    result = interpolate_grid(table, [X, Y], [x, y])
    assert result.shape == (2, 3, 2)
    np.testing.assert_allclose(result, f(x, y * np.ones_like(x)), rtol=1e-12)


def test_without_extrapolation_the_outer_value_holds():
    result = interpolate_grid(TABLE, [X, Y], [[-5.0, 9.0], [-5.0, 9.0]], extrapolate=False)
    np.testing.assert_array_equal(result, [TABLE[0, 0], TABLE[-1, -1]])


def test_axis_of_length_one_is_constant():
    result = interpolate_grid(TABLE[:, :1], [X, Y[:1]], [[0.5, 2.0], [-7.0, 99.0]])
    np.testing.assert_allclose(result, np.interp([0.5, 2.0], X, TABLE[:, 0]))


def test_not_a_number_stays_so_also_on_an_axis_of_length_one():
    assert np.isnan(interpolate_grid(TABLE[:, :1], [X, Y[:1]], [0.5, np.nan]))


def test_gradient_of_value_and_point():
    def f(table, x):
        return interpolate_grid(table, [X, Y], [x, jnp.array(0.5)])

    by_table, by_x = jax.grad(f, argnums=(0, 1))(jnp.array(TABLE), 2.0)
    assert by_x == pytest.approx((TABLE[2, 1] - TABLE[1, 1]) / 2)
    np.testing.assert_allclose(by_table[:, 1], [0, 0.5, 0.5])
    np.testing.assert_allclose(jax.jit(f)(jnp.array(TABLE), 2.0), f(TABLE, 2.0))


@pytest.mark.parametrize(("nodes", "points"), [([X], [0.0, 0.0]), ([Y, X], [0.0, 0.0])])
def test_axes_that_disagree_are_told(nodes, points):
    with pytest.raises(ValueError, match=r"axes of nodes|nodes, but the table"):
        interpolate_grid(TABLE, nodes, points)


@pytest.mark.parametrize("point", [-1.0, 0.0, 0.7, 2.0, 9.0])
def test_a_cell_is_as_good_as_the_table(point):
    nodes, columns = np.array([0.0, 0.5, 2.0, 3.0]), np.array([1.0, 4.0])
    values = np.arange(8.0).reshape(4, 2) ** 2
    expected = interpolate_grid(values, [nodes], [np.array(point)])
    part, near = cut_cell(values, nodes, point)
    assert part.shape == (2, 2)
    np.testing.assert_allclose(interpolate_grid(part, [near], [np.array(point)]), expected)
    turned, near = cut_cell(values.T, nodes, point, axis=1)
    np.testing.assert_array_equal(turned, part.T)
    whole, near = cut_cell(values, columns[:1], point, axis=1)
    assert whole.shape == (4, 2)
    assert len(near) == 1
