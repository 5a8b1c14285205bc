"""Where one pixel grid lies inside another.

Lives here: the slices by which a cutout fits into the grid it was cut from; a region fits into the
same region only. Does not live here: making cutouts (`gjax.maps.wcs`) and resampling between grids
that are not aligned.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom

__all__ = ["Placement", "place"]

#: Two grids count as aligned if their reference pixels differ from whole pixels by less than this.
PIXEL_TOLERANCE = 1e-6

#: Numbers of two regions may differ by this many deg.
REGION_TOLERANCE = 1e-5


class Placement(NamedTuple):
    """Index pairs ``(y, x)`` of the pixels that two aligned grids share.

    Parameters
    ----------
    parent, child :
        Slices into the last two axes of an array on either grid; equal in shape.
    """

    parent: tuple[slice, slice]
    child: tuple[slice, slice]


def place(parent: WcsGeom | RegionGeom, child: WcsGeom | RegionGeom) -> Placement | None:
    """Find where ``child`` lies in ``parent``; None if they share no pixel.

    Raises
    ------
    ValueError
        If the grids are not aligned: another projection, pixel size or reference direction, or a
        shift by a fraction of a pixel; or if they are different regions.
    """
    if isinstance(parent, RegionGeom) or isinstance(child, RegionGeom):
        if not _same_region(parent, child):
            one, other = _describe(parent), _describe(child)
            raise ValueError(f"the regions differ: {one} in one and {other} in the other")
        whole = slice(0, 1), slice(0, 1)
        return Placement(whole, whole)
    ours, theirs = dict(parent.cards), dict(child.cards)
    shift = []
    for key in ("CRPIX1", "CRPIX2"):
        difference = float(ours.pop(key)) - float(theirs.pop(key))
        whole = round(difference)
        if abs(difference - whole) > PIXEL_TOLERANCE:
            raise ValueError(
                f"the sky geometries are not aligned: {key} differs by {difference:g} pixels"
            )
        shift.append(whole)
    for key in dict.fromkeys((*ours, *theirs)):
        if not _same(ours.get(key), theirs.get(key)):
            raise ValueError(
                f"the sky geometries are not aligned: {key} is {ours.get(key)!r} in one "
                f"and {theirs.get(key)!r} in the other"
            )
    slices = [
        _overlap(size, other, start)
        for size, other, start in zip(parent.npix, child.npix, shift, strict=True)
    ]
    if any(pair is None for pair in slices):
        return None
    (x_parent, x_child), (y_parent, y_child) = slices  # type: ignore[misc]
    return Placement((y_parent, x_parent), (y_child, x_child))


def _same_region(one: WcsGeom | RegionGeom, other: WcsGeom | RegionGeom) -> bool:
    """Whether both are the same shapes, up to the rounding of files."""
    if not isinstance(one, RegionGeom) or not isinstance(other, RegionGeom):
        return False
    if one.frame != other.frame or len(one.shapes) != len(other.shapes):
        return False
    pairs = list(zip(one.shapes, other.shapes, strict=True))
    if any(a.kind != b.kind or len(a.values) != len(b.values) for a, b in pairs):
        return False
    return all(
        math.isclose(x, y, abs_tol=REGION_TOLERANCE)
        for a, b in pairs
        for x, y in zip(a.values, b.values, strict=True)
    )


def _describe(geom: WcsGeom | RegionGeom) -> str:
    if not isinstance(geom, RegionGeom):
        return "a map"
    return " and ".join(f"{shape.kind} {shape.values} deg ({shape.frame})" for shape in geom.shapes)


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return one == other
    return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-9)  # type: ignore[arg-type]


def _overlap(size: int, other: int, start: int) -> tuple[slice, slice] | None:
    """Overlap along one axis of ``size`` pixels with ``other`` pixels that begin at ``start``."""
    low, high = max(0, start), min(size, start + other)
    if low >= high:
        return None
    return slice(low, high), slice(low - start, high - start)
