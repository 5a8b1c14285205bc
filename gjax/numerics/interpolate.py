"""Multilinear interpolation on a rectilinear grid.

The caller scales nodes and values (logarithms, square roots) before and after; cubic interpolation
of profiles on a uniform grid is in `gjax.numerics.spline`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from gjax.numerics.namespace import array_namespace
from gjax.typing import ArrayLike

__all__ = ["cut_cell", "interpolate_grid"]


def interpolate_grid(
    values: ArrayLike,
    nodes: Sequence[ArrayLike],
    points: Sequence[ArrayLike],
    *,
    extrapolate: bool = True,
) -> Any:
    r"""Interpolate linearly along each of the leading axes of a table.

    Between the nodes :math:`x_i \le x < x_{i+1}` of each axis, with
    :math:`w = (x - x_i) / (x_{i+1} - x_i)`, the corners of the cell are weighted with products of
    :math:`w` and :math:`1 - w`. An axis of length one is constant.

    Parameters
    ----------
    values :
        Table of finite numbers, shape ``(n1, ..., nk, *trailing)``.
    nodes :
        One increasing 1D array for each of the k axes.
    points :
        One array for each of the k axes; they broadcast against each other.
    extrapolate :
        Continue the first and last cell linearly beyond the outer nodes; otherwise the value of the
        outer node holds there.

    Returns
    -------
    array
        Shape ``(*broadcast shape of points, *trailing)``.

    Raises
    ------
    ValueError
        If the numbers of nodes, points and axes disagree.
    """
    xp = array_namespace(values, *nodes, *points)
    values = xp.asarray(values)
    if len(nodes) != len(points) or values.ndim < len(nodes):
        raise ValueError(
            f"got {len(nodes)} axes of nodes, {len(points)} of points and a table of shape "
            f"{tuple(values.shape)}"
        )
    for i, axis in enumerate(nodes):
        if len(axis) != values.shape[i]:
            raise ValueError(f"axis {i} has {len(axis)} nodes, but the table has {values.shape[i]}")
    cells = [
        _cell(xp, xp.asarray(axis), xp.asarray(point), extrapolate)
        for axis, point in zip(nodes, points, strict=True)
    ]
    n_trailing = values.ndim - len(nodes)
    result = 0.0
    for corner in product(*cells):
        weight = 1.0
        for _, factor in corner:
            weight = weight * factor
        weight = xp.asarray(weight)
        gathered = values[tuple(index for index, _ in corner)]
        result = result + weight.reshape(weight.shape + (1,) * n_trailing) * gathered
    return result


def cut_cell(values: ArrayLike, nodes: ArrayLike, point: ArrayLike, axis: int = 0) -> Any:
    """Cut the cell around one point out of a table, so that only what is needed gets a logarithm.

    Parameters
    ----------
    values :
        The table.
    nodes :
        Increasing nodes of the axis, shape ``(n,)``.
    point :
        Where the axis will be evaluated, a scalar.
    axis :
        The axis of the table.

    Returns
    -------
    values, nodes :
        The part of the table and the two nodes around the point, the outermost ones for a point
        beyond them; the whole axis if it has one node only.
    """
    xp = array_namespace(values, nodes, point)
    values, nodes = xp.asarray(values), xp.asarray(nodes)
    if len(nodes) == 1:
        return values, nodes
    lower = xp.clip(xp.searchsorted(nodes, xp.asarray(point), side="right") - 1, 0, len(nodes) - 2)
    pair = lower + xp.arange(2)
    return xp.take(values, pair, axis=axis), nodes[pair]


def _cell(xp: Any, nodes: Any, points: Any, extrapolate: bool) -> list[tuple[Any, Any]]:
    """Give index and weight of the lower and the upper node around each point."""
    if len(nodes) == 1:
        # Constant, but a NaN must not pass unseen.
        return [(xp.zeros(points.shape, int), xp.where(points == points, 1.0, points))]
    lower = xp.clip(xp.searchsorted(nodes, points, side="right") - 1, 0, len(nodes) - 2)
    start = nodes[lower]
    weight = (points - start) / (nodes[lower + 1] - start)
    if not extrapolate:
        weight = xp.clip(weight, 0.0, 1.0)
    return [(lower, 1.0 - weight), (lower + 1, weight)]
