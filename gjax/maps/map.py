"""Data on a sky geometry, with its axes, unit and name.

A small container for what users read, look at and pass on (masks, templates, results). Datasets
hold plain arrays (`gjax.dataset`); files are read and written in `gjax.io.maps`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import equinox as eqx
import numpy as np

from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom, contains
from gjax.numerics.interpolate import interpolate_grid
from gjax.typing import ArrayLike
from gjax.units import to_quantity

if TYPE_CHECKING:
    from astropy import units as u

__all__ = ["Map"]


class Map(eqx.Module):
    """Values in bins of sky and axes.

    Parameters
    ----------
    data :
        Values, shape ``(*axes, ny, nx)``: the first axis is the first dimension of the data. A map
        of booleans is a mask.
    geom :
        Pixels on the sky.
    axes :
        Other axes, in the order of the data.
    unit :
        Unit of the data, an internal one for all that gjax makes.
    name :
        Name of the map; that of the HDU for a map read from a file.
    """

    data: ArrayLike
    geom: WcsGeom = eqx.field(static=True)
    axes: tuple[MapAxis, ...] = eqx.field(static=True, default=())
    unit: str = eqx.field(static=True, default="")
    name: str = eqx.field(static=True, default="")

    def __check_init__(self) -> None:
        expected = (*(axis.nbin for axis in self.axes), *self.geom.shape)
        names = ", ".join([*(axis.name for axis in self.axes), "y", "x"])
        if tuple(self.data.shape) != expected:
            raise ValueError(
                f"map {self.name!r}: data has shape {tuple(self.data.shape)}, "
                f"expected ({names}) = {expected}"
            )

    @property
    def is_mask(self) -> bool:
        """Whether the data are booleans."""
        return self.data.dtype == bool

    @property
    def quantity(self) -> u.Quantity:
        """The data with their unit."""
        return to_quantity(self.data, self.unit)

    def get_by_coord(
        self, lon: ArrayLike, lat: ArrayLike, *, fill_value: Any = np.nan, **coords: Any
    ) -> np.ndarray:
        """Look up the bins that contain positions.

        Parameters
        ----------
        lon, lat :
            Positions in deg, in the frame of the map.
        fill_value :
            Result outside the map.
        coords :
            One array for each axis, by name; all broadcast.

        Raises
        ------
        ValueError
            If the coordinates do not fit the axes.
        """
        ix, iy = self.geom.coord_to_idx(lon, lat)
        values = self._axis_coords(coords)
        index = [axis.coord_to_idx(v) for axis, v in zip(self.axes, values, strict=True)]
        index = np.broadcast_arrays(*index, iy, ix)
        outside = np.any([i < 0 for i in index], axis=0)
        result = np.asarray(self.data)[tuple(np.where(outside, 0, i) for i in index)]
        return np.where(outside, fill_value, result) if outside.any() else result

    def interp_by_coord(
        self, lon: ArrayLike, lat: ArrayLike, *, fill_value: Any = None, **coords: Any
    ) -> np.ndarray:
        """Interpolate linearly in pixel coordinates between bin centres.

        Values that are not finite count as zero. Axes with one bin are constant.

        Parameters
        ----------
        lon, lat :
            Positions in deg, in the frame of the map.
        fill_value :
            Result outside the edges of the map; None extrapolates.
        coords :
            One array for each axis, by name; all broadcast.

        Raises
        ------
        ValueError
            If the coordinates do not fit the axes.
        """
        x, y = self.geom.coord_to_pix(lon, lat)
        values = self._axis_coords(coords)
        points = [axis.coord_to_pix(v) for axis, v in zip(self.axes, values, strict=True)]
        points = np.broadcast_arrays(*points, y, x)
        data = np.nan_to_num(np.asarray(self.data, float), nan=0.0, posinf=0.0, neginf=0.0)
        result = interpolate_grid(data, [np.arange(n, dtype=float) for n in data.shape], points)
        if fill_value is None:
            return result
        inside = contains(self.geom, lon, lat)
        for axis, v in zip(self.axes, values, strict=True):
            inside = inside & (axis.coord_to_idx(v) >= 0)
        return np.where(inside & np.isfinite(result), result, fill_value)

    def interp_to_geom(
        self,
        geom: WcsGeom,
        axes: tuple[MapAxis, ...] | None = None,
        *,
        fill_value: Any = 0,
        method: Literal["linear", "nearest"] = "linear",
    ) -> Map:
        """Bring the map to another geometry.

        A mask keeps its kind: each pixel of the result takes the mask of the pixel that its centre
        falls in. Other maps are interpolated as differential quantities, like `interp_by_coord`.

        Parameters
        ----------
        geom :
            The target; in any frame.
        axes :
            The target axes. None keeps those of the map. Where the map has no axis of a name, its
            values are repeated along the target axis, as for an image of exclusions.
        fill_value :
            Value outside the map. For a mask, false by default, as in Gammapy: give True if what an
            exclusion mask does not cover is not excluded.
        method :
            ``"nearest"`` looks values up in other maps too.
        """
        axes = self.axes if axes is None else axes
        coords, grid = {}, []
        for i, axis in enumerate(axes):
            center = axis.center.reshape((-1,) + (1,) * (len(axes) - i + 1))
            grid.append(center)
            if any(own.name == axis.name for own in self.axes):
                coords[axis.name] = center
        lon, lat = convert(*geom.coords(), geom.frame, self.geom.frame)
        if self.is_mask or method == "nearest":
            data = self.get_by_coord(lon, lat, fill_value=fill_value, **coords)
        else:
            data = self.interp_by_coord(lon, lat, fill_value=fill_value, **coords)
        shape = (*(axis.nbin for axis in axes), *geom.shape)
        # A map without one of the target axes has length one there.
        data = data.reshape((1,) * (len(shape) - data.ndim) + data.shape)
        data = np.array(np.broadcast_to(data, shape), bool if self.is_mask else None)
        return Map(data, geom, tuple(axes), self.unit, self.name)

    def cutout(self, position: Any, width: Any) -> Map:
        """Cut out a rectangle around a position, trimmed to the map (see `WcsGeom.cutout`)."""
        geom, slices = self.geom.cutout(position, width)
        return dataclasses.replace(self, data=self.data[(..., *slices)], geom=geom)

    def sum_over_axes(self, keepdims: bool = False) -> Map:
        """Sum over all axes, to an image or (with ``keepdims``) to one bin along each axis.

        Masks are joined with "or".
        """
        over = tuple(range(len(self.axes)))
        data = (
            self.data.any(over, keepdims=keepdims)
            if self.is_mask
            else self.data.sum(over, keepdims=keepdims)
        )
        axes = tuple(axis.squash() for axis in self.axes) if keepdims else ()
        return dataclasses.replace(self, data=data, axes=axes)

    def _axis_coords(self, coords: dict[str, Any]) -> list[Any]:
        names = [axis.name for axis in self.axes]
        if set(names) != set(coords):
            raise ValueError(
                f"map {self.name!r} has the axes {names}, but coordinates are for {sorted(coords)}"
            )
        return [coords[name] for name in names]
