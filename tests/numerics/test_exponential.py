"""Moments of the exponential against quadrature, through zero and for large arguments."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.numerics.exponential import (
    floored_log,
    integrate_power,
    mean_exp,
    raise_power,
    relative_exp2,
    relative_expm1,
)
from gjax.numerics.quadrature import gauss_legendre

POINTS = np.array([-60.0, -3.0, -1.0, -0.99, -0.3, -1e-9, 0.0, 1e-9, 0.3, 0.99, 1.0, 3.0, 60.0])


def moment(weight, u):
    """Integrate weight(t) exp(ut) over the unit interval by Gauss-Legendre in 40 pieces."""
    nodes, weights = gauss_legendre(20)
    edges = np.linspace(0.0, 1.0, 41)
    half = 0.5 * np.diff(edges)[:, None]
    t = edges[:-1, None] + half * (1.0 + nodes)
    return np.sum(half * weights * weight(t) * np.exp(u * t))


@pytest.mark.parametrize(
    ("function", "weight"), [(relative_expm1, np.ones_like), (relative_exp2, lambda t: 1.0 - t)]
)
def test_values_and_derivatives_are_moments(function, weight):
    slope = jax.grad(function)
    for order, derivative in enumerate((function, slope, jax.grad(slope))):
        expected = [moment(lambda t, k=order: weight(t) * t**k, u) for u in POINTS]
        found = jax.jit(jax.vmap(derivative))(POINTS)
        np.testing.assert_allclose(found, expected, rtol=3e-14 if weight is np.ones_like else 1e-12)


def test_mean_of_an_exponential():
    start, stop = np.array([0.0, -800.0, 2.0, 3.0]), np.array([0.0, 5.0, 700.0, 3.0 + 1e-12])
    expected = [1.0, np.exp(5.0) / 805.0, np.exp(700.0) / 698.0, np.exp(3.0)]
    np.testing.assert_allclose(mean_exp(start, stop), expected, rtol=1e-11)
    np.testing.assert_allclose(mean_exp(stop, start), expected, rtol=1e-11)
    for first in (-1e-7, 0.0, 1e-7):
        hessian = jax.hessian(mean_exp, argnums=(0, 1))(first, 0.0)
        np.testing.assert_allclose(hessian, [[1 / 3, 1 / 6], [1 / 6, 1 / 3]], rtol=1e-6)


def test_power_law_integrals():
    low, high = np.array([0.1, 1.0, 2.0]), np.array([1.0, 30.0, 2.0])
    for exponent in (-3.0, -1e-8, 0.0, 1e-3, 2.0):
        found = jax.jit(integrate_power)(low, high, 1.0, exponent)
        if exponent:
            expected = np.array([1.0, 1.0, 0.0]) * (high**exponent - low**exponent) / exponent
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-15)
        else:
            np.testing.assert_allclose(found, np.log(high / low), rtol=1e-15)
    assert np.all(np.isfinite(jax.jacfwd(integrate_power, 3)(jnp.asarray(low), high, 1.0, 0.0)))


def test_logarithm_of_zero_has_no_slope():
    values = np.array([-1.0, 0.0, 1e-310, 1e-3, 5.0])
    found = floored_log(values)
    np.testing.assert_allclose(found[3:], np.log(values[3:]), rtol=1e-15)
    assert np.all(np.asarray(found[:3]) < -708)
    second = jax.vmap(jax.grad(jax.grad(floored_log)))(values)
    np.testing.assert_allclose(second, [0.0, 0.0, 0.0, -1e6, -0.04], rtol=1e-12)


@pytest.mark.parametrize("exponent", [1.0, 2.0, 0.7, -1.5])
def test_powers_and_their_derivatives(exponent):
    """The rules of calculus, also after each other."""
    x = jnp.array([0.3, 1.0, 4.0])
    for order, factor in ((0, 1.0), (1, exponent), (2, exponent * (exponent - 1))):
        function = lambda v: raise_power(v, exponent)  # noqa: E731
        for _ in range(order):
            function = jax.grad(function)
        found = jax.vmap(function)(x)
        np.testing.assert_allclose(found, factor * x ** (exponent - order), rtol=1e-13, atol=1e-15)
    slope = jax.vmap(jax.grad(raise_power, argnums=1), (0, None))(x, exponent)
    np.testing.assert_allclose(slope, x**exponent * np.log(x), rtol=1e-13, atol=1e-15)


def test_powers_of_zero():
    """No cut-off: the slope of x is one, its curvature and the slope of the exponent are none."""
    assert float(jax.grad(raise_power)(0.0, 1.0)) == 1.0
    assert float(jax.grad(jax.grad(raise_power))(0.0, 1.0)) == 0.0
    assert float(jax.grad(raise_power, argnums=1)(0.0, 1.0)) == 0.0
    hessian = jax.hessian(lambda v: raise_power(v[0], v[1]))(jnp.array([0.0, 1.0]))
    assert np.isfinite(hessian).all()
    assert float(raise_power(-2.0, 1.0)) == -2.0
