"""Other minimisers: limited-memory BFGS for very many parameters, Minuit to cross-check.

Both are fed the exact gradient, in coordinates scaled by the curvature at the start, and judged as
the default is: by the exact Hessian where they end.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from gjax.infer.minimize import finish, minimize
from gjax.infer.objective import Objective, value_and_grad
from gjax.infer.problem import Guards, Minimum, Problem

__all__ = ["METHODS", "minimize_by"]

#: Names of the minimisers.
METHODS = ("newton", "lbfgs", "minuit")


def minimize_by(
    method: str,
    objective: Objective,
    start: np.ndarray,
    *,
    tolerance: float = 1e-5,
    max_evaluations: int = 200,
    callback: Callable[[int, float], None] | None = None,
    guards: Guards | None = None,
) -> Minimum:
    """Minimise the statistic by one of several methods.

    Parameters
    ----------
    method :
        ``"newton"``: `gjax.infer.minimize`. ``"lbfgs"``: L-BFGS-B of SciPy, which needs no Hessian
        on its way, finished by Newton steps. ``"minuit"``: Migrad of iminuit (extra ``minuit``).
    tolerance, max_evaluations, callback :
        As those of `gjax.infer.minimize.minimize`; L-BFGS may take ten times as many evaluations,
        each of which is cheaper.
    guards :
        Limits of the steps of the default method, which the others do not need.

    Raises
    ------
    ValueError
        For another method.
    ImportError
        If iminuit is not installed.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r} is none of: {', '.join(METHODS)}")
    settings = {"tolerance": tolerance, "max_evaluations": max_evaluations, "callback": callback}
    if method == "newton" or start.size == 0:
        return minimize(objective, start, **settings, guards=guards)
    problem = Problem(objective, callback, max_evaluations)
    first = problem.at(np.clip(start, problem.lower, problem.upper))
    if not first.is_finite:
        return minimize(objective, start, **settings)
    bend = np.diag(first.expected)
    scale = np.sqrt(2.0 / np.where(bend > 0, bend, 2.0))
    walk = _lbfgs if method == "lbfgs" else _minuit
    theta = walk(problem, first.theta, scale, tolerance)
    if method == "lbfgs":
        left = max(max_evaluations, 20)
        end = minimize(objective, theta, tolerance=tolerance, max_evaluations=left)
        end.evaluations += problem.evaluations
        end.trace[:0] = [first.stat]
        return end
    return finish(problem, theta, 10.0 * tolerance)


def _lbfgs(problem: Problem, start: np.ndarray, scale: np.ndarray, tolerance: float) -> np.ndarray:
    """Walk by L-BFGS-B in units of the errors."""
    from scipy.optimize import minimize as minimize_scipy

    def function(unit: np.ndarray) -> tuple[float, np.ndarray]:
        stat, gradient = _evaluate(problem, start + unit * scale)
        return stat, gradient * scale

    found = minimize_scipy(
        function,
        np.zeros(start.size),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([problem.lower - start, problem.upper - start], axis=1) / scale[:, None],
        options={
            "maxfun": 10 * problem.max_evaluations,
            "maxiter": 10 * problem.max_evaluations,
            "maxcor": 20,
            "ftol": 0.0,
            # The distance to the minimum is half of the squared slope per error, per parameter.
            "gtol": np.sqrt(tolerance / start.size),
        },
    )
    return np.clip(start + np.asarray(found.x) * scale, problem.lower, problem.upper)


def _minuit(problem: Problem, start: np.ndarray, scale: np.ndarray, tolerance: float) -> np.ndarray:
    """Walk by Migrad; an end next to a bound, which its sine cannot reach, is put on it."""
    try:
        from iminuit import Minuit
    except ImportError:
        raise ImportError("method 'minuit' needs iminuit: pip install 'gjax[minuit]'") from None

    minuit = Minuit(
        lambda theta: _evaluate(problem, theta)[0],
        start,
        grad=lambda theta: _evaluate(problem, theta)[1],
    )
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.errors = scale
    minuit.limits = list(zip(problem.lower, problem.upper, strict=True))
    minuit.tol = tolerance / 0.002
    minuit.migrad(ncall=10 * problem.max_evaluations)
    theta = np.array(minuit.values)
    for bound in (problem.lower, problem.upper):
        theta = np.where(np.abs(theta - bound) < 1e-3 * scale, bound, theta)
    return theta


def _evaluate(problem: Problem, theta: np.ndarray) -> tuple[float, np.ndarray]:
    """Evaluate statistic and gradient, counting."""
    stat, gradient = value_and_grad(problem.objective, jnp.asarray(theta))
    problem.evaluations += 1
    if problem.callback is not None:
        problem.callback(problem.evaluations, float(stat))
    # Neither method knows what to do with a number that is none.
    good = bool(np.isfinite(stat)) and bool(np.isfinite(gradient).all())
    return (float(stat), np.asarray(gradient)) if good else (1e300, np.zeros(theta.size))
