"""The one-dimensional statistic: by hand in one bin, by scipy in many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from gjax.estimate.norm_profile import find_root, norm_profile


def one_bin(signal: float, background: float, counts: float):
    return norm_profile(*([np.array([value])] for value in (signal, background, counts)))


def many(seed: int, scale: float, n: int = 400):
    rng = np.random.default_rng(seed)
    signal = scale * rng.exponential(size=n) ** 3
    signal[rng.random(n) < 0.3] = 0.0
    background = rng.exponential(0.3, size=n)
    counts = rng.poisson(0.7 * signal + background).astype(float)
    return signal, background, counts


def by_hand(x: float, signal, background, counts) -> float:
    mu = np.maximum(x * signal + background, 0)
    return 2 * np.sum(mu - counts * np.log(np.maximum(mu, 1e-25)))


@pytest.mark.parametrize("counts", [25.0, 4.0, 1.0])
def test_one_bin(counts):
    profile = one_bin(10.0, 4.0, counts)
    best = profile.best_fit()
    # The prediction meets the counts; the error of a count is its root.
    np.testing.assert_allclose(best, (counts - 4.0) / 10.0, atol=1e-12)
    np.testing.assert_allclose(profile.error(best, 1.0), np.sqrt(counts) / 10.0)
    np.testing.assert_allclose(profile.error(best, 9.0), 3 * np.sqrt(counts) / 10.0)
    ts = profile.stat(np.zeros(1)) - profile.stat(best)
    np.testing.assert_allclose(ts, 2 * (4.0 - counts + counts * np.log(counts / 4.0)), atol=1e-9)


def test_without_counts_the_source_takes_the_background_away():
    # The case of a counter: mu = b + s; best s = -b, limit where 2 mu = n_sigma**2.
    profile = one_bin(10.0, 0.5, 0.0)
    best = profile.best_fit()
    np.testing.assert_allclose(best, -0.05)
    np.testing.assert_allclose(profile.stat(best), 0.0, atol=1e-15)
    assert profile.curvature(best) == 0
    np.testing.assert_allclose(profile.upper_limit(best, 4.0), (2.0 - 0.5) / 10.0)
    assert np.isnan(profile.lower_limit(best, 1.0)).all()
    np.testing.assert_allclose(profile.error(best, 1.0), 0.5 / 10.0)


def test_without_background_and_counts_the_limit_is_two_counts():
    profile = one_bin(5.0, 0.0, 0.0)
    np.testing.assert_array_equal(profile.best_fit(), 0.0)
    np.testing.assert_allclose(profile.upper_limit(np.zeros(1), 4.0), 2.0 / 5.0)


def test_without_background_the_norm_stays_positive():
    profile = one_bin(5.0, 0.0, 3.0)
    best = profile.best_fit()
    np.testing.assert_allclose(best, 0.6)
    low = profile.lower_limit(best, 1.0)
    assert 0 < low < best
    np.testing.assert_allclose(profile.stat(low) - profile.stat(best), 1.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 3.0))
def test_limits_are_those_of_brentq(seed, scale):
    arrays = many(seed, scale)
    profile = norm_profile(*([array] for array in arrays))
    (best,), (end,) = profile.best_fit(), profile.lower_end()
    lowest = by_hand(best, *arrays)
    np.testing.assert_allclose(profile.stat(np.array([best])), lowest, rtol=1e-13)
    found = minimize_scalar(
        by_hand, (end, best + 10), args=arrays, bounds=(end, best + 10), method="bounded"
    )
    assert lowest <= found.fun + 1e-10

    def rise(x: float, wanted: float) -> float:
        return by_hand(x, *arrays) - lowest - wanted

    for n_sigma in (1, 2, 5):
        (limit,) = profile.upper_limit(np.array([best]), n_sigma**2)
        expected = brentq(rise, best, best + 1e4, args=(n_sigma**2,), xtol=1e-14, rtol=1e-13)
        assert limit == pytest.approx(expected, rel=1e-7, abs=1e-9)
        (low,) = profile.lower_limit(np.array([best]), n_sigma**2)
        if rise(end, n_sigma**2) > 0:
            expected = brentq(rise, end, best, args=(n_sigma**2,), xtol=1e-14, rtol=1e-13)
            assert low == pytest.approx(expected, rel=1e-7, abs=1e-9)
        else:
            assert np.isnan(low)


def test_slope_and_curvature_are_derivatives():
    profile = norm_profile(*([array] for array in many(3, 0.5)))
    for x in (0.2, 1.3):
        at, step = np.array([x]), 1e-5
        difference = (profile.stat(at + step) - profile.stat(at - step)) / (2 * step)
        np.testing.assert_allclose(profile.slope(at), difference, rtol=1e-6, atol=1e-6)
        difference = (profile.slope(at + step) - profile.slope(at - step)) / (2 * step)
        np.testing.assert_allclose(profile.curvature(at), difference, rtol=1e-6)


def test_clipped_bins_are_kinks_that_the_error_knows():
    # Nothing in the core, counts in the tail: the best fit empties the core.
    signal, background = np.array([5.0, 1.0, 0.2]), np.array([0.02, 0.05, 3.0])
    counts = np.array([0.0, 0.0, 2.0])
    profile = norm_profile([signal], [background], [counts])
    best = profile.best_fit()
    found = minimize_scalar(
        by_hand, args=(signal, background, counts), bounds=(-14, 2), method="bounded"
    )
    np.testing.assert_allclose(best, found.x, atol=1e-4)
    assert best < -0.05  # beyond -b / s of the core and the next
    low, high = profile.lower_limit(best, 1.0), profile.upper_limit(best, 1.0)
    np.testing.assert_allclose(profile.error(best, 1.0), (high - low) / 2)


def test_bands_do_not_know_each_other():
    sets = [many(1, 0.5, 50), many(2, 2.0, 300), many(3, 0.1, 10)]
    together = norm_profile(*map(list, zip(*sets, strict=True)))
    best = together.best_fit()
    limits = together.upper_limit(best, 4.0)
    for i, arrays in enumerate(sets):
        alone = norm_profile(*([array] for array in arrays))
        np.testing.assert_allclose(alone.best_fit(), best[i], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(alone.upper_limit(alone.best_fit(), 4.0), limits[i], rtol=1e-9)
        np.testing.assert_allclose(alone.stat(best[[i]]), together.stat(best)[i], rtol=1e-12)


def test_a_band_without_source_is_refused():
    with pytest.raises(ValueError, match="no counts in band 1"):
        norm_profile([np.ones(2), np.zeros(2)], [np.ones(2)] * 2, [np.ones(2)] * 2)


def test_find_root_meets_walls_and_kinks():
    def function(x):
        value = np.array([np.log(x[0]), np.sign(x[1] - 0.3) + x[1], x[2] ** 3 - 1e-9])
        return value, np.array([1 / x[0], 1.0, 3 * x[2] ** 2])

    low, high = np.array([1e-30, -5.0, -1.0]), np.array([1e3, 5.0, 1.0])
    root = find_root(function, low, high, np.array([900.0, 4.0, 0.9]))
    np.testing.assert_allclose(root, [1.0, 0.3, 1e-3], rtol=1e-9)
