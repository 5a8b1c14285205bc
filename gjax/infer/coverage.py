r"""How often intervals contain the truth, from simulated experiments.

An interval of 68.27% should contain the true value in 68.27% of all experiments. At a few counts,
and at bounds, it does not: by how much is found here for a problem of one's own. P-values from
simulated experiments are in `gjax.infer.calibrate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from gjax.infer.crossing import Crossing, ray_from, search
from gjax.infer.limits import free_coordinate, put_on_bound
from gjax.infer.objective import Objective
from gjax.infer.refit import Refit, map_fits, outwards, refit, respond
from gjax.infer.result import FitResult
from gjax.infer.toys import Counts, draw_counts, expected_counts, list_all_bins, with_counts
from gjax.parameters import Key, fit_bounds
from gjax.typing import Array, Theta

__all__ = ["Coverage", "Intervals", "check_coverage"]

#: How an interval is made, for people.
_METHODS = {
    "hesse": "symmetric error (Hesse)",
    "profile": "asymmetric errors (profile)",
    "upper limit": "upper limit, one-sided (profile)",
}


@dataclass(frozen=True, eq=False)
class Intervals:
    """The intervals of one kind, one of each simulated experiment.

    Parameters
    ----------
    method :
        ``"hesse"``: the value plus and minus multiples of its error; ``"profile"``: between the
        `gjax.infer.lower_limit` and the `gjax.infer.upper_limit` of two-sided confidence;
        ``"upper limit"``: everything below the one-sided one.
    confidence :
        The probability that the interval claims.
    lower, upper :
        Its ends, shape ``(toy,)``; NaN where there is none: a parameter on its bound has no
        symmetric error.
    truth :
        The true value.
    """

    method: str
    confidence: float
    lower: np.ndarray
    upper: np.ndarray
    truth: float

    @property
    def covers(self) -> np.ndarray:
        """Whether each interval contains the truth, shape ``(toy,)``; false if there is none."""
        return (self.lower <= self.truth) & (self.truth <= self.upper)

    @property
    def coverage(self) -> float:
        """The fraction of the intervals that contain the truth."""
        return float(self.covers.mean())

    @property
    def error(self) -> float:
        """Standard error of `coverage` from the number of toys."""
        return float(np.sqrt(self.coverage * (1 - self.coverage) / self.covers.size))

    @property
    def missing(self) -> float:
        """The fraction of experiments without an interval."""
        return float(np.isnan(self.upper).mean())

    @property
    def width(self) -> float:
        """The median width, or distance of the limit from the truth."""
        start = self.truth if self.method == "upper limit" else self.lower
        width = self.upper - start
        return float(np.median(width[~np.isnan(width)])) if self.missing < 1 else np.nan

    def __str__(self) -> str:
        text = (
            f"{_METHODS[self.method]:32} {self.confidence:8.2%} {self.coverage:8.2%} "
            f"\N{PLUS-MINUS SIGN} {self.error:.2%} {self.width:11.4g}"
        )
        return text + (f"  none in {self.missing:.1%}" if self.missing else "")


@dataclass(frozen=True, eq=False)
class Coverage:
    """Intervals of a parameter in simulated experiments whose truth is known.

    Parameters
    ----------
    name, unit, truth :
        The parameter, its internal unit and its true value.
    best :
        Best fit of each experiment, shape ``(toy,)``.
    intervals :
        Those of each kind. Experiments whose fit did not converge are left out, here and in
        ``best``.
    failed :
        Their number.
    seed :
        Seed of the toys.
    """

    name: str
    unit: str
    truth: float
    best: np.ndarray
    intervals: tuple[Intervals, ...]
    failed: int
    seed: int

    def select(self, method: str, confidence: float) -> Intervals:
        """Give the intervals of one kind.

        Raises
        ------
        KeyError
            If they have not been asked for.
        """
        for found in self.intervals:
            if found.method == method and np.isclose(found.confidence, confidence):
                return found
        raise KeyError(f"no {method!r} intervals of {confidence:.4g}: {list(_METHODS)}")

    @property
    def bias(self) -> float:
        """Mean of the best fits less the truth."""
        return float(self.best.mean() - self.truth)

    def __str__(self) -> str:
        failed = f" ({self.failed} more did not converge)" if self.failed else ""
        lines = [
            f"Coverage of {self.name} = {self.truth:.6g} {self.unit}".rstrip()
            + f" in {self.best.size} toys{failed}, mean bias {self.bias:.3g}",
            f"{'interval':32} {'claimed':>8} {'coverage':>8}         {'width':>11}",
        ]
        return "\n".join(lines + [str(found) for found in self.intervals])


def check_coverage(
    result: FitResult,
    parameter: str | Key,
    *,
    truth: Mapping[Any, Any] | None = None,
    confidence: Sequence[float] = (0.6827, 0.95),
    n_toys: int = 1000,
    seed: int = 0,
) -> Coverage:
    """Simulate experiments and count how often the intervals of a parameter contain the truth.

    Counts (and off counts) are drawn from the models at the truth; each toy is fitted, and its
    intervals are found as `gjax.infer.errors_asymmetric` and `gjax.infer.upper_limit` find them,
    all in one compiled call. Priors stay as they are.

    Parameters
    ----------
    result :
        A fit to data of the kind in question. Its counts are not used, but those off the source are
        the expected ones of on/off data.
    parameter :
        Key or pattern of one free parameter.
    truth :
        True values by key or pattern, Quantities or internal numbers; the best fit for all others.
    confidence :
        Probabilities that the intervals claim.
    n_toys, seed :
        Number of toys and their seed.

    Raises
    ------
    ValueError
        If the parameter was not free, a true value is out of bounds, or there are flux points.

    Examples
    --------
    Are the errors right if the source is only half as bright?::

        print(check_coverage(result, "crab.*.amplitude", truth={"crab.*.amplitude": 2e-12}))
    """
    for one in confidence:
        if not 0.5 < one < 1:
            raise ValueError(f"confidence must be between 0.5 and 1, got {one}")
    k, theta, value = _true_coordinates(result, parameter, truth or {})
    objective = list_all_bins(result.objective)
    expected = jax.jit(expected_counts)(objective, theta)
    # Of each confidence: both ends of the interval, and the one-sided limit.
    two, one = (ndtri([0.5 * (1 + c) for c in confidence]), ndtri(list(confidence)))
    sigmas, sides = np.concatenate([two, two, one]), np.repeat([-1.0, 1.0, 1.0], len(two))
    keys = jax.random.split(jax.random.key(seed), n_toys)
    found = _toys(objective, expected, theta, k, (sigmas**2, sides), keys)
    fits, errors, ends = jax.tree.map(np.asarray, found)
    used, table = fits.converged & np.isfinite(fits.stat), result.parameters
    scale = float(np.asarray(objective.layout.scale)[k])
    position = table.free[k]
    best = fits.theta[used, k] * scale
    minimum, maximum = fit_bounds(table)
    bound = np.where(sides > 0, maximum[position], minimum[position])
    moves = sides * ends.distance[used] * scale
    values = put_on_bound(best[:, None], moves, bound, ends.reached[used])
    lower, upper, limit = np.split(values, 3, axis=1)
    half = errors[used, None] * scale * two
    kinds = []
    for i, claimed in enumerate(confidence):
        ends_of = {
            "hesse": (best - half[:, i], best + half[:, i]),
            "profile": (lower[:, i], upper[:, i]),
            "upper limit": (np.full(best.shape, -np.inf), limit[:, i]),
        }
        kinds += [Intervals(m, claimed, low, high, value) for m, (low, high) in ends_of.items()]
    return Coverage(
        name=table.names[position],
        unit=table.units[position],
        truth=value,
        best=best,
        intervals=tuple(kinds),
        failed=int(n_toys - used.sum()),
        seed=seed,
    )


def _true_coordinates(
    result: FitResult, parameter: str | Key, truth: Mapping[Any, Any]
) -> tuple[int, np.ndarray, float]:
    """Give the coordinate of the parameter, all true coordinates, and its true value."""
    k = free_coordinate(result, parameter)
    table = result.parameters.update(truth)
    values = table.values[list(table.free)]
    minimum, maximum = fit_bounds(table)
    for i, one in zip(table.free, values, strict=True):
        if not minimum[i] <= one <= maximum[i]:
            bounds = f"{minimum[i]:g} to {maximum[i]:g}"
            raise ValueError(f"{table.names[i]}: the truth {one:g} is not within bounds, {bounds}")
    return k, values / np.asarray(result.objective.layout.scale), float(values[k])


@jax.jit
def _toys(
    objective: Objective,
    expected: Counts,
    truth: Theta,
    k: Array,
    ends: tuple[Array, Array],
    keys: Array,
) -> tuple[Refit, Array, Crossing]:
    """Fit toys, and find the error of a coordinate and where its profile has risen."""

    def one(key: Array) -> tuple[Refit, Array, Crossing]:
        toy = with_counts(objective, draw_counts(expected, key))
        fit = refit(toy, truth, jnp.zeros(len(truth), bool))
        return fit, *_intervals(toy, fit, jnp.arange(len(truth)) == k, ends)

    if jax.default_backend() == "cpu":
        # One after the other: a batch takes as long as its slowest search at every step.
        return jax.lax.map(one, keys)
    return map_fits(one, keys, objective)


def _intervals(
    objective: Objective, fit: Refit, kept: Array, ends: tuple[Array, Array]
) -> tuple[Array, Crossing]:
    """Give the symmetric error of the kept coordinate, and the ends of its intervals."""
    bounds = (jnp.asarray(objective.layout.lower), jnp.asarray(objective.layout.upper))
    held = outwards(fit.theta, fit.gradient, *bounds)
    whole = respond(fit.curvature, kept | held, kept.astype(float))
    # The curvature of the profile: the inverse of the element of the covariance.
    bend = 0.5 * whole @ fit.curvature @ whole
    usable = (bend > 0) & ~(kept & held).any()
    error = jnp.where(usable, 1.0 / jnp.sqrt(jnp.where(usable, bend, 1.0)), jnp.nan)
    point = (fit.theta, fit.gradient, fit.curvature, held)

    def end(wanted: tuple[Array, Array]) -> Crossing:
        rise, side = wanted
        ray = ray_from(point, bounds, kept, side * kept, rise)
        return search(objective, fit.theta, fit.stat, ray, rise)

    return error, map_fits(end, ends, objective)
