"""The statistic of measured fluxes: least squares, errors on two sides, limits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.stats.chi2 import Points, chi2, points_stat
from gjax.stats.stat_profile import profile_table


def test_minimum_of_a_linear_problem_is_weighted_least_squares():
    rng = np.random.default_rng(1)
    design = rng.normal(size=(12, 3))
    error = rng.uniform(0.5, 2.0, 12)
    value = design @ np.array([1.0, -2.0, 0.5]) + rng.normal(size=12) * error
    points = Points(value, 1 / error, 1 / error, np.ones(12, bool))

    def stat(theta):
        return jnp.sum(points_stat(points, jnp.asarray(design) @ theta))

    weighted = design / error[:, None]
    best, rest, *_ = np.linalg.lstsq(weighted, value / error, rcond=None)
    assert float(stat(best)) == pytest.approx(rest[0], rel=1e-12)
    np.testing.assert_allclose(jax.grad(stat)(jnp.asarray(best)), 0.0, atol=1e-10)
    covariance = np.linalg.inv(np.asarray(jax.hessian(stat)(jnp.asarray(best))) / 2)
    np.testing.assert_allclose(covariance, np.linalg.inv(weighted.T @ weighted), rtol=1e-10)


def test_predictions_above_are_compared_with_the_error_up():
    low, high = 1 / 2.0, 1 / 0.5
    stat = chi2(10.0, low, high, np.array([8.0, 10.0, 10.5]))
    np.testing.assert_allclose(stat, [1.0, 0.0, 1.0])
    slope = jax.vmap(jax.grad(lambda m: chi2(10.0, low, high, m)))(jnp.array([8.0, 10.0, 10.5]))
    np.testing.assert_allclose(slope, [-1.0, 0.0, 4.0])


def test_value_and_slope_are_continuous_at_the_measurement():
    step = 1e-7
    around = chi2(1.0, 0.2, 5.0, jnp.array([1.0 - step, 1.0, 1.0 + step]))
    np.testing.assert_allclose(around, 0.0, atol=1e-12)


def test_a_weight_of_zero_leaves_a_side_out():
    predicted = jnp.array([-5.0, 0.0, 1.0, 3.0])
    np.testing.assert_allclose(chi2(0.0, 0.0, 2.0, predicted), [0.0, 0.0, 4.0, 36.0])


def test_unused_points_do_no_harm():
    used = np.array([True, False])
    points = Points(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.array([1.0, 0.0]), used)
    predicted = jnp.array([3.0, jnp.inf])
    np.testing.assert_allclose(points_stat(points, predicted), [4.0, 0.0])
    slope = jax.grad(lambda m: jnp.sum(points_stat(points, m)))(predicted)
    np.testing.assert_allclose(slope, [4.0, 0.0])


def test_profiles_replace_errors():
    norm = np.linspace(0.0, 2.0, 9)
    table = profile_table(norm, (norm[None] - 1.0) ** 2 / 0.1**2, [1.0], [0.0])
    one, none = np.ones(1, bool), np.zeros(1)
    points = Points(none, none, none, one, table, np.array([2e-12]))
    np.testing.assert_allclose(points_stat(points, jnp.array([2.2e-12])), [1.0], rtol=1e-9)


def test_arrays_are_compiled_once_and_batched():
    points = Points(np.ones(3), np.ones(3), np.ones(3), np.ones(3, bool))
    predicted = jnp.arange(12.0).reshape(4, 3)
    batched = jax.jit(jax.vmap(points_stat, in_axes=(None, 0)))(points, predicted)
    np.testing.assert_allclose(batched, (predicted - 1) ** 2)
