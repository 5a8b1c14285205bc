r"""Minimisation with exact derivatives: damped Fisher scoring, projected on the bounds.

The step solves :math:`(2 I + \lambda D)\\,s = -g` with the expected information I, its diagonal D
and the gradient g (Levenberg and Marquardt's damping). Coordinates that sit on a bound with the
gradient pushing outwards are held; a step that would cross a bound ends on it and the others are
solved again. Near the minimum, Newton steps with the exact Hessian finish the work where the
expected information is a poor model of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from gjax.infer import objective as derivatives
from gjax.infer.objective import Objective

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


@dataclass
class _Point:
    theta: np.ndarray
    stat: float
    gradient: np.ndarray

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.stat) and np.isfinite(self.gradient).all())


def minimize(
    objective: Objective,
    start: np.ndarray,
    *,
    tolerance: float = 1e-5,
    max_evaluations: int = 200,
    polish: bool = True,
    callback: Callable[[int, float], None] | None = None,
) -> Minimum:
    """Minimise the statistic from a start.

    Parameters
    ----------
    tolerance :
        Largest estimated distance to the minimum, in units of the statistic.
    max_evaluations :
        Bound on the evaluations of statistic and gradient.
    polish :
        Whether to check and finish with the exact Hessian; without it the result has none (NaN).
    callback :
        Called with the number of evaluations and the statistic after each of them.
    """
    problem = _Problem(objective, callback, max_evaluations)
    if start.size == 0:
        stat = float(objective(start))
        empty = np.zeros((0, 0))
        return Minimum(start, stat, start, empty, 0.0, start > 0, Status.NOTHING_FREE, 1)
    point = problem.at(np.clip(start, problem.lower, problem.upper))
    unknown = np.full((start.size, start.size), np.nan)
    if not point.is_finite:
        return problem.end(point, unknown, np.nan, problem.held(point), Status.NOT_FINITE)
    point, status = _score(problem, point, tolerance)
    if not polish:
        return problem.end(point, unknown, np.nan, problem.held(point), status)
    return _finish(problem, point, status, tolerance)


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

    @property
    def is_spent(self) -> bool:
        return self.evaluations >= self.max_evaluations

    def at(self, theta: np.ndarray) -> _Point:
        stat, gradient = derivatives.value_and_grad(self.objective, theta)
        self.evaluations += 1
        point = _Point(theta, float(stat), np.asarray(gradient))
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

    def end(
        self, point: _Point, hessian: np.ndarray, edm: float, held: np.ndarray, status: Status
    ) -> Minimum:
        return Minimum(
            theta=point.theta,
            stat=point.stat,
            gradient=point.gradient,
            hessian=hessian,
            edm=edm,
            held=held,
            status=status,
            evaluations=self.evaluations,
            trace=self.trace,
        )


def _score(problem: _Problem, point: _Point, tolerance: float) -> tuple[_Point, Status]:
    """Damped Fisher scoring until the estimated distance to the minimum is small."""
    damping = 1e-3
    problem.trace.append(point.stat)
    model = 2.0 * np.asarray(derivatives.observed_information(problem.objective, point.theta))
    while not problem.is_spent:
        if _edm(point, model, problem.held(point)) < tolerance:
            return point, Status.CONVERGED
        diagonal = np.maximum(np.diag(model), 1e-12 * max(np.diag(model).max(), 1e-300))
        target = problem.step(point, model + damping * np.diag(diagonal))
        move = target - point.theta
        promised = -(point.gradient @ move + 0.5 * move @ model @ move)
        trial = problem.at(target)
        gain = (point.stat - trial.stat) / promised if promised > 0 else -1.0
        if not trial.is_finite or gain < 1e-3:
            damping = max(10.0 * damping, 1e-2)
            if damping > 1e12:
                return point, Status.STALLED
            continue
        damping = damping / 10.0 if gain > 0.75 else damping * (4.0 if gain < 0.25 else 1.0)
        point = trial
        problem.trace.append(point.stat)
        model = 2.0 * np.asarray(derivatives.observed_information(problem.objective, point.theta))
    return point, Status.MAX_EVALUATIONS


def _finish(problem: _Problem, point: _Point, status: Status, tolerance: float) -> Minimum:
    """Check the end of the scoring with the exact Hessian, and improve on it by Newton steps."""
    hessian = np.asarray(derivatives.hessian(problem.objective, point.theta))
    for _ in range(5):
        held = problem.held(point)
        free = ~held
        block = hessian[np.ix_(free, free)]
        if not np.isfinite(block).all() or not _is_positive(block):
            failed = Status.NOT_CONVEX if status is Status.CONVERGED else status
            return problem.end(point, hessian, np.inf, held, failed)
        edm = _edm(point, hessian, held)
        if edm < tolerance:
            return problem.end(point, hessian, edm, held, Status.CONVERGED)
        if problem.is_spent:
            break
        trial = problem.at(problem.step(point, hessian))
        # At the end the gain drowns in rounding: take a step that at least does no harm.
        if not trial.is_finite or trial.stat > point.stat + 1e-9 * abs(point.stat):
            break
        errors = np.sqrt(2.0 * np.diag(np.linalg.inv(block)))
        moved = np.abs(trial.theta - point.theta)[free] / errors
        point = trial
        problem.trace.append(point.stat)
        if moved.max() > 0.1:
            hessian = np.asarray(derivatives.hessian(problem.objective, point.theta))
    held = problem.held(point)
    failed = status if status is not Status.CONVERGED else Status.STALLED
    return problem.end(point, hessian, _edm(point, hessian, held), held, failed)


def _is_positive(matrix: np.ndarray) -> bool:
    """Tell whether a matrix is positive definite, whatever the scales of its coordinates."""
    diagonal = np.diag(matrix)
    if not (diagonal > 0).all():
        return False
    scaled = matrix / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.linalg.eigvalsh(scaled).min() > 1e-10) if matrix.size else True


def _edm(point: _Point, matrix: np.ndarray, held: np.ndarray) -> float:
    """Estimate how far the statistic can still fall: half of g H^-1 g over the free coordinates."""
    free = ~held
    gradient = point.gradient[free]
    if not gradient.size:
        return 0.0
    block = matrix[np.ix_(free, free)]
    scale = np.sqrt(np.maximum(np.diag(block), 1e-300))
    solution = np.linalg.lstsq(block / np.outer(scale, scale), gradient / scale, rcond=1e-13)[0]
    return float(0.5 * abs(gradient / scale @ solution))
