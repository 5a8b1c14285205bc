"""The Cash statistic is twice the negative Poisson log-likelihood, up to a term of the counts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from scipy.stats import norm, poisson

from gjax.stats.cash import NPRED_FLOOR, cash, cash_rest, deviance_residual

RNG = np.random.default_rng(3)
MU = 10.0 ** RNG.uniform(-6, 3, 500)
jitted_residual = jax.jit(deviance_residual)
COUNTS = RNG.poisson(MU).astype(float)


def test_cash_is_the_poisson_likelihood():
    expected = -2.0 * poisson.logpmf(COUNTS, MU) - 2.0 * gammaln(COUNTS + 1.0)
    np.testing.assert_allclose(cash(COUNTS, MU), expected, rtol=1e-11, atol=1e-9)


def test_cash_has_its_minimum_where_prediction_equals_counts():
    slope = jax.vmap(jax.grad(cash, argnums=1))
    np.testing.assert_allclose(slope(COUNTS, MU), 2.0 * (1.0 - COUNTS / MU), rtol=1e-12)
    np.testing.assert_allclose(slope(MU, MU), 0.0, atol=1e-14)


@pytest.mark.parametrize("npred", [0.0, -1.0, 0.1 * NPRED_FLOOR])
@pytest.mark.parametrize("counts", [0.0, 3.0])
def test_cash_is_finite_and_flat_below_the_floor(counts, npred):
    expected = 2.0 * (NPRED_FLOOR - counts * np.log(NPRED_FLOOR))
    assert float(cash(counts, npred)) == pytest.approx(expected, rel=1e-14)
    assert float(jax.grad(cash, argnums=1)(counts, npred)) == 0.0


def test_cash_accepts_integers_and_broadcasts():
    found = cash(np.arange(3), np.full((2, 1), 2.0))
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found[0], cash(np.arange(3.0), 2.0), rtol=1e-15)


def test_the_rest_is_needed_only_where_there_are_counts():
    some = COUNTS > 0
    assert 0.2 < some.mean() < 0.9
    found = 2.0 * MU.sum() + cash_rest(COUNTS[some], MU[some]).sum()
    np.testing.assert_allclose(found, cash(COUNTS, MU).sum(), rtol=1e-13)


def test_the_rest_ignores_bins_without_counts():
    npred = jnp.asarray([0.0, -2.0, 5.0])
    np.testing.assert_array_equal(cash_rest(np.zeros(3), npred), 0.0)
    slope = jax.grad(lambda mu: cash_rest(np.zeros(3), mu).sum())(npred)
    np.testing.assert_array_equal(slope, 0.0)


def test_the_rest_floors_a_bin_with_counts_and_no_prediction():
    found = cash_rest(np.ones(1), np.zeros(1))[0]
    assert float(found) == pytest.approx(-2.0 * np.log(NPRED_FLOOR), rel=1e-14)


def test_deviance_is_the_likelihood_ratio_to_a_perfect_model():
    saturated = np.where(COUNTS > 0, COUNTS, 1e-300)
    ratio = 2.0 * (poisson.logpmf(COUNTS, saturated) - poisson.logpmf(COUNTS, MU))
    residual = np.asarray(deviance_residual(COUNTS, MU))
    np.testing.assert_allclose(residual**2, ratio, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(np.sign(residual), np.sign(COUNTS - MU))


@pytest.mark.parametrize("sigma", [-2.0, -1.0, 1.0, 2.0])
def test_deviance_residual_is_in_sigma_for_many_counts(sigma):
    mu = 1e6
    assert float(deviance_residual(mu + sigma * np.sqrt(mu), mu)) == pytest.approx(sigma, rel=1e-3)


def test_deviance_residuals_are_normal():
    """Half of them lie within 0.67 sigma, where counts are not few."""
    residual = np.asarray(deviance_residual(np.random.default_rng(1).poisson(50.0, 20_000), 50.0))
    inside = np.abs(residual) < norm.ppf(0.75)
    # Counts are whole numbers: the share within any bound moves in steps of 5%.
    assert inside.mean() == pytest.approx(0.5, abs=0.03)


def test_deviance_residual_without_prediction_or_counts():
    assert float(deviance_residual(0.0, 0.0)) == pytest.approx(0.0, abs=1e-12)
    assert float(deviance_residual(0.0, 2.0)) == pytest.approx(-2.0, rel=1e-14)
    assert np.isfinite(deviance_residual(5.0, 0.0))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.floats(1e-20, 1e7))
def test_deviance_residual_is_finite_everywhere(counts, mu):
    assert np.isfinite(jitted_residual(float(counts), mu))
