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

import numpy as np

from gjax.infer.corners import find_kinks, go_around, keep_kinks, leave_saddle
from gjax.infer.objective import Objective
from gjax.infer.problem import Guards, Minimum, Point, Problem, Status

__all__ = ["FAR", "finish", "minimize"]

#: Where the statistic may fall by more than this, steps use the expected Hessian.
FAR = 10.0


def minimize(
    objective: Objective,
    start: np.ndarray,
    *,
    tolerance: float = 1e-5,
    max_evaluations: int = 200,
    callback: Callable[[int, float], None] | None = None,
    guards: Guards | None = None,
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
    guards :
        Limits of the steps, none if not given.
    """
    problem = Problem(objective, callback, max_evaluations)
    guards = Guards() if guards is None else guards
    problem.guard(start, guards)
    if start.size == 0:
        stat = float(objective(start))
        none = np.zeros((0, 0))
        return Minimum(
            start, stat, start, none, 0.0, start > 0, Status.NOTHING_FREE, 1, start > 0, start > 0
        )
    point = problem.at(np.clip(start, problem.lower, problem.upper))
    if not point.is_finite:
        return problem.end(point, np.nan, Status.NOT_FINITE)
    if guards.watched is not None:
        problem.watched = guards.watched & ~problem.without_effect(point)
    return _descend(problem, point, tolerance)


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
        if edm < tolerance and keep_kinks(problem, point):
            onward = go_around(problem, point)
            onward = leave_saddle(problem, point) if onward is None and not convex else onward
            if onward is None:
                return problem.end(point, edm, Status.CONVERGED if convex else Status.NOT_CONVEX)
            point, damping = onward, 1e-3
            problem.trace.append(point.stat)
            continue
        if problem.is_spent:
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
        # Beyond all that the slopes promise a sum has overflowed on its way.
        absurd = point.stat - trial.stat > 1e6 * max(abs(promised), 1.0)
        if not trial.is_finite or absurd or (gain < 1e-3 and not drowned):
            # Far beyond where the step was meant to lead: do not creep back.
            damping = max((100.0 if gain < -10.0 else 10.0) * damping, 0.1)
            rejected += 1
            if rejected % 3 == 0:
                point, found = find_kinks(problem, point, trial)
                damping = 1e-3 if found else damping
            if damping > 1e12:
                return problem.end(point, edm, Status.STALLED)
            continue
        damping = damping / 10.0 if gain > 0.75 else damping * (4.0 if gain < 0.25 else 1.0)
        point, rejected = trial, 0
        problem.trace.append(point.stat)


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
