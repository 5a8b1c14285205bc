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
