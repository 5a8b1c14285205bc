r"""The fit of some coordinates while others are kept, as one compiled function.

Profiles, contours, limits and toys are thousands of small fits. Here is one such fit without the
host in it, so that it can be mapped over: damped Newton steps with the exact Hessian, projected on
the bounds, as in `gjax.infer.minimize`. Which coordinates are kept is data, so that all
parameters share compiled code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.minimize import FAR
from gjax.infer.objective import Expansion, Objective, expand_objective
from gjax.typing import Array, ArrayLike, Theta

__all__ = ["Refit", "choose_curvature", "map_fits", "outwards", "refit", "respond"]

#: Arrays of fewer numbers than this are small: many such fits run at once on a CPU.
_SMALL = 40_000
_BATCH = 128


class Refit(eqx.Module):
    """Where a fit of some of the coordinates ended.

    Parameters
    ----------
    theta, stat, gradient, curvature :
        Coordinates, statistic, its gradient, and its Hessian or (where that has a negative
        direction) an estimate of the expected one.
    converged :
        Whether the estimated distance to the minimum is below tolerance.
    evaluations :
        Number of evaluations of the objective.
    """

    theta: Array
    stat: Array
    gradient: Array
    curvature: Array
    converged: Array
    evaluations: Array


class _State(eqx.Module):
    best: Refit
    expected: Array
    trial: Array
    promised: Array
    damping: Array
    done: Array


def refit(
    objective: Objective,
    start: Theta,
    kept: Array,
    *,
    active: Array | bool = True,
    tolerance: float = 1e-7,
    max_evaluations: int = 60,
) -> Refit:
    """Minimise the statistic over the coordinates that are not kept; traceable.

    Parameters
    ----------
    objective :
        The statistic.
    start :
        Coordinates to start from, within the bounds.
    kept :
        Which coordinates stay as they are, shape ``(par,)``.
    active :
        Whether to fit at all.
    tolerance :
        Largest estimated distance to the minimum, in units of the statistic.

    Returns
    -------
    refit :
        With an infinite ``stat`` if the statistic is not finite at the start.
    """
    layout = objective.layout
    lower, upper = jnp.asarray(layout.lower), jnp.asarray(layout.upper)
    start, n = jnp.asarray(start), np.shape(start)[0]
    if n == 0:
        stat = jnp.asarray(objective(start))
        none = jnp.zeros((0, 0))
        return Refit(start, stat, start, none, jnp.isfinite(stat), jnp.array(1))

    def advance(state: _State) -> _State:
        found = expand_objective(objective, state.trial)
        best, expected, damping = _judge(
            state, found, kept | outwards(state.trial, found.gradient, lower, upper)
        )
        held = kept | outwards(best.theta, best.gradient, lower, upper)
        edm = _distance(best, held)
        model = jnp.where(edm < FAR, best.curvature, expected)
        target = _projected(best, _damped(model, best.gradient, damping), held, (lower, upper))
        move = target - best.theta
        promised = -(best.gradient @ move + 0.5 * move @ model @ move)
        converged = edm < tolerance
        over = (best.evaluations >= max_evaluations) | (damping > 1e12)
        done = converged | over | ~jnp.isfinite(best.stat)
        best = eqx.tree_at(lambda b: b.converged, best, converged & jnp.isfinite(best.stat))
        return _State(best, expected, target, promised, damping, done)

    nothing = Refit(
        theta=start,
        stat=jnp.array(jnp.inf),
        gradient=jnp.zeros(n),
        curvature=jnp.eye(n),
        converged=jnp.array(False),
        evaluations=jnp.array(0),
    )
    first = _State(
        nothing, jnp.eye(n), start, jnp.array(1.0), jnp.array(1e-3), ~jnp.asarray(active)
    )
    return jax.lax.while_loop(lambda state: ~state.done, advance, first).best


def outwards(theta: ArrayLike, gradient: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Array:
    """Tell which coordinates sit on a bound and are pushed outwards."""
    below = (theta <= lower) & (gradient > 0)
    return jnp.asarray(below | ((theta >= upper) & (gradient < 0)))


def choose_curvature(hessian: Array, positive: Array, kept: Array) -> Array:
    """Give the Hessian where it is that of a minimum, else the matrix that is never negative."""
    free = ~kept
    diagonal = jnp.where(free, jnp.diag(hessian), 1.0)
    root = jnp.sqrt(jnp.where(diagonal > 0, diagonal, 1.0))
    scaled = _block(hessian, kept) / (root[:, None] * root[None, :])
    factor = jnp.linalg.cholesky(scaled - 1e-10 * jnp.eye(root.size))
    convex = jnp.isfinite(factor).all() & (diagonal > 0).all()
    return jnp.where(convex, hessian, positive)


def respond(curvature: Array, kept: Array, move: Array) -> Array:
    """Give how the other coordinates follow a move of the kept ones, to first order.

    The result is the whole move: that of the kept coordinates is unchanged.
    """
    move = jnp.where(kept, move, 0.0)
    return _solve(curvature, kept, jnp.where(kept, move, -curvature @ move))


def map_fits(function: Callable[[Any], Any], stacked: Any, objective: Objective) -> Any:
    """Apply a function to every member of a stack; small problems many at a time.

    On a CPU large problems run one after the other, which keeps them in the cache.
    """
    size = sum(np.size(leaf) for leaf in jax.tree.leaves(objective.prepared))
    length = np.shape(jax.tree.leaves(stacked)[0])[0]
    if jax.default_backend() == "cpu" and size > _SMALL:
        return jax.lax.map(function, stacked)
    # A batch that divides the number: a rest would be compiled apart.
    sizes = [n for n in range(1, min(length, _BATCH) + 1) if length % n == 0]
    batch = sizes[-1] if sizes[-1] > _BATCH // 4 else min(length, _BATCH)
    return jax.lax.map(function, stacked, batch_size=batch)


def _judge(state: _State, found: Expansion, held: Array) -> tuple[Refit, Array, Array]:
    """Accept the trial (at which some coordinates are held) or not, and adapt the damping."""
    old = state.best
    is_first = ~jnp.isfinite(old.stat)
    numbers = (found.stat, found.gradient, found.hessian, found.expected)
    finite = jnp.all(jnp.stack([jnp.isfinite(number).all() for number in numbers]))
    gain = jnp.where(state.promised > 0, (old.stat - found.stat) / state.promised, -1.0)
    # Below this the gain drowns in the rounding of the sum: take a step that does no harm.
    rounding = 1e-12 * jnp.abs(old.stat)
    drowned = (jnp.abs(state.promised) < rounding) & (found.stat <= old.stat + rounding)
    accepted = finite & (is_first | (gain >= 1e-3) | drowned)
    changed = jnp.where(gain > 0.75, 0.1, jnp.where(gain < 0.25, 4.0, 1.0)) * state.damping
    # Far beyond where the step was meant to lead: do not creep back.
    raised = jnp.maximum(jnp.where(gain < -10.0, 100.0, 10.0) * state.damping, 0.1)
    damping = jnp.where(accepted, changed, raised)
    damping = jnp.where(is_first, state.damping, damping)
    new = Refit(
        theta=state.trial,
        stat=jnp.asarray(found.stat),
        gradient=jnp.asarray(found.gradient),
        curvature=choose_curvature(found.hessian, found.expected, held),
        converged=old.converged,
        evaluations=old.evaluations,
    )
    best = jax.tree.map(lambda a, b: jnp.where(accepted, a, b), new, old)
    best = eqx.tree_at(lambda b: b.evaluations, best, old.evaluations + 1)
    return best, jnp.where(accepted, found.expected, state.expected), damping


def _damped(matrix: Array, gradient: Array, damping: Array) -> Array:
    diagonal = jnp.diag(matrix)
    # Where the statistic is a straight line (no counts), the gradient alone sets the step.
    floor = 1e-12 * diagonal.max() + 1e-6 * jnp.abs(gradient)
    return matrix + damping * jnp.diag(jnp.maximum(diagonal, jnp.maximum(floor, 1e-300)))


def _block(matrix: Array, kept: Array) -> Array:
    """Replace rows and columns of the kept coordinates by those of the unit matrix."""
    return jnp.where(kept[:, None] | kept[None, :], 0.0, matrix) + jnp.diag(kept.astype(float))


def _solve(matrix: Array, kept: Array, right: Array) -> Array:
    """Solve for the coordinates that are not kept; the others take the right-hand side."""
    block = _block(matrix, kept)
    diagonal = jnp.diag(block)
    root = jnp.sqrt(jnp.where(diagonal > 0, diagonal, 1.0))
    # A coordinate without effect has a row of zeros: the tiny ridge keeps it where it is.
    scaled = block / (root[:, None] * root[None, :]) + 1e-14 * jnp.eye(root.size)
    return jnp.linalg.solve(scaled, right / root) / root


def _distance(best: Refit, held: Array) -> Array:
    """Estimate how far the statistic can still fall; infinite with a slope but no curvature."""
    gradient = jnp.where(held, 0.0, best.gradient)
    straight = ~held & (jnp.diag(best.curvature) <= 0) & (gradient != 0)
    drop = 0.5 * jnp.abs(gradient @ _solve(best.curvature, held, gradient))
    return jnp.where(straight.any() | jnp.isnan(drop), jnp.inf, drop)


def _projected(best: Refit, matrix: Array, held: Array, bounds: tuple[Array, Array]) -> Array:
    """Give the end of a Newton step that stops on the bounds it would cross."""
    lower, upper = bounds

    def again(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        target, held, _ = state
        move = jnp.where(held, target - best.theta, 0.0)
        right = jnp.where(held, move, -best.gradient - matrix @ move)
        target = jnp.where(held, target, best.theta + _solve(matrix, held, right))
        crossed = ~held & ((target < lower) | (target > upper))
        return jnp.clip(target, lower, upper), held | crossed, crossed.any()

    first = (best.theta, held, jnp.array(True))
    return jax.lax.while_loop(lambda state: state[2], again, first)[0]
