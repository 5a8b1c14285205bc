r"""Minimisation with exact derivatives: damped Newton steps, projected on the bounds.

The step solves :math:`(H + \lambda D)\,s = -g` with the gradient g, the exact Hessian H (or its
positive part where H has a negative direction) and the diagonal D of either (Levenberg and
Marquardt's damping). Coordinates that sit on a bound with the gradient pushing outwards are held; a
step that would cross a bound ends on it and the others are solved again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from gjax.infer.objective import Objective, expand_objective

__all__ = ["Minimum", "Status", "minimize"]


class Status(Enum):
    """How a minimisation ended; the value is the message for people."""

    CONVERGED = "converged: the estimated distance to the minimum is below tolerance"
    MAX_EVALUATIONS = "stopped: too many evaluations"
    STALLED = "stopped: no step lowers the statistic, though the gradient is not zero"
    NOT_FINITE = "stopped: the statistic or its gradient is not finite at the start"
    NOT_CONVEX = "stopped at a point where the statistic has no minimum (Hessian not positive)"
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
        Coordinates on a bound with the gradient pushing outwards.
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
    trace: list[float] = field(default_factory=list)


def minimize(
    objective: Objective,
    start: np.ndarray,
    *,
    tolerance: float = 1e-5,
    max_evaluations: int = 200,
    callback: Callable[[int, float], None] | None = None,
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
    """
    problem = _Problem(objective, callback, max_evaluations)
    if start.size == 0:
        stat = float(objective(start))
        none = np.zeros((0, 0))
        return Minimum(start, stat, start, none, 0.0, start > 0, Status.NOTHING_FREE, 1)
    point = problem.at(np.clip(start, problem.lower, problem.upper))
    if not point.is_finite:
        return problem.end(point, np.nan, Status.NOT_FINITE)
    return _descend(problem, point, tolerance)


@dataclass
class _Point:
    """A point with its expansion: where the Hessian is no minimum's, its positive part is used."""

    theta: np.ndarray
    stat: float
    gradient: np.ndarray
    hessian: np.ndarray
    positive: np.ndarray

    @property
    def is_finite(self) -> bool:
        numbers = (self.stat, self.gradient, self.hessian, self.positive)
        return all(bool(np.isfinite(number).all()) for number in numbers)


class _Problem:
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

    def at(self, theta: np.ndarray) -> _Point:
        found = expand_objective(self.objective, theta)
        self.evaluations += 1
        arrays = (np.asarray(a) for a in (found.gradient, found.hessian, found.positive))
        point = _Point(theta, float(found.stat), *arrays)
        if self.callback is not None:
            self.callback(self.evaluations, point.stat)
        return point

    def held(self, point: _Point) -> np.ndarray:
        """Tell which coordinates sit on a bound and are pushed outwards."""
        below = (point.theta <= self.lower) & (point.gradient > 0)
        above = (point.theta >= self.upper) & (point.gradient < 0)
        return below | above

    def step(self, point: _Point, matrix: np.ndarray) -> np.ndarray:
        """Solve ``matrix s = -g``, ending on the bounds that the step would cross."""
        held = self.held(point)
        target = point.theta.copy()
        for _ in range(point.theta.size):
            free = ~held
            rhs = -point.gradient[free] - matrix[np.ix_(free, held)] @ (target - point.theta)[held]
            target[free] = point.theta[free] + np.linalg.solve(matrix[np.ix_(free, free)], rhs)
            crossed = free & ((target < self.lower) | (target > self.upper))
            if not crossed.any():
                break
            target = np.clip(target, self.lower, self.upper)
            held = held | crossed
        return np.clip(target, self.lower, self.upper)

    def end(self, point: _Point, edm: float, status: Status) -> Minimum:
        return Minimum(
            theta=point.theta,
            stat=point.stat,
            gradient=point.gradient,
            hessian=point.hessian,
            edm=edm,
            held=self.held(point),
            status=status,
            evaluations=self.evaluations,
            trace=self.trace,
        )


def _descend(problem: _Problem, point: _Point, tolerance: float) -> Minimum:
    """Take damped Newton steps until the estimated distance to the minimum is small."""
    damping = 1e-3
    problem.trace.append(point.stat)
    while True:
        held = problem.held(point)
        convex = _is_positive(point.hessian[np.ix_(~held, ~held)])
        model = point.hessian if convex else point.positive
        edm = _edm(point, model, held)
        if edm < tolerance:
            return problem.end(point, edm, Status.CONVERGED if convex else Status.NOT_CONVEX)
        if problem.evaluations >= problem.max_evaluations:
            return problem.end(point, edm, Status.MAX_EVALUATIONS)
        # Where the statistic is a straight line (no counts), the gradient alone sets the step.
        floor = 1e-12 * np.diag(model).max() + 1e-6 * np.abs(point.gradient)
        diagonal = np.maximum(np.diag(model), np.maximum(floor, 1e-300))
        target = problem.step(point, model + damping * np.diag(diagonal))
        move = target - point.theta
        promised = -(point.gradient @ move + 0.5 * move @ model @ move)
        trial = problem.at(target)
        gain = (point.stat - trial.stat) / promised if promised > 0 else -1.0
        # Below this the gain drowns in the rounding of the sum: take a step that does no harm.
        drowned = abs(promised) < 1e-12 * abs(point.stat) and trial.stat <= point.stat * (1 + 1e-12)
        if not trial.is_finite or (gain < 1e-3 and not drowned):
            damping = max(10.0 * damping, 1e-2)
            if damping > 1e12:
                return problem.end(point, edm, Status.STALLED)
            continue
        damping = damping / 10.0 if gain > 0.75 else damping * (4.0 if gain < 0.25 else 1.0)
        point = trial
        problem.trace.append(point.stat)


def _is_positive(matrix: np.ndarray) -> bool:
    """Tell whether a matrix is positive definite, whatever the scales of its coordinates."""
    diagonal = np.diag(matrix)
    if not (diagonal > 0).all():
        return False
    scaled = matrix / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.linalg.eigvalsh(scaled).min() > 1e-10) if matrix.size else True


def _edm(point: _Point, matrix: np.ndarray, held: np.ndarray) -> float:
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
