r"""P-values from simulated experiments, where no asymptotic formula holds.

Test statistics and goodness of fit at few counts, at bounds, and for sources whose position means
nothing without them. The formulas for the other cases are in `gjax.infer.compare`.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.compare import check_nested, p_to_sigma
from gjax.infer.objective import Objective, stat_per_dataset
from gjax.infer.refit import map_fits, refit
from gjax.infer.result import FitResult
from gjax.infer.toys import (
    Counts,
    draw_counts,
    expected_counts,
    list_all_bins,
    observed_counts,
    with_counts,
)
from gjax.typing import Array, Theta

__all__ = ["GoodnessOfFit", "ToyTest", "goodness_of_fit", "toy_test"]


@dataclass(frozen=True, eq=False)
class ToyTest:
    """A test statistic against its distribution in simulated experiments.

    Parameters
    ----------
    ts :
        Observed.
    toys :
        Of each simulated experiment, shape ``(toy,)``.
    converged :
        Whether both fits of each toy converged; others do not count.
    seed :
        Seed of the toys.
    """

    ts: float
    toys: np.ndarray
    converged: np.ndarray
    seed: int

    @property
    def p_value(self) -> float:
        """Fraction of the experiments, the observed one included, with as large a value."""
        return _fraction(self.ts, self.toys[self.converged])

    @property
    def p_error(self) -> float:
        """Standard error of the p-value from the number of toys."""
        return _binomial_error(self.p_value, int(self.converged.sum()))

    @property
    def significance(self) -> float:
        """Standard deviations of a normal distribution with the same one-sided p-value."""
        return p_to_sigma(self.p_value)

    def __str__(self) -> str:
        return (
            f"TS = {self.ts:.2f}: p = {self.p_value:.3g} \N{PLUS-MINUS SIGN} {self.p_error:.1g} "
            f"from {_number(self.converged)}"
        )


@dataclass(frozen=True, eq=False)
class GoodnessOfFit:
    r"""The deviance of the data against that of data simulated from the fit.

    The deviance is :math:`-2 \ln L` less that of a model that predicts every bin exactly. At a few
    counts per bin it is not distributed as chi2, hence the toys; each is fitted again.

    Parameters
    ----------
    deviance :
        Of each dataset by name.
    toys :
        Of each simulated experiment, shape ``(toy, dataset)``.
    converged :
        Whether the fit of each toy converged; others do not count.
    seed :
        Seed of the toys.
    """

    deviance: dict[str, float]
    toys: np.ndarray
    converged: np.ndarray
    seed: int

    @property
    def p_value(self) -> float:
        """Fraction of the experiments with as large a deviance, all datasets together."""
        return _fraction(sum(self.deviance.values()), self.toys[self.converged].sum(axis=1))

    @property
    def p_values(self) -> dict[str, float]:
        """The same for each dataset alone."""
        columns = self.toys[self.converged].T
        pairs = zip(self.deviance.items(), columns, strict=True)
        return {name: _fraction(value, toys) for (name, value), toys in pairs}

    def __str__(self) -> str:
        lines = [
            f"Goodness of fit: p = {self.p_value:.3g} from {_number(self.converged)}, deviance "
            f"{sum(self.deviance.values()):.2f}, expected "
            f"{self.toys[self.converged].sum(axis=1).mean():.2f}"
        ]
        if len(self.deviance) > 1:
            lines += [f"  {name}: p = {p:.3g}" for name, p in self.p_values.items()]
        return "\n".join(lines)


def toy_test(null: FitResult, alternative: FitResult, n_toys: int = 1000, seed: int = 0) -> ToyTest:
    """Calibrate the test statistic of two models with experiments simulated from the null.

    Counts (and off counts) are drawn from the fitted null hypothesis, and both models are fitted to
    each toy, all in one compiled call. The alternative starts from its fit to the data; a source
    that could be anywhere is sought there only.

    Parameters
    ----------
    null, alternative :
        Fits to the same datasets.
    n_toys, seed :
        Number of toys and their seed.

    Raises
    ------
    ValueError
        If the datasets differ, or have flux points.
    """
    check_nested(null, alternative)
    simple, full = list_all_bins(null.objective), list_all_bins(alternative.objective)
    expected = jax.jit(expected_counts)(simple, null.theta)
    start = _common_start(null, alternative)
    keys = jax.random.split(jax.random.key(seed), n_toys)
    ts, converged = _toy_statistics(simple, full, expected, (null.theta, start), keys)
    return ToyTest(
        ts=null.stat - alternative.stat,
        toys=np.maximum(np.asarray(ts), 0.0),
        converged=np.asarray(converged),
        seed=seed,
    )


def goodness_of_fit(result: FitResult, n_toys: int = 1000, seed: int = 0) -> GoodnessOfFit:
    """Compare the deviance of the data with that of toys drawn from the fit and fitted again.

    Parameters
    ----------
    n_toys, seed :
        Number of toys and their seed.

    Raises
    ------
    ValueError
        If there are flux points among the datasets.
    """
    objective = list_all_bins(result.objective)
    expected = jax.jit(expected_counts)(objective, result.theta)
    keys = jax.random.split(jax.random.key(seed), n_toys)
    toys, converged = _toy_deviances(objective, expected, result.theta, keys)
    found = _deviances(objective, observed_counts(objective), result.theta)
    names = objective.prepared.names
    return GoodnessOfFit(
        deviance=dict(zip(names, map(float, found), strict=True)),
        toys=np.asarray(toys),
        converged=np.asarray(converged),
        seed=seed,
    )


@jax.jit
def _toy_statistics(
    null: Objective,
    alternative: Objective,
    expected: Counts,
    starts: tuple[Theta, Theta],
    keys: Array,
) -> tuple[Array, Array]:
    def one(key: Array) -> tuple[Array, Array]:
        counts = draw_counts(expected, key)
        fits = [
            refit(with_counts(objective, counts), start, jnp.zeros(len(start), bool))
            for objective, start in zip((null, alternative), starts, strict=True)
        ]
        return fits[0].stat - fits[1].stat, fits[0].converged & fits[1].converged

    return map_fits(one, keys, alternative)


@jax.jit
def _toy_deviances(
    objective: Objective, expected: Counts, theta: Theta, keys: Array
) -> tuple[Array, Array]:
    def one(key: Array) -> tuple[Array, Array]:
        counts = draw_counts(expected, key)
        toy = with_counts(objective, counts)
        fit = refit(toy, theta, jnp.zeros(len(theta), bool))
        return _deviances(toy, counts, fit.theta), fit.converged

    return map_fits(one, keys, objective)


def _deviances(objective: Objective, counts: Counts, theta: Theta) -> Array:
    """Give the deviance of each dataset; the W statistic is one already."""
    best = [
        jnp.zeros(()) if off is not None else 2.0 * jnp.sum(on - jax.scipy.special.xlogy(on, on))
        for on, off in counts
    ]
    return stat_per_dataset(objective, theta) - jnp.stack(best)


def _common_start(null: FitResult, alternative: FitResult) -> np.ndarray:
    """Give the coordinates of the alternative with the null's values where it has them."""
    here, there = null.parameters, alternative.parameters
    values = there.values.copy()
    for i in here.free:
        if here.keys[i] in there.keys:
            values[there.keys.index(here.keys[i])] = here.values[i]
    return values[list(there.free)] / np.asarray(alternative.objective.layout.scale)


def _fraction(observed: float, toys: np.ndarray) -> float:
    return (1 + int(np.sum(toys >= observed))) / (1 + len(toys))


def _binomial_error(p: float, number: int) -> float:
    return float(np.sqrt(p * (1 - p) / max(number, 1)))


def _number(converged: np.ndarray) -> str:
    failed = int((~converged).sum())
    return f"{converged.sum()} toys" + (f" ({failed} more did not converge)" if failed else "")
