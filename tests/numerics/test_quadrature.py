"""Quadrature against closed forms."""

from __future__ import annotations

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.numerics.quadrature import (
    gauss_legendre,
    integrate_log_energy,
    integrate_loglog,
    segments_loglog,
)


def power_law_integral(index, low, high):
    return (
        np.log(high / low)
        if index == -1
        else (high ** (index + 1) - low ** (index + 1)) / (index + 1)
    )


def test_gauss_legendre_is_exact_to_its_degree():
    nodes, weights = gauss_legendre(4)
    assert (weights * nodes**6).sum() == pytest.approx(2 / 7, rel=1e-14)
    assert (weights * nodes**8).sum() != pytest.approx(2 / 9, rel=1e-4)
    with pytest.raises(ValueError, match="at least one"):
        gauss_legendre(0)


@pytest.mark.parametrize("index", [-4.0, -2.0, -1.0, 0.5])
def test_power_laws_over_a_decade(index):
    edges = np.geomspace(0.1, 100, 4)
    result = integrate_log_energy(lambda e: e**index, edges[:-1], edges[1:], n=8)
    expected = [power_law_integral(index, *pair) for pair in pairwise(edges)]
    np.testing.assert_allclose(result, expected, rtol=1e-7)


def test_integrate_log_energy_is_differentiable_in_its_limits():
    slope = jax.grad(lambda high: integrate_log_energy(lambda e: e**-2.0, 1.0, high))(3.0)
    assert slope == pytest.approx(1 / 9, rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(-6, 4), st.floats(0.01, 10), st.floats(1.001, 100))
def test_power_law_is_exact_between_nodes(index, low, ratio):
    x = np.array([low, low * ratio])
    expected = low ** (index + 1) * (
        np.log(ratio)
        if abs(index + 1) < 1e-9
        else np.expm1((index + 1) * np.log(ratio)) / (index + 1)
    )
    assert integrate_loglog(x, x**index) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 1e-12, 1e-6, 1e-3, 0.009, 0.011])
def test_smooth_through_index_minus_one(shift):
    for index in (-1 - shift, -1 + shift):
        x = np.array([1.0, np.e])
        expected = 1.0 if shift == 0 else np.expm1(index + 1) / (index + 1)
        assert integrate_loglog(x, x**index) == pytest.approx(expected, rel=1e-13)


def test_gradient_at_index_minus_one_and_at_zero():
    x = np.array([1.0, 2.0, 4.0, 8.0])

    def f(y):
        return integrate_loglog(x, y)

    y = jnp.array([1.0, 0.5, 0.0, 0.0])
    gradient = jax.grad(f)(y)
    assert np.all(np.isfinite(gradient))
    assert f(y) == pytest.approx(np.log(2))
    step = 1e-6
    numeric = (f(y.at[1].add(step)) - f(y.at[1].add(-step))) / (2 * step)
    assert gradient[1] == pytest.approx(float(numeric), rel=1e-6)


def test_segments_along_any_axis():
    x = np.array([1.0, 2.0, 5.0])
    y = np.random.default_rng(0).uniform(0, 1, size=(3, 4))
    first = segments_loglog(x, y, axis=0)
    assert first.shape == (2, 4)
    np.testing.assert_allclose(first, segments_loglog(x, y.T).T)
    np.testing.assert_allclose(first.sum(0), integrate_loglog(x, y, axis=0))
