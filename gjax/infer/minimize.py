r"""Minimisation with exact derivatives: damped Newton steps, projected on the bounds.

The step solves :math:`(H + \lambda D)\,s = -g` with the gradient g, the exact Hessian H and its
diagonal D (Levenberg and Marquardt's damping). Far from the minimum, and where H has a negative
direction, an estimate of the expected Hessian takes the place of H (Fisher scoring): a Newton step
can at most double an amplitude that is too small. Coordinates that sit on a bound with the gradient
pushing outwards are held; a step that would cross a bound ends on it and the others are solved
again. An amplitude that is far from its best value does not change its sign at once: of two sources
that overlap, one would go negative and the other take its place, down a valley without an end.
Where the slope of the statistic jumps from negative to positive (an on/off spectrum without
any counts at a signal of zero), the minimum is that kink: it is recognised by the slopes on both
sides and held like a bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from gjax.infer.objective import Objective, expand_from_host

__all__ = ["FAR", "Minimum", "Point", "Problem", "Status", "finish", "minimize"]

#: Where the statistic may fall by more than this, steps use the expected Hessian.
FAR = 10.0

#: A far step that would turn an amplitude negative leaves this part of it,
_KEPT = 0.1

#: as long as it is not smaller than this part of its start.
_SMALL = 1e-3


class Status(Enum):
    """How a minimisation ended; the value is the message for people."""

    CONVERGED = "converged: the estimated distance to the minimum is below tolerance"
    MAX_EVALUATIONS = "stopped: too many evaluations"
    STALLED = "stopped: no step lowers the statistic, though the gradient is not zero"
    NOT_FINITE = "stopped: the statistic or its gradient is not finite at the start"
    NOT_CONVEX = "stopped at a point where the statistic has no minimum (Hessian not positive)"
    LEFT = "stopped: a source left the data"
    NOTHING_FREE = "nothing to fit: no parameter is free"


@dataclass
class Minimum:
    """Where a minimisation ended.

    Parameters
    ----------
    theta, stat, gradient, hessian :
        Coordinates and statistic with its exact derivatives there.
    edm :
        Estimated distance to the minimum: the drop of the statistic that a Newton step promises.
    held :
        Coordinates on a bound with the gradient pushing outwards, or at a kink.
    at_kink :
        Coordinates at a kink of the statistic: its slope jumps there from negative to positive.
    without_effect :
        Coordinates that do not change the statistic by more than its rounding.
    status :
        How it ended.
    evaluations :
        Evaluations of statistic and gradient.
    trace :
        Statistic after each accepted step.
    """

    theta: np.ndarray
    stat: float
    gradient: np.ndarray
    hessian: np.ndarray
    edm: float
    held: np.ndarray
    status: Status
    evaluations: int
    at_kink: np.ndarray
    without_effect: np.ndarray
    trace: list[float] = field(default_factory=list)


def minimize(
    objective: Objective,
    start: np.ndarray,
    *,
    tolerance: float = 1e-5,
    max_evaluations: int = 200,
    callback: Callable[[int, float], None] | None = None,
    amplitudes: np.ndarray | None = None,
    reach: np.ndarray | None = None,
    watched: np.ndarray | None = None,
) -> Minimum:
    """Minimise the statistic from a start.

    Parameters
    ----------
    tolerance :
        Largest estimated distance to the minimum, in units of the statistic.
    max_evaluations :
        Bound on the evaluations of statistic and gradient.
    callback :
        Called with the number of evaluations and the statistic after each of them.
    amplitudes :
        Which coordinates are amplitudes, whose sign does not change far from the minimum.
    reach :
        The largest step of each coordinate: how far the slopes at a position can be trusted.
    watched :
        Coordinates that end the search where they lose their effect (`Status.LEFT`).
    """
    problem = Problem(objective, callback, max_evaluations)
    if reach is not None:
        problem.reach = reach
    if amplitudes is not None:
        problem.least = np.where(amplitudes & (start > 0), _SMALL * start, np.inf)
    if start.size == 0:
        stat = float(objective(start))
        none = np.zeros((0, 0))
        return Minimum(
            start, stat, start, none, 0.0, start > 0, Status.NOTHING_FREE, 1, start > 0, start > 0
        )
    point = problem.at(np.clip(start, problem.lower, problem.upper))
    if not point.is_finite:
        return problem.end(point, np.nan, Status.NOT_FINITE)
    if watched is not None:
        problem.watched = watched & ~problem.without_effect(point)
    return _descend(problem, point, tolerance)


@dataclass
class Point:
    """A point with its expansion."""

    theta: np.ndarray
    stat: float
    gradient: np.ndarray
    hessian: np.ndarray
    expected: np.ndarray

    @property
    def is_finite(self) -> bool:
        """Whether value and derivatives are numbers."""
        numbers = (self.stat, self.gradient, self.hessian, self.expected)
        return all(bool(np.isfinite(number).all()) for number in numbers)


class Problem:
    """The objective with its bounds, counting evaluations."""

    def __init__(
        self,
        objective: Objective,
        callback: Callable[[int, float], None] | None,
        max_evaluations: int,
    ) -> None:
        self.objective = objective
        self.lower = np.asarray(objective.layout.lower)
        self.upper = np.asarray(objective.layout.upper)
        self.evaluations = 0
        self.max_evaluations = max_evaluations
        self.callback = callback
        self.trace: list[float] = []
        self.at_kink = np.zeros(self.lower.shape, bool)
        self.least = np.full(self.lower.shape, np.inf)
        self.reach = np.full(self.lower.shape, np.inf)
        self.watched = np.zeros(self.lower.shape, bool)

    def at(self, theta: np.ndarray) -> Point:
        """Expand the statistic around a point."""
        found = expand_from_host(self.objective, theta)
        self.evaluations += 1
        arrays = (np.asarray(a) for a in (found.gradient, found.hessian, found.expected))
        point = Point(theta, float(found.stat), *arrays)
        if self.callback is not None:
            self.callback(self.evaluations, point.stat)
        return point

    def held(self, point: Point) -> np.ndarray:
        """Tell which coordinates sit on a bound and are pushed outwards, or at a kink."""
        below = (point.theta <= self.lower) & (point.gradient > 0)
        above = (point.theta >= self.upper) & (point.gradient < 0)
        return below | above | self.at_kink

    def without_effect(self, point: Point) -> np.ndarray:
        """Tell which coordinates change the statistic by rounding at most over their range."""
        if not np.isfinite(point.stat):
            return np.zeros(point.theta.shape, bool)
        span = np.minimum(self.upper - self.lower, 1e3)
        rounding = 1e-12 * max(abs(point.stat), 1.0)
        # A source that is held at zero takes the effect of its other parameters away.
        bend = np.abs(point.hessian[:, ~self.held(point)]).max(axis=1, initial=0.0)
        return (np.abs(point.gradient) * span < rounding) & (bend * span**2 < rounding)

    def alone(self, point: Point) -> np.ndarray:
        """Tell which coordinates have no effect, whatever value those on a bound had.

        The others have one where the held ones are let go, as the spectral index of a source whose
        amplitude is on its bound of zero: such a point may well be a minimum.
        """
        held, idle = self.held(point), self.without_effect(point)
        if not (idle & ~held).any() or not held.any():
            return idle & ~held
        diagonal = np.diag(point.hessian)[held]
        move = np.sqrt(2.0 / np.where(diagonal > 0, diagonal, 2.0))
        span = np.minimum(self.upper - self.lower, 1e3)
        mixed = (np.abs(point.hessian[:, held]) * move).max(axis=1) * span
        return idle & ~held & (mixed < 1e-12 * max(abs(point.stat), 1.0))

    def step(self, point: Point, matrix: np.ndarray, far: bool = False) -> np.ndarray:
        """Solve ``matrix s = -g``, ending on the bounds that the step would cross.

        So does a step that is too long, and a far one where an amplitude would turn negative.
        """
        low = np.maximum(self.lower, point.theta - self.reach)
        high = np.minimum(self.upper, point.theta + self.reach)
        held = self.held(point) | self.without_effect(point)
        target = point.theta.copy()
        signed = far & (point.theta > self.least)
        for _ in range(point.theta.size):
            free = ~held
            rhs = -point.gradient[free] - matrix[np.ix_(free, held)] @ (target - point.theta)[held]
            target[free] = point.theta[free] + np.linalg.solve(matrix[np.ix_(free, free)], rhs)
            turned = free & signed & (target < 0)
            crossed = free & ((target < low) | (target > high)) | turned
            if not crossed.any():
                break
            target = np.clip(np.where(turned, _KEPT * point.theta, target), low, high)
            held = held | crossed
        return np.clip(target, low, high)

    def end(self, point: Point, edm: float, status: Status) -> Minimum:
        """Say how it ended."""
        return Minimum(
            theta=point.theta,
            stat=point.stat,
            gradient=point.gradient,
            hessian=point.hessian,
            edm=edm,
            held=self.held(point),
            status=status,
            evaluations=self.evaluations,
            at_kink=self.at_kink,
            without_effect=self.without_effect(point),
            trace=self.trace,
        )


def finish(problem: Problem, theta: np.ndarray, tolerance: float) -> Minimum:
    """Judge a point where another method ended."""
    point = problem.at(theta)
    if not point.is_finite:
        return problem.end(point, np.nan, Status.NOT_FINITE)
    still = problem.held(point) | problem.without_effect(point)
    convex = _is_positive(point.hessian[np.ix_(~still, ~still)])
    convex = convex and not problem.alone(point).any()
    edm = _edm(point, point.hessian if convex else point.expected, still)
    problem.trace.append(point.stat)
    if edm < tolerance:
        return problem.end(point, edm, Status.CONVERGED if convex else Status.NOT_CONVEX)
    spent = problem.evaluations >= 10 * problem.max_evaluations
    return problem.end(point, edm, Status.MAX_EVALUATIONS if spent else Status.STALLED)


def _descend(problem: Problem, point: Point, tolerance: float) -> Minimum:
    """Take damped Newton steps until the estimated distance to the minimum is small."""
    damping, rejected = 1e-3, 0
    problem.trace.append(point.stat)
    while True:
        held, idle = problem.held(point), problem.without_effect(point)
        still = held | idle
        convex = _is_positive(point.hessian[np.ix_(~still, ~still)])
        convex = convex and not problem.alone(point).any()
        edm = _edm(point, point.hessian if convex else point.expected, still)
        if (idle & problem.watched).any():
            return problem.end(point, edm, Status.LEFT)
        if edm < tolerance and _keep_kinks(problem, point):
            onward = _around(problem, point)
            onward = _leave_saddle(problem, point) if onward is None and not convex else onward
            if onward is None:
                return problem.end(point, edm, Status.CONVERGED if convex else Status.NOT_CONVEX)
            point, damping = onward, 1e-3
            problem.trace.append(point.stat)
            continue
        if problem.evaluations >= problem.max_evaluations:
            return problem.end(point, edm, Status.MAX_EVALUATIONS)
        model = point.hessian if convex and edm < FAR else point.expected
        # Where the statistic is a straight line (no counts), the gradient alone sets the step.
        floor = 1e-12 * np.diag(model).max() + 1e-6 * np.abs(point.gradient)
        diagonal = np.maximum(np.diag(model), np.maximum(floor, 1e-300))
        target = problem.step(point, model + damping * np.diag(diagonal), edm >= FAR)
        move = target - point.theta
        promised = -(point.gradient @ move + 0.5 * move @ model @ move)
        trial = problem.at(target)
        gain = (point.stat - trial.stat) / promised if promised > 0 else -1.0
        # Below this the gain drowns in the rounding of the sum: take a step that does no harm.
        drowned = abs(promised) < 1e-12 * abs(point.stat) and trial.stat <= point.stat * (1 + 1e-12)
        if not trial.is_finite or (gain < 1e-3 and not drowned):
            # Far beyond where the step was meant to lead: do not creep back.
            damping = max((100.0 if gain < -10.0 else 10.0) * damping, 0.1)
            rejected += 1
            if rejected % 3 == 0:
                point, found = _find_kinks(problem, point, trial)
                damping = 1e-3 if found else damping
            if damping > 1e12:
                return problem.end(point, edm, Status.STALLED)
            continue
        damping = damping / 10.0 if gain > 0.75 else damping * (4.0 if gain < 0.25 else 1.0)
        point, rejected = trial, 0
        problem.trace.append(point.stat)


def _find_kinks(problem: Problem, point: Point, trial: Point) -> tuple[Point, bool]:
    """Look for kinks between a point and a rejected trial, where the slope changes its sign.

    Returns
    -------
    point, found :
        The point, moved to a signal of zero where that is better (kinks are there), and whether it
        was moved or a coordinate is now known to be at a kink.
    """
    move = trial.theta - point.theta
    flipped = (point.gradient * move < 0) & (trial.gradient * move > 0) & ~problem.held(point)
    found = False
    for j in map(int, np.flatnonzero(flipped)):
        if point.theta[j] * trial.theta[j] < 0:
            there = problem.at(_replaced(point.theta, j, 0.0))
            if there.is_finite and there.stat <= point.stat:
                point, found = there, True
        if _is_kink(problem, point, j):
            problem.at_kink[j] = found = True
    return point, found


def _is_kink(problem: Problem, point: Point, j: int) -> bool:
    """Tell whether the slope jumps from negative to positive within a tiny part of the error."""
    bend = max(abs(point.hessian[j, j]), point.expected[j, j])
    size = 1e-4 * np.sqrt(2.0 / bend) if bend > 0 else np.inf
    size = min(size, 1e-6 * max(abs(point.theta[j]), 1.0))
    step = np.where(np.arange(point.theta.size) == j, size, 0.0)
    low, high = (problem.at(point.theta + sign * step).gradient[j] for sign in (-1.0, 1.0))
    return bool(low < 0 < high and high - low > 100.0 * size * bend)


def _keep_kinks(problem: Problem, point: Point) -> bool:
    """Check the kinks again where the others have come to rest; a false one is let go."""
    false = [
        j for j in map(int, np.flatnonzero(problem.at_kink)) if not _is_kink(problem, point, j)
    ]
    problem.at_kink[false] = False
    return not false


def _around(problem: Problem, point: Point) -> Point | None:
    """Look for a way on from a bound that is the same place as the opposite one, as of an angle."""
    ends = np.where(point.theta <= problem.lower, problem.upper, problem.lower)
    for j in map(int, np.flatnonzero(problem.held(point) & ~problem.at_kink & np.isfinite(ends))):
        other = problem.at(_replaced(point.theta, j, ends[j]))
        same = abs(other.stat - point.stat) < 1e-9 * max(abs(point.stat), 1.0)
        if same and not problem.held(other)[j]:
            return other
    return None


def _leave_saddle(problem: Problem, point: Point) -> Point | None:
    """Look for a lower point where the gradient vanishes without there being a minimum.

    Along the direction of most negative curvature, both ways. A coordinate without effect may hide
    it: an ellipse that is round has every position angle, and only one lets it grow. So such
    coordinates are tried over their range.
    """
    starts = [point]
    for j in map(int, np.flatnonzero(problem.without_effect(point) & ~problem.held(point))):
        span = problem.upper[j] - problem.lower[j]
        if np.isfinite(span):
            # The middle first: of equally good places, one that is far from the bounds.
            values = problem.lower[j] + span * (np.array([3, 4, 2, 5, 1, 6, 0, 7]) + 0.5) / 8.0
            starts += [problem.at(_replaced(point.theta, j, value)) for value in values]
    falls = [(*_fall(start, ~problem.held(start)), start.theta) for start in starts]
    deepest = min(bend for bend, _, _ in falls)
    if not deepest < 0:
        return None
    _, direction, theta = next(fall for fall in falls if fall[0] <= deepest * (1.0 - 1e-6))
    for size in 0.5 ** np.arange(12):
        for move in (size * direction, -size * direction):
            trial = problem.at(np.clip(theta + move, problem.lower, problem.upper))
            if trial.is_finite and trial.stat < point.stat - 1e-9 * max(abs(point.stat), 1.0):
                return trial
    return None


def _fall(point: Point, free: np.ndarray) -> tuple[float, np.ndarray]:
    """Give the most negative curvature and its direction, of a few units of the coordinates."""
    values, vectors = np.linalg.eigh(point.hessian[np.ix_(free, free)])
    direction = np.zeros(point.theta.size)
    direction[free] = 4.0 * vectors[:, 0]
    # Rounding makes zeros slightly negative.
    small = 1e-9 * np.abs(values).max()
    return (float(values[0]) if values[0] < -small else 0.0), direction


def _replaced(theta: np.ndarray, j: int, value: float) -> np.ndarray:
    return np.where(np.arange(theta.size) == j, value, theta)


def _is_positive(matrix: np.ndarray) -> bool:
    """Tell whether a matrix is positive definite, whatever the scales of its coordinates."""
    diagonal = np.diag(matrix)
    if not (diagonal > 0).all():
        return False
    scaled = matrix / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.linalg.eigvalsh(scaled).min() > 1e-10) if matrix.size else True


def _edm(point: Point, matrix: np.ndarray, held: np.ndarray) -> float:
    """Estimate how far the statistic can still fall: half of g H^-1 g over the free coordinates.

    Infinite where a coordinate has a slope and no curvature.
    """
    free = ~held
    gradient = point.gradient[free]
    if not gradient.size:
        return 0.0
    block = matrix[np.ix_(free, free)]
    diagonal = np.diag(block)
    if ((diagonal <= 0) & (gradient != 0)).any():
        return np.inf
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    solution = np.linalg.lstsq(block / np.outer(scale, scale), gradient / scale, rcond=1e-13)[0]
    return float(0.5 * abs(gradient / scale @ solution))
