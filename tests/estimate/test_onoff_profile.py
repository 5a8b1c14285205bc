"""The on/off statistic of one norm: by hand in one bin, by scipy in many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from gjax.estimate.norm_profile import norm_profile
from gjax.estimate.onoff_profile import expected, onoff_bins, pad


def one_bin(signal, counts, counts_off, alpha, other=0.0):
    values = (signal, other, counts, counts_off, alpha)
    return norm_profile(*([np.array([float(value)])] for value in values))


def by_hand(mu, counts, counts_off, alpha):
    """Minimise over the background with scipy."""

    def stat(background):
        total = 2 * (mu + (1 + alpha) * background - counts - counts_off)
        if counts:
            total -= 2 * counts * np.log((mu + alpha * background) / counts)
        if counts_off:
            total -= 2 * counts_off * np.log(background / counts_off)
        return total

    low = max(0.0, -mu / alpha)
    bounds = (low + 1e-12, low + 50 + counts_off + counts / alpha)
    return minimize_scalar(stat, bounds=bounds, method="bounded", options={"xatol": 1e-12}).fun


@pytest.mark.parametrize("counts", [0.0, 3.0, 40.0])
@pytest.mark.parametrize("counts_off", [0.0, 7.0])
@pytest.mark.parametrize("mu", [-5.0, -0.3, 0.0, 0.4, 25.0])
def test_profiled_background_is_that_of_a_minimiser(counts, counts_off, mu):
    alpha = 0.3
    bins = onoff_bins(*([np.array([x])] for x in (1.0, 0.0, counts, counts_off, alpha)))
    stat = bins.stat(np.array([mu]))
    np.testing.assert_allclose(stat, by_hand(mu, counts, counts_off, alpha), atol=1e-5)
    on, off = expected(*(np.array([x]) for x in (mu, counts, counts_off, alpha)))
    np.testing.assert_allclose(on, mu + alpha * off, atol=1e-12)
    assert on >= 0
    assert off >= 0


def test_one_bin_is_the_formula_of_li_and_ma():
    on, off, alpha = 35.0, 60.0, 0.25
    profile = one_bin(10.0, on, off, alpha)
    best = profile.best_fit()
    np.testing.assert_allclose(best, (on - alpha * off) / 10.0)
    np.testing.assert_allclose(profile.stat(best), 0.0, atol=1e-12)
    # Equation 17 of Li and Ma (1983).
    total = on + off
    ts = 2 * on * np.log((1 + alpha) / alpha * on / total) + 2 * off * np.log(
        (1 + alpha) * off / total
    )
    np.testing.assert_allclose(profile.stat(np.zeros(1)), ts)
    # Equation 5: the variance of the excess.
    np.testing.assert_allclose(profile.error(best, 1.0), np.sqrt(on + alpha**2 * off) / 10.0)


def test_empty_bin():
    alpha = 0.2
    profile = one_bin(4.0, 0.0, 0.0, alpha)
    best = profile.best_fit()
    np.testing.assert_array_equal(best, 0.0)
    # The statistic rises as 2 mu above zero and as -2 mu / alpha below.
    np.testing.assert_allclose(profile.upper_limit(best, 4.0), 2.0 / 4.0)
    np.testing.assert_allclose(profile.lower_limit(best, 4.0), -2.0 * alpha / 4.0)
    np.testing.assert_allclose(profile.error(best, 1.0), 0.5 * (0.5 + 0.5 * alpha) / 4.0)
    np.testing.assert_array_equal(profile.stat(best), 0.0)


def test_no_counts_on_the_source_give_a_negative_excess():
    profile = one_bin(4.0, 0.0, 10.0, 0.2)
    best = profile.best_fit()
    np.testing.assert_allclose(best, -2.0 / 4.0)
    np.testing.assert_allclose(profile.error(best, 1.0), 0.2 * np.sqrt(10.0) / 4.0)
    limit = profile.upper_limit(best, 4.0)
    assert np.isfinite(limit).all()
    np.testing.assert_allclose(profile.stat(limit), 4.0)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), modelled=st.booleans(), strength=st.floats(0.01, 30.0))
def test_many_bins(seed, modelled, strength):
    rng = np.random.default_rng(seed)
    n = 12
    signal = strength * rng.exponential(size=n)
    other = 0.3 * rng.exponential(size=n)
    alpha = rng.uniform(0.05, 1.5, size=n)
    counts = rng.poisson(signal + other + 0.5).astype(float)
    counts_off = rng.poisson(0.5 / alpha).astype(float)
    if modelled:
        alpha[::3] = counts_off[::3] = np.nan
    profile = norm_profile([signal], [other], [counts], [counts_off], [alpha])

    def stat(x):
        return float(profile.stat(np.array([x]))[0])

    best = profile.best_fit()
    bounds = (float(best[0]) - 3.0, float(best[0]) + 3.0)
    if modelled:
        bounds = (max(bounds[0], float(profile.lower_end()[0]) + 1e-9), bounds[1])
    scipy = minimize_scalar(stat, bounds=bounds, method="bounded", options={"xatol": 1e-10})
    assert stat(best[0]) <= scipy.fun + 1e-8
    upper, lower = profile.upper_limit(best, 4.0), profile.lower_limit(best, 4.0)
    assert stat(upper[0]) - stat(best[0]) == pytest.approx(4.0, abs=1e-6)
    if np.isfinite(lower).all():
        assert lower < best
        assert stat(lower[0]) - stat(best[0]) == pytest.approx(4.0, abs=1e-6)
    root = brentq(lambda x: stat(x) - stat(best[0]) - 4.0, float(best[0]), float(best[0]) + 1e5)
    assert upper[0] == pytest.approx(root, rel=1e-6, abs=1e-9)
    # Derivatives, away from minimum and kinks.
    x, step = float(upper[0]), 1e-5 * float(upper[0] - best[0])
    slope = (stat(x + step) - stat(x - step)) / (2 * step)
    assert float(profile.slope(upper)[0]) == pytest.approx(slope, rel=1e-4)
    at = [float(profile.slope(np.array([x + s]))[0]) for s in (step, -step)]
    curvature = (at[0] - at[1]) / (2 * step)
    assert float(profile.curvature(upper)[0]) == pytest.approx(curvature, rel=1e-2, abs=1e-6)


def test_rows_of_different_lengths():
    padded = pad([np.array([1.0]), np.array([2.0, 3.0])], 7.0)
    np.testing.assert_array_equal(padded, [[1.0, 7.0], [2.0, 3.0]])
    signal = [np.array([1.0]), np.array([2.0, 3.0])]
    zeros = [np.zeros(1), np.zeros(2)]
    ones = [np.ones(1), np.ones(2)]
    bins = onoff_bins(signal, zeros, ones, ones, ones)
    alone = onoff_bins(signal[:1], zeros[:1], ones[:1], ones[:1], ones[:1])
    np.testing.assert_allclose(bins.stat(np.array([2.0, 1.0]))[0], alone.stat(np.array([2.0]))[0])
