"""Likelihood profiles: those of Poisson counts, faint and bright, inside and beyond the scan."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.stats.stat_profile import profile_stat, profile_table

#: Where Gammapy scans by default.
SCAN = np.geomspace(0.2, 5.0, 11)


def poisson(norm, counts, signal, background):
    """Evaluate the Cash statistic of one bin."""
    npred = norm * signal + background
    return 2 * (npred - (counts * np.log(npred) if counts else 0.0))


def best_fit(counts, signal, background):
    """Give the norm of the lowest statistic; without counts, that which predicts nothing."""
    return (counts - background) / signal


def evaluate(table, norms):
    """Evaluate one profile at many norms."""
    return np.asarray(jax.vmap(lambda x: profile_stat(table, x[None])[0])(jnp.asarray(norms)))


@pytest.mark.parametrize(
    ("counts", "signal", "background"),
    [
        (0, 1.0, 0.5),
        (1, 2.0, 3.0),
        (3, 2.0, 0.5),
        (12, 10.0, 5.0),
        (50, 20.0, 60.0),
        (100, 95.0, 3.0),
        (2000, 100.0, 1900.0),
        (10000, 10000.0, 300.0),
    ],
)
def test_profile_of_poisson_counts_is_the_true_one(counts, signal, background):
    best = best_fit(counts, signal, background)
    lowest = poisson(best, counts, signal, background)
    scan = poisson(SCAN, counts, signal, background)
    table = profile_table(SCAN, scan[None], [best], [lowest])
    norms = np.linspace(SCAN[0], SCAN[-1], 501)
    truth = poisson(norms, counts, signal, background) - lowest
    # A linear interpolation of the brightest is wrong by hundreds, a quadratic spline by six.
    assert np.max(np.abs(evaluate(table, norms) - truth) / (1 + truth)) < 5e-4
    np.testing.assert_allclose(evaluate(table, SCAN), scan - lowest, rtol=1e-9, atol=1e-7)


def test_minimum_stays_where_it_is():
    best = best_fit(1000, 950.0, 30.0)
    lowest = poisson(best, 1000, 950.0, 30.0)
    table = profile_table(SCAN, poisson(SCAN, 1000, 950.0, 30.0)[None], [best], [lowest])
    slope = jax.grad(lambda x: profile_stat(table, x[None])[0])
    assert float(slope(jnp.array(best))) == pytest.approx(0.0, abs=1e-9)
    curvature = float(slope(jnp.array(best + 1e-4)) - slope(jnp.array(best - 1e-4))) / 2e-4
    assert curvature == pytest.approx(2 * 950.0**2 / 1000, rel=1e-3)


def test_value_and_slope_are_continuous_across_nodes_and_ends():
    best = best_fit(30, 30.0, 1.0)
    lowest = poisson(best, 30, 30.0, 1.0)
    table = profile_table(SCAN, poisson(SCAN, 30, 30.0, 1.0)[None], [best], [lowest])
    starts = np.unique(table.starts[0])
    slope = jax.grad(lambda x: profile_stat(table, x[None])[0])
    step = 1e-9
    for side in (evaluate, lambda _, x: np.asarray(jax.vmap(slope)(jnp.asarray(x)))):
        below, above = side(table, starts - step), side(table, starts + step)
        np.testing.assert_allclose(below, above, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("counts", [0, 3, 1000])
def test_beyond_the_scan_the_statistic_leads_back(counts):
    signal, background = max(counts, 1) * 1.0, 0.3
    best = best_fit(counts, signal, background)
    scan = poisson(SCAN, counts, signal, background)
    lowest = poisson(best, counts, signal, background) if counts else 0.0
    table = profile_table(SCAN, scan[None], [best], [lowest])
    slope = jax.vmap(jax.grad(lambda x: profile_stat(table, x[None])[0]))
    assert (slope(jnp.array([6.0, 50.0, 1e6])) > 0).all()
    far = slope(jnp.array([-1e6, -1.0]))
    assert np.isfinite(far).all()
    assert (far <= 0).all() if counts else (far >= 0).all()
    # Beyond the scan a bright source's profile is a prediction still, to a tenth.
    outside = np.array([0.1, 6.0])
    truth = poisson(outside, counts, signal, background) - lowest
    np.testing.assert_allclose(evaluate(table, outside), truth, rtol=0.2)


def test_profiles_without_best_fit_count_from_their_lowest_value():
    norm = np.linspace(0.0, 4.0, 9)
    table = profile_table(norm, 7.0 + (norm[None] - 2.0) ** 2)
    np.testing.assert_allclose(evaluate(table, [2.0, 3.0, 6.0]), [0.0, 1.0, 16.0], atol=1e-12)


def test_a_scan_through_the_best_fit_is_used_once():
    norm = np.linspace(0.5, 1.5, 11)
    stat = (norm - 1.0001) ** 2 / 0.01
    table = profile_table(norm, stat[None] + 100.0, [1.0001], [100.0])
    np.testing.assert_allclose(evaluate(table, [1.0, 1.1001]), [1e-6, 1.0], rtol=1e-2, atol=1e-5)


def test_two_minima_are_kept():
    norm = np.linspace(0.1, 4.0, 40)
    stat = 10 * (norm - 1) ** 2 * (norm - 3) ** 2
    table = profile_table(norm, stat[None], [1.0], [0.0])
    np.testing.assert_allclose(evaluate(table, [1.0, 2.0, 3.0]), [0.0, 10.0, 0.0], atol=2e-2)


def test_profiles_that_are_not_there_are_zero():
    scan = np.array([SCAN**2, np.full_like(SCAN, np.nan)])
    table = profile_table(SCAN, scan)
    assert table.is_usable.tolist() == [True, False]
    stat = profile_stat(table, jnp.array([1.0, 1.0]))
    assert float(stat[1]) == 0.0
    none = profile_table(SCAN, scan[1:])
    assert not none.is_usable.any()


def test_gaps_in_a_scan_are_closed():
    scan = (SCAN - 1.0) ** 2
    scan[3] = np.nan
    table = profile_table(SCAN, scan[None], [1.0], [0.0])
    np.testing.assert_allclose(evaluate(table, [SCAN[3]]), (SCAN[3] - 1.0) ** 2, rtol=1e-3)


def test_wrong_arrays_are_refused():
    with pytest.raises(ValueError, match="must increase"):
        profile_table(SCAN[::-1], SCAN[None])
    with pytest.raises(ValueError, match="do not go with norms"):
        profile_table(SCAN[:5], SCAN[None])
