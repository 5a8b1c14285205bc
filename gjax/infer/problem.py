"""The problem that a minimiser works on: a statistic with bounds, its points, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from gjax.infer.objective import Objective, expand_from_host

__all__ = ["Guards", "Minimum", "Point", "Problem", "Status"]

#: A far step that would turn an amplitude negative leaves this part of it,
_KEPT = 0.1

#: as long as it is not smaller than this part of its start.
_SMALL = 1e-3

#: A fall of the statistic in a number of steps that is not worth waiting for.
_CREEP = 0.1


class Status(Enum):
    """How a minimisation ended; the value is the message for people."""

    CONVERGED = "converged: the estimated distance to the minimum is below tolerance"
    MAX_EVALUATIONS = "stopped: too many evaluations"
    STALLED = "stopped: no step lowers the statistic, though the gradient is not zero"
    NOT_FINITE = "stopped: the statistic or its gradient is not finite at the start"
    NOT_CONVEX = "stopped at a point where the statistic has no minimum (Hessian not positive)"
    LEFT = "stopped: a source left the data"
    UNPLACED = "stopped: a source is too faint to have a position"
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
        Coordinates on a bound with the gradient pushing outwards, at a kink, or pinned.
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


@dataclass(frozen=True)
class Guards:
    """What is known of the coordinates of sources; each mask or limit has the shape of theta.

    Parameters
    ----------
    amplitudes :
        Which are amplitudes, whose sign does not change far from the minimum.
    reach :
        The largest step of each: how far the slopes at a position can be trusted.
    watched :
        Those that end the search where they lose their effect (`Status.LEFT`).
    pinned :
        Those that stay where they are.
    patience :
        Steps after which the search ends if the statistic fell by less than 0.1 in them, as if it
        had used up its evaluations: there are other ways to try. Endless if not given.
    """

    amplitudes: np.ndarray | None = None
    reach: np.ndarray | None = None
    watched: np.ndarray | None = None
    pinned: np.ndarray | None = None
    patience: int | None = None


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
        self.pinned = np.zeros(self.lower.shape, bool)
        self.patience: int | None = None

    def guard(self, start: np.ndarray, guards: Guards) -> None:
        """Limit the steps."""
        if guards.amplitudes is not None:
            self.least = np.where(guards.amplitudes & (start > 0), _SMALL * start, np.inf)
        if guards.reach is not None:
            self.reach = guards.reach
        if guards.pinned is not None:
            self.pinned = guards.pinned
        self.patience = guards.patience

    @property
    def is_spent(self) -> bool:
        """Whether to give up: all evaluations are used, or hardly anything changes any more."""
        n, trace = self.patience, self.trace
        creeps = n is not None and len(trace) > n and trace[-n - 1] - trace[-1] < _CREEP
        return creeps or self.evaluations >= self.max_evaluations

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
        """Tell which coordinates sit on a bound and are pushed outwards, at a kink, or pinned."""
        below = (point.theta <= self.lower) & (point.gradient > 0)
        above = (point.theta >= self.upper) & (point.gradient < 0)
        return below | above | self.at_kink | self.pinned

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
