r"""Likelihood profiles of fluxes: the statistic of a measurement as a function of a norm.

A profile is given at a few norms, far apart for bright sources. Here it becomes a smooth function,
in two steps: `profile_table` chooses on the host how to interpolate each profile and tabulates it
finely as cubics; `profile_stat` evaluates these, differentiably. Statistics of measurements with
errors and limits are in `gjax.stats.chi2`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from gjax.typing import Array, ArrayLike

__all__ = ["ProfileTable", "profile_stat", "profile_table"]

#: Cubics between two norms of a scan.
_REFINEMENT = 8
#: Fewest finite values that make a profile.
_MIN_NODES = 4
#: A scanned norm that is nearer to the best fit than this part of its cell is dropped.
_NEAR = 0.05

#: Value, slope and half of the (not negative) curvature of a profile at norms.
_Function = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
#: Makes a function through nodes, or tells that it cannot.
_Maker = Callable[[np.ndarray, np.ndarray], _Function | None]


@final
class ProfileTable(eqx.Module):
    """Profiles as cubics of the norm.

    Parameters
    ----------
    starts :
        Norms where the cubics start, shape ``(n, k)``, not decreasing. The first cubic is the one
        below the first start.
    coefficients :
        Coefficients of the powers 0 to 3 of the distance to the start, shape ``(n, k, 4)``.
    is_usable :
        Which profiles there are, shape ``(n,)``; the others are zero.
    """

    starts: ArrayLike
    coefficients: ArrayLike
    is_usable: ArrayLike


def profile_stat(table: ProfileTable, norm: ArrayLike) -> Array:
    """Evaluate each profile at its norm; zero where there is no profile.

    Value and slope are continuous, and finite for every finite norm.

    Parameters
    ----------
    table :
        From `profile_table`.
    norm :
        Shape ``(n,)``.
    """
    starts, norm = jnp.asarray(table.starts), jnp.asarray(norm)
    piece = jnp.sum(norm[:, None] >= starts, axis=1) - 1
    piece = jnp.clip(piece, 0, starts.shape[1] - 1)[:, None]
    distance = norm - jnp.take_along_axis(starts, piece, axis=1)[:, 0]
    c = jnp.take_along_axis(jnp.asarray(table.coefficients), piece[..., None], axis=1)[:, 0]
    return c[:, 0] + distance * (c[:, 1] + distance * (c[:, 2] + distance * c[:, 3]))


def profile_table(
    norm_scan: Any, stat_scan: Any, norm: Any | None = None, stat: Any | None = None
) -> ProfileTable:
    r"""Make smooth functions of scanned profiles, relative to their best fits.

    Two interpolations are tried for each profile, and that is taken which predicts the scanned
    values better from their neighbours (each left out in turn):

    - a cubic spline of the statistic in the norm :math:`x`, exact for the nearly straight and
      nearly parabolic profiles of faint sources;
    - a cubic spline, in :math:`\ln x`, of the signed root :math:`r(x)` of the statistic above its
      minimum, :math:`S(x) = r(x)^2`, where :math:`r` increases from below to above the best fit.
      It keeps place and height of the minimum, and is accurate for bright sources, whose scan has
      nodes many sigma apart.

    Beyond the scan :math:`r` continues as a straight line, or else the statistic as a parabola that
    is not concave: a fit that strays there is led back.

    Parameters
    ----------
    norm_scan, stat_scan :
        Norms, increasing, and the statistic there, shapes ``(m,)`` or ``(n, m)`` and ``(n, m)``.
        Profiles with fewer than four finite values are not usable.
    norm, stat :
        Best fits and the statistic there, shape ``(n,)``; where it is missing the lowest value of
        the scan counts as zero.

    Raises
    ------
    ValueError
        If shapes disagree or norms do not increase.
    """
    values = np.atleast_2d(np.asarray(stat_scan, float))
    try:
        nodes = np.broadcast_to(np.asarray(norm_scan, float), values.shape)
        best, lowest = (
            np.broadcast_to(np.nan if a is None else np.asarray(a, float), values.shape[:1])
            for a in (norm, stat)
        )
    except ValueError:
        raise ValueError(
            f"profiles of shape {values.shape} do not go with norms of shape "
            f"{np.shape(norm_scan)} and their best fits"
        ) from None
    rows = [_row(*row) for row in zip(nodes, values, best, lowest, strict=True)]
    length = max((len(row[0]) for row in rows if row is not None), default=1)
    starts = np.full((len(rows), length), np.inf)
    starts[:, 0] = 0.0
    coefficients = np.zeros((len(rows), length, 4))
    for i, row in enumerate(rows):
        if row is not None:
            starts[i, : len(row[0])], coefficients[i, : len(row[1])] = row
    usable = np.array([row is not None for row in rows], bool)
    return ProfileTable(starts, coefficients, usable)


def _row(
    x: np.ndarray, y: np.ndarray, best: float, lowest: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Tabulate one profile as cubics; None if there is no profile."""
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if x.size < _MIN_NODES:
        return None
    if not (np.diff(x) > 0).all():
        raise ValueError("the norms of a profile must increase")
    makers: list[_Maker] = [_spline]
    y = y - (lowest if np.isfinite(lowest) else y.min())
    if np.isfinite(best) and np.isfinite(lowest):
        x, y = _with_best(x, y, best)
        makers.append(partial(_rooted, best=best))
    errors = [_left_out(make, x, y, best) for make in makers]
    function = makers[int(np.argmin(errors))](x, y) or _spline(x, y)
    return _cubics(cast(_Function, function), x)


def _with_best(x: np.ndarray, y: np.ndarray, best: float) -> tuple[np.ndarray, np.ndarray]:
    """Insert the best fit, at zero, into a profile; a node that is very near gives way."""
    cell = np.clip(np.searchsorted(x, best), 1, x.size - 1)
    keep = np.abs(x - best) > _NEAR * (x[cell] - x[cell - 1])
    x, y = np.append(x[keep], best), np.append(y[keep], 0.0)
    order = np.argsort(x)
    return x[order], y[order]


def _spline(x: np.ndarray, y: np.ndarray) -> _Function:
    """Interpolate the statistic by a cubic spline in the norm."""
    from scipy.interpolate import CubicSpline  # takes long, and few fits have profiles

    spline = CubicSpline(x, y)
    return lambda norm: (spline(norm), spline(norm, 1), np.maximum(spline(norm, 2), 0.0) / 2.0)


def _rooted(x: np.ndarray, y: np.ndarray, best: float) -> _Function | None:
    """Interpolate the signed root of the statistic in the logarithm of the norm, if one can."""
    root = np.sign(x - best) * np.sqrt(np.maximum(y, 0.0))
    if x[0] <= 0 or (y < 0).any() or not (np.diff(root) > 0).all():
        return None
    from scipy.interpolate import CubicSpline

    spline = CubicSpline(np.log(x), root)

    def function(norm: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, slope = spline(np.log(norm)), spline(np.log(norm), 1) / norm
        return value**2, 2.0 * value * slope, slope**2

    return function


def _left_out(make: _Maker, x: np.ndarray, y: np.ndarray, best: float) -> float:
    """Give the largest error at a node that is predicted from the others."""
    errors = []
    for i in np.flatnonzero(x[1:-1] != best) + 1:
        others = np.arange(x.size) != i
        function = make(x[others], y[others])
        if function is None:
            return np.inf
        errors.append(abs(function(x[i])[0] - y[i]) / (1.0 + abs(y[i])))
    return max(errors, default=np.inf)


def _cubics(function: _Function, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tabulate a profile as cubics with continuous slopes, and parabolas on both sides."""
    steps = np.arange(_REFINEMENT) / _REFINEMENT
    fine = np.append((x[:-1, None] + np.diff(x)[:, None] * steps).ravel(), x[-1])
    value, slope, curvature = function(fine)
    width = np.diff(fine)
    rise = np.diff(value) / width
    inner = [
        value[:-1],
        slope[:-1],
        (3.0 * rise - 2.0 * slope[:-1] - slope[1:]) / width,
        (slope[:-1] + slope[1:] - 2.0 * rise) / width**2,
    ]
    outer = [value[[0, -1]], slope[[0, -1]], curvature[[0, -1]], np.zeros(2)]
    first, last = np.stack(outer, axis=1)
    coefficients = np.concatenate([first[None], np.stack(inner, axis=1), last[None]])
    # The first parabola is written around the first node, where the first cubic starts too.
    return np.append(fine[0], fine), coefficients
