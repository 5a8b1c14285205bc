r"""Likelihood profiles, surfaces and contours: the statistic with some parameters kept.

Everywhere the other parameters are fitted again. Single errors and limits, which are points of a
profile, are in `gjax.infer.limits`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtr, chdtri, ndtr

from gjax.infer.crossing import Origin, find_crossings, origin_of, rays_from
from gjax.infer.grid_walk import Walked, walk_grid
from gjax.infer.limits import errors_asymmetric, free_coordinate
from gjax.infer.result import FitResult
from gjax.parameters import Key, fit_bounds
from gjax.typing import ArrayLike
from gjax.units import to_internal, to_quantity

__all__ = [
    "StatContour",
    "StatProfile",
    "StatSurface",
    "stat_contour",
    "stat_profile",
    "stat_surface",
]


@dataclass(frozen=True, eq=False)
class StatProfile:
    """The statistic as a function of one parameter, the others fitted again.

    Parameters
    ----------
    name, unit, best :
        The parameter, its internal unit, and its value at the best fit.
    values, stat :
        Values of the parameter and statistic there, shape ``(n,)``.
    stat_best :
        Statistic at the best fit.
    free_values :
        Values of all free parameters at each point, shape ``(n, free)``.
    converged :
        Whether the refit at each point converged.
    """

    name: str
    unit: str
    best: float
    values: np.ndarray
    stat: np.ndarray
    stat_best: float
    free_values: np.ndarray
    converged: np.ndarray

    @property
    def delta(self) -> np.ndarray:
        """Rise of the statistic above the best fit, shape ``(n,)``."""
        return self.stat - self.stat_best

    @property
    def quantity(self) -> Any:
        """The values with their unit."""
        return to_quantity(self.values, self.unit)

    def __str__(self) -> str:
        lines = [
            f"Profile of {self.name}, best fit {self.best:.6g} {self.unit}".rstrip()
            + f", statistic {self.stat_best:.3f}{_missed(self.converged)}",
            f"{'value':>13} {'rise':>10}",
        ]
        pairs = zip(self.values, self.delta, strict=True)
        return "\n".join(lines + [f"{value:13.6g} {rise:10.4f}" for value, rise in pairs])


@dataclass(frozen=True, eq=False)
class StatSurface:
    """The statistic as a function of two parameters, the others fitted again.

    Parameters
    ----------
    names, units, best :
        The two parameters, their internal units, and their values at the best fit.
    values1, values2, stat :
        Values of the parameters, and statistic of shape ``(n1, n2)``.
    stat_best :
        Statistic at the best fit.
    converged :
        Whether the refit at each point converged.
    """

    names: tuple[str, str]
    units: tuple[str, str]
    best: tuple[float, float]
    values1: np.ndarray
    values2: np.ndarray
    stat: np.ndarray
    stat_best: float
    converged: np.ndarray

    @property
    def delta(self) -> np.ndarray:
        """Rise of the statistic above the best fit, shape ``(n1, n2)``."""
        return self.stat - self.stat_best

    def __str__(self) -> str:
        return (
            f"Surface of {self.names[0]} ({len(self.values1)} values) and {self.names[1]} "
            f"({len(self.values2)}): statistic rises by up to {np.max(self.delta):.4g}"
            f"{_missed(self.converged)}"
        )


@dataclass(frozen=True, eq=False)
class StatContour:
    """The curve on which the profiled statistic of two parameters has risen by a given amount.

    Parameters
    ----------
    names, units, best :
        The two parameters, their internal units, and their values at the best fit.
    points :
        The curve, shape ``(n, 2)``, in the order of the angle around the best fit.
    reached :
        Whether the statistic has risen so far at each point; if not, it is on a bound of a
        parameter, or infinite.
    rise, definition :
        The amount, and what it means.
    """

    names: tuple[str, str]
    units: tuple[str, str]
    best: tuple[float, float]
    points: np.ndarray
    reached: np.ndarray
    rise: float
    definition: str

    @property
    def quantities(self) -> tuple[Any, Any]:
        """Both coordinates of the points with their units."""
        return to_quantity(self.points[:, 0], self.units[0]), to_quantity(
            self.points[:, 1], self.units[1]
        )

    def __str__(self) -> str:
        lines = [f"Contour of {self.names[0]} and {self.names[1]}: {self.definition}"]
        for i, name in enumerate(self.names):
            column = self.points[:, i]
            ends = f"{column.min():.6g} to {column.max():.6g}"
            lines.append(f"  {name}: {ends} {self.units[i]}".rstrip())
        if not self.reached.all():
            lines.append(f"  {int((~self.reached).sum())} of {len(self.reached)} points are bounds")
        return "\n".join(lines)


def stat_profile(
    result: FitResult,
    parameter: str | Key,
    values: ArrayLike | None = None,
    *,
    n_sigma: float = 3.0,
    n_points: int = 21,
) -> StatProfile:
    """Profile the statistic over one parameter.

    Parameters
    ----------
    result :
        A fit that converged.
    parameter :
        Key or pattern of one free parameter.
    values :
        Where, a Quantity or internal numbers, any order. By default ``n_points`` values evenly over
        the interval in which the statistic rises by ``n_sigma`` squared.

    Raises
    ------
    ValueError
        If the fit has not converged, the parameter was not free, or a value is out of bounds.
    """
    origin, k = origin_of(result), free_coordinate(result, parameter)
    position = result.parameters.free[k]
    if values is None:
        name = result.parameters.keys[position]
        found = next(iter(errors_asymmetric(result, name, n_sigma).values()))
        values = np.linspace(found.lower.value, found.upper.value, n_points)
    grid = _internal(result, position, values)
    walked = _walk(origin, [k], [grid])
    scale = np.asarray(origin.objective.layout.scale)
    return StatProfile(
        name=result.parameters.names[position],
        unit=result.parameters.units[position],
        best=float(result.parameters.values[position]),
        values=grid,
        stat=walked.stat,
        stat_best=origin.stat,
        free_values=walked.theta * scale,
        converged=walked.converged,
    )


def stat_surface(
    result: FitResult,
    parameter1: str | Key,
    parameter2: str | Key,
    values1: ArrayLike,
    values2: ArrayLike,
) -> StatSurface:
    """Profile the statistic over two parameters, on the grid of their values.

    Parameters and errors as those of `stat_profile`.
    """
    origin = origin_of(result)
    pair = _pair(result, parameter1, parameter2)
    positions = [result.parameters.free[k] for k in pair]
    grids = [
        _internal(result, position, values)
        for position, values in zip(positions, (values1, values2), strict=True)
    ]
    walked = _walk(origin, pair, grids)
    shape = (len(grids[0]), len(grids[1]))
    return StatSurface(
        **_names(result, positions),
        values1=grids[0],
        values2=grids[1],
        stat=walked.stat.reshape(shape),
        stat_best=origin.stat,
        converged=walked.converged.reshape(shape),
    )


def stat_contour(
    result: FitResult,
    parameter1: str | Key,
    parameter2: str | Key,
    n_sigma: float = 1.0,
    n_points: int = 24,
    *,
    joint: bool = True,
) -> StatContour:
    r"""Find the confidence contour of two parameters.

    The contour holds both parameters at once with the probability of :math:`n_\sigma` standard
    deviations: for one sigma, 68.27%, the statistic rises by 2.30 (two degrees of freedom). With
    ``joint=False`` it rises by :math:`n_\sigma^2`, as in Gammapy: then the contour reaches as far
    as the asymmetric errors of each parameter, and holds both at once in 39% only. Points are
    searched along rays from the best fit, evenly spaced in the frame in which a parabolic
    statistic makes a circle; a region that is hidden behind its own edge is not seen.

    Parameters
    ----------
    result :
        A fit that converged.
    parameter1, parameter2 :
        Keys or patterns of one free parameter each.
    n_sigma :
        Number of standard deviations.
    n_points :
        Number of points.
    joint :
        Whether the probability is that of both parameters at once.

    Raises
    ------
    ValueError
        If the fit has not converged, or a parameter was not free.
    """
    origin = origin_of(result)
    pair = _pair(result, parameter1, parameter2)
    content = 1 - 2 * ndtr(-n_sigma)
    rise = float(chdtri(2, 1 - content)) if joint else n_sigma**2
    content = content if joint else chdtr(2, rise)
    direction = np.zeros((n_points, origin.theta.size))
    direction[:, pair] = _directions(origin, pair, rise, n_points)
    kept = np.zeros(direction.shape, bool)
    kept[:, pair] = True
    found = find_crossings(origin, rays_from(origin, kept, direction, rise), rise)
    scale = np.asarray(origin.objective.layout.scale)
    moved = np.where(direction != 0, np.asarray(found.distance)[:, None] * direction, 0.0)
    points = ((origin.theta + moved) * scale)[:, pair]
    return StatContour(
        **_names(result, [result.parameters.free[k] for k in pair]),
        points=points,
        reached=np.asarray(found.reached),
        rise=rise,
        definition=f"both parameters with {content:.2%}: statistic +{rise:.4g}",
    )


def _directions(origin: Origin, pair: list[int], rise: float, n_points: int) -> np.ndarray:
    """Spread directions evenly in the frame of the parabola at the best fit, shape ``(n, 2)``."""
    unit = np.zeros((2, origin.theta.size))
    unit[[0, 1], pair] = 1.0
    kept = np.broadcast_to(unit.any(axis=0), unit.shape)
    axes = [rays_from(origin, kept, sign * unit, rise) for sign in (1.0, -1.0)]
    whole = np.asarray(axes[0].tangent)
    bend = 0.5 * whole @ origin.curvature @ whole.T / rise
    # On a bound the slope limits the parameter, and not the curvature.
    size = np.array([max(np.asarray(a.first)[i] for a in axes) for i in range(2)])
    frame = np.diag(size)
    bound = origin.held[pair]
    if not bound.any() and np.isfinite(bend).all() and np.linalg.det(bend) > 0:
        frame = np.linalg.inv(np.linalg.cholesky(bend)).T
    angle = 2 * np.pi * np.arange(n_points) / n_points
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ frame.T
    # From a bound, what would point outwards runs along it.
    layout = origin.objective.layout
    lower, upper = np.asarray(layout.lower)[pair], np.asarray(layout.upper)[pair]
    here = origin.theta[pair]
    outside = ((here <= lower) & (direction < 0)) | ((here >= upper) & (direction > 0))
    return np.where(outside, 0.0, direction)


def _walk(origin: Origin, kept: list[int], grids: Sequence[np.ndarray]) -> Walked:
    """Walk a grid whose values may come in any order."""
    scale = np.asarray(origin.objective.layout.scale)
    orders = [np.argsort(grid) for grid in grids]
    axes = [grid[order] / scale[k] for k, grid, order in zip(kept, grids, orders, strict=True)]
    walked = walk_grid(origin, kept, axes)
    back = np.ix_(*(np.argsort(order) for order in orders))
    place = np.arange(walked.stat.size).reshape([len(grid) for grid in grids])[back].ravel()
    return Walked(walked.stat[place], walked.theta[place], walked.converged[place])


def _internal(result: FitResult, position: int, values: ArrayLike) -> np.ndarray:
    table = result.parameters
    name = table.names[position]
    grid = np.atleast_1d(np.asarray(to_internal(values, table.units[position], name), float))
    low, high = (ends[position] for ends in fit_bounds(table))
    if grid.ndim != 1 or not grid.size or not np.isfinite(grid).all():
        raise ValueError(f"{name}: a profile needs finite values in one dimension; give values")
    if (grid < low).any() or (grid > high).any():
        raise ValueError(f"{name}: values must be within its bounds, {low:g} to {high:g}")
    return grid


def _pair(result: FitResult, parameter1: str | Key, parameter2: str | Key) -> list[int]:
    pair = [free_coordinate(result, parameter) for parameter in (parameter1, parameter2)]
    if pair[0] == pair[1]:
        raise ValueError(f"{parameter1!r} and {parameter2!r} are the same parameter")
    return pair


def _names(result: FitResult, positions: list[int]) -> dict[str, Any]:
    table = result.parameters
    return {
        "names": tuple(table.names[i] for i in positions),
        "units": tuple(table.units[i] for i in positions),
        "best": tuple(float(table.values[i]) for i in positions),
    }


def _missed(converged: np.ndarray) -> str:
    missed = int((~converged).sum())
    return f"; {missed} of {converged.size} refits did NOT converge" if missed else ""
