r"""Where the profiled statistic has risen by a given amount, along a ray from the best fit.

Asymmetric errors, limits and contours are such points. Along the ray some coordinates are kept and
the others fitted; by the envelope theorem the profile's slope is the gradient along the ray, so
that Newton's method on :math:`\sqrt{S - S_0}`, which is nearly straight, needs three or four
refits. It runs within a bracket.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.objective import Objective, expand_from_host
from gjax.infer.refit import choose_curvature, map_fits, outwards, refit, respond
from gjax.infer.result import FitResult
from gjax.typing import Array, ArrayLike, Theta

__all__ = [
    "Crossing",
    "Origin",
    "Rays",
    "find_crossings",
    "origin_of",
    "ray_from",
    "rays_from",
    "search",
]

_MAX_STEPS = 60

#: Rays that are searched in one compiled call.
_ROOM = 8


@dataclass(frozen=True, eq=False)
class Origin:
    """The best fit from which profiles start, on the host.

    Parameters
    ----------
    objective, theta, stat, gradient :
        The statistic, the coordinates, its value and its gradient there.
    curvature :
        Its Hessian, or the positive part of it where that is not a minimum's.
    held :
        Which coordinates sit on a bound and are pushed outwards.
    """

    objective: Objective
    theta: np.ndarray
    stat: float
    gradient: np.ndarray
    curvature: np.ndarray
    held: np.ndarray


class Rays(eqx.Module):
    """Straight lines from the best fit; leading axis ``(ray,)``.

    Parameters
    ----------
    kept :
        Coordinates that are not fitted.
    direction :
        Change of the kept coordinates per unit of the distance along the ray.
    tangent :
        Change of all coordinates at the start, to first order.
    first, last :
        First guess of the distance, and the distance to the nearest bound.
    """

    kept: ArrayLike
    direction: ArrayLike
    tangent: ArrayLike
    first: ArrayLike
    last: ArrayLike


class Crossing(eqx.Module):
    """The ends of rays.

    Parameters
    ----------
    distance, theta :
        Along the ray, and all coordinates there.
    rise :
        By how much the statistic has risen.
    reached :
        Whether that is as much as was asked for.
    lowest :
        The lowest statistic met on the way.
    """

    distance: Array
    theta: Array
    rise: Array
    reached: Array
    lowest: Array


class _Search(eqx.Module):
    low: Array
    high: Array
    at: Array
    theta: Array
    end: Crossing
    steps: Array
    done: Array


def origin_of(result: FitResult) -> Origin:
    """Expand the statistic at the best fit.

    Raises
    ------
    ValueError
        If the fit has not converged: errors and limits are distances from a minimum.
    """
    if not result.success:
        raise ValueError(f"profiles start from a minimum, and the fit has none: {result.message}")
    theta, objective = np.asarray(result.theta, float), result.objective
    found = expand_from_host(objective, theta)
    gradient = np.asarray(found.gradient)
    lower, upper = np.asarray(objective.layout.lower), np.asarray(objective.layout.upper)
    held = np.asarray(outwards(theta, gradient, lower, upper))
    curvature = np.asarray(choose_curvature(found.hessian, found.positive, jnp.asarray(held)))
    return Origin(objective, theta, float(found.stat), gradient, curvature, held)


def rays_from(origin: Origin, kept: np.ndarray, direction: np.ndarray, rise: float) -> Rays:
    """Give rays with a first guess from the parabola at the origin and the distances to bounds.

    Parameters
    ----------
    kept, direction :
        Shape ``(ray, par)``.
    """
    layout = origin.objective.layout
    bounds = (np.asarray(layout.lower), np.asarray(layout.upper))
    point = (origin.theta, origin.gradient, origin.curvature, origin.held)
    rays = [_ray_from(point, bounds, *pair, rise) for pair in zip(kept, direction, strict=True)]
    return jax.tree.map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *rays)


def ray_from(
    point: tuple[ArrayLike, ...],
    bounds: tuple[ArrayLike, ArrayLike],
    kept: ArrayLike,
    direction: ArrayLike,
    rise: ArrayLike,
) -> Rays:
    """Give one ray, as `rays_from` does; traceable.

    Parameters
    ----------
    point :
        Coordinates, gradient, curvature and held coordinates of the minimum.
    bounds :
        Lower and upper bounds of the coordinates.
    kept, direction :
        Shape ``(par,)``.
    rise :
        By how much the statistic shall rise.
    """
    theta, gradient, curvature, held = (jnp.asarray(part) for part in point)
    kept, direction = jnp.asarray(kept), jnp.asarray(direction)
    tangent = respond(curvature, kept | held, direction)
    bend = jnp.maximum(tangent @ curvature @ tangent, 0.0)
    slope = jnp.maximum(direction @ gradient, 0.0)
    size = slope + jnp.sqrt(slope**2 + 2.0 * bend * rise)
    first = jnp.where(size > 0, 2.0 * rise / jnp.where(size > 0, size, 1.0), 1.0)
    room = jnp.where(direction > 0, bounds[1] - theta, theta - jnp.asarray(bounds[0]))
    moves = direction != 0
    reach = jnp.maximum(room, 0.0) / jnp.where(moves, jnp.abs(direction), 1.0)
    last = jnp.min(jnp.where(moves, reach, jnp.inf))
    return Rays(kept, direction, tangent, jnp.minimum(first, last), last)


_ray_from = jax.jit(ray_from)


def find_crossings(origin: Origin, rays: Rays, rise: float) -> Crossing:
    """Find where the profile along each ray has risen by ``rise``.

    Returns
    -------
    crossing :
        On the host, leading axis ``(ray,)``. A ray that meets a bound first ends there, with
        ``reached`` false; one that never rises so far ends at an infinite distance.
    """
    number = len(np.asarray(rays.first))
    # One shape: limits, errors and contours share compiled code. A ray of no length costs nothing.
    room = -number % _ROOM
    filled = jax.tree.map(lambda a: np.pad(a, [(0, room)] + [(0, 0)] * (np.ndim(a) - 1)), rays)
    parts = [
        _find_all(
            origin.objective,
            origin.theta,
            origin.stat,
            jax.tree.map(lambda a, i=i: a[i : i + _ROOM], filled),
            rise,
        )
        for i in range(0, number, _ROOM)
    ]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves)[:number], *parts)


@jax.jit
def _find_all(objective: Objective, theta: Theta, stat: float, rays: Rays, rise: float) -> Crossing:
    def one(ray: Rays) -> Crossing:
        return search(objective, jnp.asarray(theta), jnp.asarray(stat), ray, jnp.asarray(rise))

    return map_fits(one, rays, objective)


def search(objective: Objective, origin: Array, stat: Array, ray: Rays, rise: Array) -> Crossing:
    """Find where the profile along one ray has risen by ``rise``; traceable.

    Parameters
    ----------
    origin, stat :
        Coordinates and statistic of the minimum.
    ray :
        Without the leading axis.
    """
    layout = objective.layout
    lower, upper = jnp.asarray(layout.lower), jnp.asarray(layout.upper)
    root_rise = jnp.sqrt(rise)

    def advance(now: _Search) -> _Search:
        place = jnp.clip(origin + now.at * ray.direction, lower, upper)
        found = refit(objective, jnp.where(ray.kept, place, now.theta), ray.kept)
        rose = found.stat - stat
        root = jnp.sqrt(jnp.maximum(rose, 0.0)) - root_rise
        usable = jnp.isfinite(found.stat)
        low = jnp.where(usable & (root < 0), now.at, now.low)
        high = jnp.where(usable & (root < 0), now.high, now.at)
        new = _next(now, ray, (low, high), root, root_rise, found.gradient @ ray.direction)
        hit = usable & (jnp.abs(root) <= 1e-6 * root_rise)
        blocked = usable & (root < 0) & (now.at >= ray.last)
        narrow = jnp.isfinite(high) & (high - low <= 1e-13 * high)
        end = Crossing(
            distance=now.at,
            theta=found.theta,
            rise=rose,
            reached=hit | (narrow & ~blocked),
            lowest=jnp.minimum(now.end.lowest, found.stat),
        )
        held = ray.kept | outwards(found.theta, found.gradient, lower, upper)
        move = respond(found.curvature, held, (new - now.at) * ray.direction)
        warm = jnp.where(usable, jnp.clip(found.theta + move, lower, upper), now.theta)
        steps = now.steps + 1
        done = hit | blocked | narrow | (steps >= _MAX_STEPS)
        return _Search(low, high, new, warm, end, steps, done)

    zero = jnp.zeros(())
    nowhere = Crossing(zero, origin, zero, jnp.array(False), stat)
    stuck = jnp.asarray(ray.last) <= 0
    at = jnp.asarray(ray.first)
    theta = jnp.clip(origin + at * ray.tangent, lower, upper)
    first = _Search(zero, jnp.array(jnp.inf), at, theta, nowhere, jnp.array(0), stuck)
    last = jax.lax.while_loop(lambda now: ~now.done, advance, first)
    never = ~last.end.reached & jnp.isinf(last.high) & jnp.isinf(ray.last)
    distance = jnp.where(never, jnp.inf, last.end.distance)
    return eqx.tree_at(lambda end: end.distance, last.end, distance)


def _next(
    now: _Search,
    ray: Rays,
    bracket: tuple[Array, Array],
    root: Array,
    root_rise: Array,
    slope: Array,
) -> Array:
    """Give the next distance: a Newton step on the root of the rise, kept in the bracket."""
    low, high = bracket
    newton = now.at - root * 2.0 * (root + root_rise) / jnp.where(slope > 0, slope, 1.0)
    newton = jnp.where((slope > 0) & (root + root_rise > 0), newton, jnp.nan)
    # Without an upper end of the bracket a step may not run away, nor creep.
    grown = jnp.where(jnp.isnan(newton), 2.0 * now.at, newton)
    grown = jnp.clip(grown, 1.0001 * now.at, 4.0 * now.at)
    inside = (newton > low) & (newton < high) & (now.steps % 4 != 3)
    closed = jnp.where(inside, newton, 0.5 * (low + high))
    return jnp.minimum(jnp.where(jnp.isinf(high), grown, closed), ray.last)
