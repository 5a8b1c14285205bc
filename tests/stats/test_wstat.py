"""The W statistic: against its definition as a profile likelihood, and at its corners."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from gjax.stats.wstat import profiled_background, wstat, wstat_rest

COMBINATIONS = np.array(
    list(
        itertools.product(
            [0.0, 1.0, 5.0, 100.0],
            [0.0, 1.0, 7.0, 1000.0],
            [0.01, 0.3, 5.0],
            [-0.5, -0.01, 0.0, 1e-12, 0.5, 3.0, 200.0],
        )
    )
).T


def deviance(counts, counts_off, alpha, signal, off):
    """Twice the Poisson deviance of on and off counts for given off counts."""

    def one(n, mu):
        return mu - n + (n * np.log(n / mu) if n > 0 else 0.0)

    return 2.0 * (one(counts, signal + alpha * off) + one(counts_off, off))


@pytest.mark.parametrize("counts", [0.0, 1.0, 12.0])
@pytest.mark.parametrize("counts_off", [0.0, 3.0, 50.0])
@pytest.mark.parametrize("signal", [0.1, 4.0, 30.0])
def test_it_is_the_profile_likelihood(counts, counts_off, signal):
    alpha = 0.2
    found = minimize_scalar(
        lambda off: deviance(counts, counts_off, alpha, signal, off),
        bounds=(1e-12, counts + 2 * counts_off + 10),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert float(wstat(counts, counts_off, alpha, signal)) == pytest.approx(found.fun, abs=1e-6)
    assert float(profiled_background(counts, counts_off, alpha, signal)) == pytest.approx(
        found.x, abs=1e-4
    )


def test_value_and_derivatives_are_finite_everywhere():
    """Zero counts, zero off counts, zero and negative signal, in all combinations."""
    value = wstat(*COMBINATIONS)
    slopes = jax.vmap(jax.grad(wstat, argnums=(2, 3)))(*COMBINATIONS)
    bends = jax.vmap(jax.hessian(wstat, argnums=(2, 3)))(*COMBINATIONS)
    for leaf in jax.tree.leaves((value, slopes, bends)):
        assert np.isfinite(leaf).all()
    assert (np.asarray(bends[1][1]) >= -1e-9).all(), "convex in the signal"


def test_derivatives_against_differences():
    counts, off, alpha, signal = COMBINATIONS[:, COMBINATIONS[3] >= 0.5]
    slopes = jax.vmap(jax.grad(wstat, argnums=(2, 3)))(counts, off, alpha, signal)
    step = 1e-5

    def difference(change_alpha, change_signal):
        up = wstat(counts, off, alpha * (1 + change_alpha), signal + change_signal)
        down = wstat(counts, off, alpha * (1 - change_alpha), signal - change_signal)
        return np.asarray(up - down)

    by_alpha = difference(step, 0.0) / (2 * step * alpha)
    by_signal = difference(0.0, step) / (2 * step)
    np.testing.assert_allclose(slopes[0], by_alpha, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(slopes[1], by_signal, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("counts_off", [0.0, 3.0])
@pytest.mark.parametrize("signal", [-1.0, -20.0])
def test_slope_of_a_signal_that_empty_bins_forbid(counts_off, signal):
    """Nothing on: the off counts that a negative signal asks for are -signal / alpha."""
    alpha, step = 0.2, 1e-6
    assert float(profiled_background(0.0, counts_off, alpha, signal)) == pytest.approx(5 * -signal)

    def slopes(at_alpha, at_signal):
        return jax.grad(wstat, argnums=(2, 3))(0.0, counts_off, at_alpha, at_signal)

    def difference(at):
        up, down = (float(wstat(0.0, counts_off, *at(d))) for d in (step, -step))
        return (up - down) / (2 * step)

    by_alpha, by_signal = slopes(alpha, signal)
    assert float(by_alpha) == pytest.approx(difference(lambda d: (alpha + d, signal)), rel=1e-6)
    assert float(by_signal) == pytest.approx(difference(lambda d: (alpha, signal + d)), rel=1e-6)
    bends = jax.hessian(wstat, argnums=3)(0.0, counts_off, alpha, signal)
    assert float(bends) == pytest.approx(2 * counts_off / signal**2, rel=1e-9)


def test_second_derivatives_are_those_of_the_slope():
    args = (7.0, 20.0, 0.25)
    slope = jax.grad(wstat, argnums=3)
    bend = jax.grad(slope, argnums=3)(*args, 3.0)
    mixed = jax.grad(slope, argnums=2)(*args, 3.0)
    step = 1e-6
    ends = [float(slope(*args, 3.0 + sign * step)) for sign in (1, -1)]
    assert float(bend) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)
    ends = [float(slope(7.0, 20.0, 0.25 + sign * step, 3.0)) for sign in (1, -1)]
    assert float(mixed) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)


def test_without_counts_the_rest_is_constant():
    """So a sum over many empty bins needs only the total of the signal."""
    rest = wstat_rest(0.0, 12.0, 0.3, np.array([0.0, 1.0, 50.0]))
    np.testing.assert_allclose(rest, 2 * 12.0 * np.log(1.3), rtol=1e-12)


def test_zero_where_the_model_is_perfect():
    assert float(wstat(20.0, 50.0, 0.2, 10.0)) == pytest.approx(0.0, abs=1e-10)
