"""Where a descent meets no smooth slope: kinks, saddles, and the ends of an angle's range."""

from __future__ import annotations

import numpy as np

from gjax.infer.problem import Point, Problem

__all__ = ["find_kinks", "go_around", "keep_kinks", "leave_saddle"]


def find_kinks(problem: Problem, point: Point, trial: Point) -> tuple[Point, bool]:
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


def keep_kinks(problem: Problem, point: Point) -> bool:
    """Check the kinks again where the others have come to rest; a false one is let go."""
    false = [
        j for j in map(int, np.flatnonzero(problem.at_kink)) if not _is_kink(problem, point, j)
    ]
    problem.at_kink[false] = False
    return not false


def go_around(problem: Problem, point: Point) -> Point | None:
    """Look for a way on from a bound that is the same place as the opposite one, as of an angle."""
    ends = np.where(point.theta <= problem.lower, problem.upper, problem.lower)
    for j in map(int, np.flatnonzero(problem.held(point) & ~problem.at_kink & np.isfinite(ends))):
        other = problem.at(_replaced(point.theta, j, ends[j]))
        same = abs(other.stat - point.stat) < 1e-9 * max(abs(point.stat), 1.0)
        if same and not problem.held(other)[j]:
            return other
    return None


def leave_saddle(problem: Problem, point: Point) -> Point | None:
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
