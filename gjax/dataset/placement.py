"""Where one pixel grid lies inside another.

Lives here: the slices by which a cutout fits into the grid it was cut from. Does not live here:
making cutouts (`gjax.maps.wcs`) and resampling between grids that are not aligned.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from gjax.maps.wcs import WcsGeom

__all__ = ["Placement", "place"]

#: Two grids count as aligned if their reference pixels differ from whole pixels by less than this.
PIXEL_TOLERANCE = 1e-6


class Placement(NamedTuple):
    """Index pairs ``(y, x)`` of the pixels that two aligned grids share.

    Parameters
    ----------
    parent, child :
        Slices into the last two axes of an array on either grid; equal in shape.
    """

    parent: tuple[slice, slice]
    child: tuple[slice, slice]


def place(parent: WcsGeom, child: WcsGeom) -> Placement | None:
    """Find where ``child`` lies in ``parent``; None if they share no pixel.

    Raises
    ------
    ValueError
        If the grids are not aligned: another projection, pixel size or reference direction, or a
        shift by a fraction of a pixel.
    """
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
