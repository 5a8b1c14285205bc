"""Priors of Gammapy that numpyro lacks."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy.stats import gennorm

from gjax.parameters.distributions import GeneralizedNormal, Weighted

X = np.array([-3.0, -0.4, 0.1, 0.5, 2.0, 8.0])


@pytest.mark.parametrize("eta", [0.2, 0.5, 0.8, 1.0, 2.5])
def test_density_is_that_of_scipy(eta):
    found = GeneralizedNormal(0.3, 1.7, eta).log_prob(X)
    expected = gennorm(beta=1 / eta, loc=0.3, scale=1.7 * np.sqrt(2)).logpdf(X)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_half_is_normal_and_slopes_are_finite():
    general = GeneralizedNormal(0.3, 1.7, 0.5)
    np.testing.assert_allclose(general.log_prob(X), dist.Normal(0.3, 1.7).log_prob(X), rtol=1e-12)
    for eta in (0.3, 0.5, 1.0, 2.0):
        slope = jax.grad(lambda x, eta=eta: GeneralizedNormal(0.3, 1.7, eta).log_prob(x))
        assert np.all(np.isfinite(jax.vmap(slope)(np.append(X, 0.3))))


def test_half_is_curved_at_its_centre():
    """A parameter that only its prior holds would have no minimum otherwise."""

    def bend(prior):
        return float(jax.hessian(prior.log_prob)(0.3))

    assert bend(GeneralizedNormal(0.3, 1.7, 0.5)) == pytest.approx(-1 / 1.7**2, rel=1e-12)
    assert bend(GeneralizedNormal(0.3, 1.7, 0.25)) == 0.0


def test_draws_have_its_moments():
    draws = np.asarray(GeneralizedNormal(1.0, 2.0, 1.0).sample(jax.random.key(1), (40000,)))
    # Laplace with scale sqrt(2) sigma: the standard deviation is twice sigma.
    assert draws.mean() == pytest.approx(1.0, abs=0.08)
    assert draws.std() == pytest.approx(4.0, rel=0.03)


def test_weight_multiplies_the_log_density():
    base = dist.Normal(1.0, 0.5)
    weighted = Weighted(base, 3.0)
    np.testing.assert_allclose(weighted.log_prob(X), 3 * base.log_prob(X))
    assert weighted.support is base.support
    assert weighted.sample(jax.random.key(0), (3,)).shape == (3,)


def test_both_are_trees_of_arrays():
    """Two priors that differ in numbers only share compiled code."""
    one, two = (
        Weighted(GeneralizedNormal(0.0, 1.0), 2.0),
        Weighted(GeneralizedNormal(5.0, 3.0), 1.0),
    )
    assert jax.tree.structure(one) == jax.tree.structure(two)
    assert len(jax.tree.leaves(one)) == 4
    found = jax.jit(lambda prior: prior.log_prob(0.4))(two)
    assert float(found) == pytest.approx(float(two.log_prob(0.4)))
