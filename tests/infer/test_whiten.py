"""Coordinates in which the posterior is nearly a unit Gaussian."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.infer.objective import make_objective
from gjax.infer.whiten import numpyro_density, values_at, whiten


def test_prior_is_in_the_density(spot, spot_truth, spot_table):
    """Half of the statistic and the logarithm of the prior, in coordinates without bounds."""
    table = spot_table.prior("*.index", dist.Normal(2.0, 0.05))
    objective = make_objective(spot, spot_truth, table)
    theta = np.asarray(objective.layout.start)
    whitened = whiten(objective, theta)
    density = jax.jit(whitened.__class__.log_density)
    np.testing.assert_allclose(whitened.theta(np.zeros(3)), theta, rtol=1e-12)
    z = np.array([0.3, -0.2, 0.1])
    expected = -0.5 * (
        jax.jit(objective.__class__.__call__)(objective, whitened.theta(z))
        - jax.jit(objective.__class__.__call__)(objective, theta)
    )
    found = density(whitened, z) - density(whitened, np.zeros(3))
    assert float(found) == pytest.approx(float(expected), rel=1e-9)


def test_linear_problem_becomes_a_unit_gaussian(linear_fit):
    whitened = whiten(linear_fit.objective, linear_fit.theta)
    z = np.random.default_rng(0).normal(size=(20, 2))
    density = jax.vmap(whitened.log_density)(z) - whitened.log_density(np.zeros(2))
    np.testing.assert_allclose(density, -0.5 * (z**2).sum(axis=1), atol=3e-3)
    values = values_at(jax.device_put(whitened), np.zeros((1, 1, 2)))
    np.testing.assert_allclose(values[0, 0], linear_fit.parameters.values, rtol=1e-6)


def test_density_of_numpyro(linear_fit):
    from numpyro.infer.util import log_density

    whitened = whiten(linear_fit.objective, linear_fit.theta)
    z = np.array([0.5, -1.0])
    found, _ = log_density(numpyro_density, (whitened,), {}, {"z": z})
    assert float(found) == pytest.approx(float(whitened.log_density(z)), rel=1e-12)
