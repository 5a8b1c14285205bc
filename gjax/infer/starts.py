"""A fit from many starts at once: is there a lower minimum elsewhere?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gjax.dataset.datasets import AnyDataset
from gjax.infer.fit import fit
from gjax.infer.objective import Objective, expand_from_host
from gjax.infer.refit import Refit, map_fits, refit
from gjax.infer.result import FitResult
from gjax.parameters import Parameters
from gjax.predict.options import Folding
from gjax.typing import Array

__all__ = ["LocalMinimum", "MultiStart", "multi_start"]


@dataclass(frozen=True, eq=False)
class LocalMinimum:
    """A minimum that some of the starts led to.

    Parameters
    ----------
    stat :
        Total statistic there.
    values :
        Values of all parameters, shape ``(n,)``.
    starts :
        How many starts led to it.
    """

    stat: float
    values: np.ndarray
    starts: int


@dataclass(frozen=True, eq=False)
class MultiStart:
    """What fits from many starts found.

    Parameters
    ----------
    best :
        The fit at the lowest of all minima.
    minima :
        The distinct minima, lowest first.
    unconverged :
        How many starts did not converge.
    """

    best: FitResult
    minima: tuple[LocalMinimum, ...]
    unconverged: int

    def __str__(self) -> str:
        total = sum(one.starts for one in self.minima) + self.unconverged
        lines = [f"{total} starts, {len(self.minima)} minima, {self.unconverged} not converged"]
        lines += [
            f"  stat {one.stat:.3f} (+{one.stat - self.best.stat:.3f}) from {one.starts} starts"
            for one in self.minima
        ]
        return "\n".join([*lines, str(self.best)])


def multi_start(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    *,
    starts: int = 20,
    spread: float = 3.0,
    seed: int = 0,
    folding: Folding | None = None,
) -> MultiStart:
    """Fit from the given start, and then from random ones around what was found.

    The random starts are normal around the first fit and within the bounds, with ``spread`` times
    the errors that each parameter has with the others fixed or free, whichever is larger. They are
    fitted as one compiled function, small problems many at once. If one ends lower, it is fitted as
    usual from there.

    Parameters
    ----------
    datasets, models, parameters, folding :
        As those of `gjax.fit`.
    starts :
        Number of random starts.
    spread :
        Their scatter, in units of the errors.
    seed :
        Seed of the starts.
    """
    table = Parameters.from_models(models) if parameters is None else parameters
    first = fit(datasets, models, table, folding=folding)
    objective = first.objective
    thetas = _draw(first, starts, spread, seed)
    found = jax.device_get(_refits(objective, thetas))
    good = np.asarray(found.converged)
    lowest = int(np.argmin(np.where(good, found.stat, np.inf))) if good.any() else 0
    best = first
    if good.any() and found.stat[lowest] < first.stat - _SAME:
        values = np.asarray(objective.layout.all_values(found.theta[lowest]))
        again = fit(datasets, models, dataclasses.replace(table, values=values), folding=folding)
        best = again if again.stat < first.stat else first
    return MultiStart(best, _distinct(objective, found, good, first), int((~good).sum()))


#: Minima whose statistics differ by less than this are the same.
_SAME = 1e-2


def _draw(first: FitResult, starts: int, spread: float, seed: int) -> np.ndarray:
    """Draw starts around a fit, within the bounds."""
    layout = first.objective.layout
    free = list(first.parameters.free)
    bend = np.diag(expand_from_host(first.objective, first.theta).expected)
    alone = np.sqrt(2.0 / np.where(bend > 0, bend, 2.0))
    errors = np.nan_to_num(first.errors[free] / np.asarray(layout.scale))
    scatter = spread * np.maximum(errors, alone)
    moves = np.random.default_rng(seed).standard_normal((starts, len(free)))
    return np.clip(first.theta + scatter * moves, layout.lower, layout.upper)


@jax.jit
def _refits(objective: Objective, thetas: Array) -> Refit:
    """Fit from every start."""
    kept = jnp.zeros(thetas.shape[1], bool)
    return map_fits(
        lambda theta: refit(objective, theta, kept, tolerance=1e-5, max_evaluations=100),
        thetas,
        objective,
    )


def _distinct(
    objective: Objective, found: Refit, good: np.ndarray, first: FitResult
) -> tuple[LocalMinimum, ...]:
    """Gather the ends of the converged fits (the first fit among them) into distinct minima."""
    order = [i for i in np.argsort(found.stat) if good[i]]
    minima: list[LocalMinimum] = []
    if first.success:
        minima.append(LocalMinimum(first.stat, first.parameters.values, 1))
    for i in order:
        stat = float(found.stat[i])
        same = [j for j, one in enumerate(minima) if abs(one.stat - stat) < _SAME]
        if same:
            minima[same[0]] = dataclasses.replace(
                minima[same[0]], starts=minima[same[0]].starts + 1
            )
        else:
            values = np.asarray(objective.layout.all_values(found.theta[i]))
            minima.append(LocalMinimum(stat, values, 1))
    return tuple(sorted(minima, key=lambda one: one.stat))
