"""Diagnostics on chains whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.diagnostics import ess_bulk, ess_tail, r_hat


def autoregressive(rho: float, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Draw chains with the autocorrelation ``rho ** lag``."""
    noise = np.random.default_rng(seed).normal(size=shape)
    chain = noise.copy()
    for i in range(1, shape[1]):
        chain[:, i] = rho * chain[:, i - 1] + np.sqrt(1 - rho**2) * noise[:, i]
    return chain


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_effective_number_of_an_autoregression(rho):
    """The mean of n such draws is as good as that of ``n (1 - rho) / (1 + rho)``."""
    chains = autoregressive(rho, (4, 20000))
    assert ess_bulk(chains) == pytest.approx(80000 * (1 - rho) / (1 + rho), rel=0.15)
    assert r_hat(chains) == pytest.approx(1.0, abs=0.003)


def test_alternating_draws_are_worth_more():
    chains = autoregressive(-0.5, (4, 5000))
    assert ess_bulk(chains) == pytest.approx(3 * 20000, rel=0.1)


def test_independent_tails():
    draws = np.random.default_rng(1).standard_cauchy((4, 5000))
    assert ess_tail(draws) == pytest.approx(20000, rel=0.1)
    assert ess_bulk(draws) == pytest.approx(20000, rel=0.1)


def test_r_hat_sees_shift_drift_and_width():
    draws = np.random.default_rng(2).normal(size=(4, 1000))
    shift = draws + np.array([0.0, 0.0, 0.0, 0.5])[:, None]
    drift = draws + np.linspace(0, 1, 1000)
    width = draws * np.array([1.0, 1.0, 1.0, 2.0])[:, None]
    assert r_hat(draws) < 1.005
    assert min(r_hat(shift), r_hat(drift), r_hat(width)) > 1.01


def test_r_hat_of_a_known_shift():
    """Half of the chains shifted by s: the variance between is s^2 / 4 (within one)."""
    draws = np.random.default_rng(3).normal(size=(40, 4000))
    shifted = draws + np.where(np.arange(40) < 20, 0.0, 0.6)[:, None]
    assert r_hat(shifted) == pytest.approx(np.sqrt(1 + 0.6**2 / 4), abs=0.005)


def test_draws_without_a_diagnosis():
    assert np.isnan(r_hat(np.ones((4, 100))))
    assert np.isnan(ess_bulk(np.ones((4, 100))))
    assert np.isnan(r_hat(np.zeros((2, 3))))


def test_as_arviz():
    arviz = pytest.importorskip("arviz", reason="the extra arviz is not installed")
    chains = autoregressive(0.7, (4, 500)) ** 3
    assert ess_bulk(chains) == pytest.approx(float(arviz.ess(chains, method="bulk")), rel=0.01)
    assert ess_tail(chains) == pytest.approx(float(arviz.ess(chains, method="tail")), rel=0.02)
    assert r_hat(chains) == pytest.approx(float(arviz.rhat(chains, method="rank")), abs=1e-6)
