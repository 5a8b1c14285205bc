"""Compiled fits of some coordinates end where the fit on the host does."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.infer.fit import fit
from gjax.infer.refit import choose_curvature, map_fits, outwards, refit, respond


@pytest.fixture(scope="module")
def compiled():
    return jax.jit(refit)


def test_from_afar_to_the_minimum(spot_fit, compiled):
    objective, theta = spot_fit.objective, spot_fit.theta
    free = jnp.zeros(theta.size, bool)
    found = compiled(objective, theta * jnp.array([1.3, 0.4, 2.0]), free)
    assert found.converged
    assert found.evaluations < 25
    assert float(found.stat) == pytest.approx(spot_fit.stat, abs=1e-6)
    np.testing.assert_allclose(found.theta, theta, rtol=1e-4)


def test_kept_coordinates_stay(spot, spot_truth, spot_table, spot_fit, compiled):
    fixed = fit(spot, spot_truth, spot_table.update({"*.index": 2.4}).freeze("*.index"))
    value = 2.4 / spot_fit.objective.layout.scale[0]
    start = jnp.asarray(spot_fit.theta).at[0].set(value)
    found = compiled(spot_fit.objective, start, jnp.array([True, False, False]))
    assert float(found.theta[0]) == float(value)
    assert float(found.stat) == pytest.approx(fixed.stat, abs=1e-5)
    # The envelope theorem needs the gradient along the others to vanish.
    assert float(jnp.abs(found.gradient[1:]).max()) < 1e-3 * abs(float(found.gradient[0]))


def test_bounds_are_reached_and_left(spot, spot_truth, spot_table, compiled):
    table = spot_table.bound("*.index", min=2.3).update({"*.index": 2.4})
    result = fit(spot, spot_truth, table)
    free = jnp.zeros(3, bool)
    found = compiled(result.objective, result.objective.layout.start, free)
    assert found.converged
    assert float(found.theta[0]) == float(result.objective.layout.lower[0])
    assert float(found.stat) == pytest.approx(result.stat, abs=1e-5)


def test_not_finite_start_is_an_outcome(spot_fit, compiled):
    start = jnp.full(3, jnp.nan)
    found = compiled(spot_fit.objective, start, jnp.zeros(3, bool))
    assert not found.converged
    assert np.isinf(found.stat)


def test_many_at_once(spot_fit):
    objective = spot_fit.objective
    starts = spot_fit.theta * np.random.default_rng(1).uniform(0.7, 1.4, (8, 3))
    kept = jnp.zeros(3, bool)
    run = jax.jit(lambda o, s: map_fits(lambda start: refit(o, start, kept), s, o))
    found = run(objective, starts)
    assert found.converged.all()
    np.testing.assert_allclose(found.stat, spot_fit.stat, atol=1e-6)


def test_linear_response():
    matrix = jnp.array([[4.0, 2.0, 0.0], [2.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    kept = jnp.array([True, False, False])
    # A coordinate without effect stays where it is.
    np.testing.assert_allclose(respond(matrix, kept, jnp.array([3.0, 9.0, 9.0])), [3.0, -2.0, 0.0])


def test_curvature_is_never_that_of_a_saddle():
    saddle, positive = jnp.array([[1.0, 2.0], [2.0, 1.0]]), jnp.eye(2)
    none, one = jnp.array([False, False]), jnp.array([True, False])
    np.testing.assert_array_equal(choose_curvature(saddle, positive, none), positive)
    np.testing.assert_array_equal(choose_curvature(saddle, positive, one), saddle)


def test_outwards():
    lower, upper = jnp.zeros(4), jnp.ones(4)
    theta = jnp.array([0.0, 0.0, 1.0, 0.5])
    gradient = jnp.array([1.0, -1.0, -1.0, 1.0])
    np.testing.assert_array_equal(
        outwards(theta, gradient, lower, upper), [True, False, True, False]
    )
