"""Many refits on a grid of kept values, each started from its neighbour's result.

The points are visited in waves around the best fit: all points of a wave are fitted at once, from
where the wave before has arrived. Everything is one compiled call.
"""

from __future__ import annotations

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.crossing import Origin
from gjax.infer.objective import Objective
from gjax.infer.refit import map_fits, refit, respond
from gjax.typing import Array, ArrayLike, Theta

__all__ = ["Walked", "walk_grid"]


class Walked(eqx.Module):
    """The refits at the points of a grid, flattened.

    Parameters
    ----------
    stat, theta, converged :
        Statistic, coordinates, and whether the refit converged, leading axis ``(point,)``.
    """

    stat: ArrayLike
    theta: ArrayLike
    converged: ArrayLike


class _Waves(eqx.Module):
    """Points of each wave and the neighbours they start from, shape ``(wave, width)``.

    Both are indices of points; the two after the last stand for the best fit and for nothing.
    """

    points: np.ndarray
    parents: np.ndarray


def walk_grid(origin: Origin, kept: Sequence[int], axes: Sequence[np.ndarray]) -> Walked:
    """Fit the other coordinates at every point of the grid that the axes span.

    Parameters
    ----------
    origin :
        The best fit.
    kept :
        The coordinates that are kept.
    axes :
        Their values (in coordinates), increasing.
    """
    mask = np.zeros(origin.theta.size, bool)
    mask[list(kept)] = True
    best = [
        int(np.argmin(np.abs(axis - origin.theta[k]))) for k, axis in zip(kept, axes, strict=True)
    ]
    mesh = np.meshgrid(*axes, indexing="ij")
    # Few shapes, so that profiles of similar length share compiled code.
    room = _round_up(mesh[0].size, 128)
    waves = _waves(mesh[0].shape, best, room)
    targets = np.zeros((room + 2, origin.theta.size))
    for k, values in zip(kept, mesh, strict=True):
        targets[: values.size, k] = values.ravel()
    found = _walk(
        origin.objective, origin.theta, origin.curvature, mask | origin.held, mask, targets, waves
    )
    return jax.tree.map(lambda leaf: np.asarray(leaf)[: mesh[0].size], found)


def _round_up(number: int, step: int) -> int:
    return -(-number // step) * step


def _waves(shape: tuple[int, ...], start: Sequence[int], best_fit: int) -> _Waves:
    """Order the points of a grid by their steps from the start, and name their neighbours."""
    indices = np.indices(shape).reshape(len(shape), -1)
    offset = indices - np.asarray(start)[:, None]
    distance = np.abs(offset).sum(axis=0)
    # The neighbour one step nearer along the last axis that differs.
    nearer = indices.copy()
    open_ = np.ones(distance.size, bool)
    for axis in reversed(range(len(shape))):
        here = open_ & (offset[axis] != 0)
        nearer[axis, here] -= np.sign(offset[axis, here])
        open_ &= ~here
    parents = np.where(distance == 0, best_fit, np.ravel_multi_index(tuple(nearer), shape))
    members = [np.flatnonzero(distance == d) for d in range(distance.max() + 1)]
    width = max(len(wave) for wave in members)
    points = np.full((_round_up(len(members), 8), _round_up(width, 4)), best_fit + 1)
    parents_of = np.full(points.shape, best_fit)
    for row, wave in enumerate(members):
        points[row, : len(wave)] = wave
        parents_of[row, : len(wave)] = parents[wave]
    return _Waves(points, parents_of)


@jax.jit
def _walk(
    objective: Objective,
    theta: Theta,
    curvature: Array,
    held: Array,
    kept: Array,
    targets: Array,
    waves: _Waves,
) -> Walked:
    layout = objective.layout
    lower, upper = jnp.asarray(layout.lower), jnp.asarray(layout.upper)
    size = targets.shape[0] - 2

    def one(parts: tuple[Array, Array, Array]) -> Walked:
        start, target, is_point = parts
        move = respond(curvature, held, jnp.where(kept, target - start, 0.0))
        warm = jnp.where(kept, target, jnp.clip(start + move, lower, upper))
        found = refit(objective, warm, kept, active=is_point)
        return Walked(found.stat, found.theta, found.converged)

    def wave(so_far: Walked, now: _Waves) -> tuple[Walked, None]:
        parts = (so_far.theta[now.parents], targets[now.points], now.points < size)
        found = map_fits(one, parts, objective)
        return jax.tree.map(lambda a, b: a.at[now.points].set(b), so_far, found), None

    nowhere = Walked(
        jnp.full(size + 2, jnp.inf),
        jnp.broadcast_to(jnp.asarray(theta), (size + 2, theta.size)),
        jnp.zeros(size + 2, bool),
    )
    return jax.lax.scan(wave, nowhere, waves)[0]
