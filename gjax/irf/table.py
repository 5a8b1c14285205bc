"""The one interpolation rule of instrument responses.

A `Table` is a response on a grid of axes, and `Table.evaluate` is how every response of this layer
is looked up: multilinear between bin centres. The responses themselves, with their physics, live in
the other modules of this layer; reading files in `gjax.io.gadf`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import numpy as np

from gjax.maps.axis import MapAxis
from gjax.numerics.interpolate import interpolate_grid
from gjax.typing import ArrayLike

__all__ = ["LOG_FLOOR", "Table", "finite", "inside", "interpolate"]

#: Coordinates this close to an edge (relative to its value) count as inside, because axes in files
#: are single precision and an analysis axis is not.
EDGE_TOLERANCE = 1e-7

#: What takes the place of zero where values are interpolated in the logarithm: the smallest normal
#: single-precision number, as in Gammapy.
LOG_FLOOR = float(np.finfo(np.float32).tiny)

_TINY = float(np.finfo(np.float64).tiny)


def _scaled(values: Any, interp: str) -> np.ndarray:
    """Put coordinates on the scale on which an axis is uniform."""
    values = np.asarray(values, float)
    if interp == "log":
        return np.log(np.maximum(values, _TINY))
    if interp == "sqrt":
        return np.sqrt(np.maximum(values, 0.0))
    return values


def _groups(shapes: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Group axes whose coordinates vary along a common dimension of the broadcast result."""
    groups: list[tuple[set[int], list[int]]] = []
    for number, shape in enumerate(shapes):
        dims, members = {d for d, size in enumerate(shape) if size != 1}, [number]
        rest = []
        for other_dims, other in groups:
            if dims & other_dims:
                dims, members = dims | other_dims, other + members
            else:
                rest.append((other_dims, other))
        groups = [*rest, (dims, members)]
    return [sorted(members) for _, members in groups]


def interpolate(values: ArrayLike, axes: Sequence[MapAxis], coords: Sequence[Any]) -> np.ndarray:
    """Interpolate multilinearly between bin centres, going on linearly beyond the outer ones.

    Axes whose coordinates vary along different dimensions are looked up one after the other, so a
    cube of ``energy[:, None, None]`` and ``offset[None, :, :]`` costs one pass over the cube.

    Parameters
    ----------
    values :
        Shape ``(axis 1, ..., axis k)``.
    axes :
        The k axes; an axis of one bin is constant.
    coords :
        k arrays that broadcast, in the units of the axes.

    Returns
    -------
    Array of the broadcast shape.
    """
    coords = [np.asarray(coord, float) for coord in coords]
    shape = np.broadcast_shapes(*(coord.shape for coord in coords))
    coords = [coord.reshape((1,) * (len(shape) - coord.ndim) + coord.shape) for coord in coords]
    data = np.asarray(values, float)
    if data.shape != tuple(axis.nbin for axis in axes):
        raise ValueError(f"values have shape {data.shape}, axes {[axis.nbin for axis in axes]}")

    groups = _groups([coord.shape for coord in coords])
    # The lookup that enlarges the data least goes first.
    sizes = {
        tuple(group): math.prod(np.broadcast_shapes(*(coords[i].shape for i in group)))
        / math.prod(axes[i].nbin for i in group)
        for group in groups
    }
    groups.sort(key=lambda group: sizes[tuple(group)])

    remaining = list(range(len(axes)))  # table axes still to be looked up lead the data
    done: list[tuple[int, ...]] = []  # dimensions of the result that trail it, in order
    for group in groups:
        positions = [remaining.index(i) for i in group]
        data = np.moveaxis(data, positions, range(len(group)))
        group_shape = np.broadcast_shapes(*(coords[i].shape for i in group))
        dims = tuple(d for d, size in enumerate(group_shape) if size != 1)
        compact = tuple(group_shape[d] for d in dims)
        points = [
            _scaled(coords[i], axes[i].interp).reshape(
                tuple(size for d, size in enumerate(coords[i].shape) if d in dims)
            )
            for i in group
        ]
        nodes = [_scaled(axes[i].center, axes[i].interp) for i in group]
        data = np.asarray(interpolate_grid(data, nodes, points, extrapolate=True))
        # New dimensions lead; send them behind everything else.
        data = np.moveaxis(data, range(len(compact)), range(-len(compact), 0))
        remaining = [i for i in remaining if i not in group]
        done.append(dims)
    order = np.argsort([d for dims in done for d in dims], kind="stable")
    return np.transpose(data, order).reshape(shape)


def inside(axis: MapAxis, coord: Any) -> np.ndarray:
    """Tell whether coordinates lie within the edges of an axis, both included (NaN does not).

    An axis given by a single node has no extent: the response is constant along it and everything
    is inside.
    """
    coord = np.asarray(coord, float)
    if axis.nbin == 1 and axis.node_type == "center":
        return np.isfinite(coord)
    edges = np.asarray(axis.edges, float)
    slack = EDGE_TOLERANCE * np.abs(edges[[0, -1]])
    return (coord >= edges[0] - slack[0]) & (coord <= edges[-1] + slack[1])


class Table(eqx.Module):
    """A response tabulated on axes, with the rule to look it up.

    Parameters
    ----------
    data :
        Values at the bin centres, shape in the order of ``axes``.
    axes :
        The axes; their names are the keywords of `evaluate`.
    unit :
        Unit of the values.
    scale :
        Whether values are interpolated as they are (``"lin"``) or in the logarithm (``"log"``).
    floor :
        What takes the place of zero on the log scale, in ``unit``.

    Raises
    ------
    ValueError
        If the shape of the data is not that of the axes.
    """

    data: ArrayLike = eqx.field(converter=lambda x: np.asarray(x, float))
    axes: tuple[MapAxis, ...] = eqx.field(static=True, converter=tuple)
    unit: str = eqx.field(static=True, default="")
    scale: str = eqx.field(static=True, default="lin")
    floor: float = eqx.field(static=True, default=LOG_FLOOR)

    def __check_init__(self) -> None:
        expected = tuple(axis.nbin for axis in self.axes)
        if self.data.shape != expected:
            names = ", ".join(axis.name for axis in self.axes)
            raise ValueError(f"table has shape {self.data.shape}, expected ({names}) = {expected}")
        if self.scale not in ("lin", "log"):
            raise ValueError(f"table scale must be 'lin' or 'log', got {self.scale!r}")

    def axis(self, name: str) -> MapAxis:
        """Give the axis of that name."""
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise ValueError(f"no axis {name!r}, there are {[axis.name for axis in self.axes]}")

    def _ordered(self, coords: dict[str, Any]) -> list[np.ndarray]:
        names = [axis.name for axis in self.axes]
        if set(coords) != set(names):
            raise ValueError(f"expected the coordinates {names}, got {sorted(coords)}")
        return [np.asarray(coords[name], float) for name in names]

    def interpolate(self, **coords: Any) -> np.ndarray:
        """Interpolate, going on linearly without bound; never negative.

        On the log scale zero is replaced by `floor`, also in the result.

        Parameters
        ----------
        **coords :
            One array per axis, in the units of the axes; they broadcast.
        """
        ordered = self._ordered(coords)
        if self.scale == "lin":
            return np.maximum(interpolate(self.data, self.axes, ordered), 0.0)
        logarithm = np.log(np.maximum(self.data, self.floor))
        return np.exp(interpolate(logarithm, self.axes, ordered))

    def cut(self, values: np.ndarray, **coords: Any) -> np.ndarray:
        """Set values to zero beyond the edges of the axes, and where they are not finite."""
        # Axis by axis, so that the masks stay as small as their coordinates.
        for axis in self.axes:
            within = inside(axis, coords[axis.name])
            if not within.all():
                values = values * within
        return finite(values)

    def evaluate(self, **coords: Any) -> np.ndarray:
        """Look the response up.

        Multilinear between bin centres (in the logarithm of a log axis), extrapolated linearly from
        the outer centres to the edges, zero beyond the edges and where the table is not finite,
        never negative. Axes of one bin are constant between their edges.

        Parameters
        ----------
        **coords :
            One array per axis, in the units of the axes; they broadcast.

        Returns
        -------
        Array of the broadcast shape, in `unit`.
        """
        values = self.cut(self.interpolate(**coords), **coords)
        if self.scale == "log":
            values = np.where(values <= 2 * self.floor, 0.0, values)
        return values


def finite(values: np.ndarray) -> np.ndarray:
    """Replace what is not finite by zero."""
    # One sum is much cheaper than a mask of a large cube, and tells whether the mask is needed.
    if np.isfinite(np.sum(values)):
        return values
    return np.where(np.isfinite(values), values, 0.0)
