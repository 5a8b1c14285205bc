"""Shapes made equal, so that sources and datasets can share compiled code.

Each shape costs seconds of compilation, and a window or a list that is somewhat larger than it must
be costs little at run time. So windows of nearly the same size become equal, in all datasets whose
maps have one shape, and lists of occupied bins too.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import numpy as np

from gjax.predict.occupied import Occupied, lengthened
from gjax.predict.source import Window

__all__ = ["FROZEN", "share", "share_lengths", "share_windows"]

#: Windows up to this many pixels a side are small: twice as wide is hardly slower.
_SMALL = 128

#: How much wider a small window, a large one, one with an image that stays, and a list may become.
_RATIO_SMALL, _RATIO, _RATIO_FROZEN, _RATIO_LIST = 2.0, 1.6, 1.25, 4.0

#: The kind of a source whose image cannot change: its window costs memory, and no time.
FROZEN = "frozen"

Key = TypeVar("Key", bound=Hashable)


def share(sizes: Sequence[int], ratio: float) -> list[int]:
    """Make sizes equal that are within a ratio, beginning with the largest."""
    found: dict[int, int] = {}
    top = 0
    for size in sorted(set(sizes), reverse=True):
        if size * ratio < top or top == 0:
            top = size
        found[size] = top
    return [found[size] for size in sizes]


def share_windows(windows: dict[Key, tuple[Hashable, Window]]) -> dict[Key, Window]:
    """Make windows equal where they are alike.

    Parameters
    ----------
    windows :
        Each with what the sources must have in common to share code.
    """
    groups: dict[tuple[Hashable, tuple[bool, bool]], list[Key]] = {}
    for key, (kind, window) in windows.items():
        groups.setdefault((kind, window.moves), []).append(key)
    found = {}
    for (kind, _), keys in groups.items():
        sides = [max(windows[key][1].shape) for key in keys]
        ratio = _RATIO_SMALL if max(sides) <= _SMALL else _RATIO
        ratio = _RATIO_FROZEN if kind == FROZEN else ratio
        tops = share(sides, ratio)
        for top in set(tops):
            members = [key for key, own in zip(keys, tops, strict=True) if own == top]
            shapes = np.array([windows[key][1].shape for key in members])
            rows, columns = (int(n) for n in shapes.max(axis=0))
            for key in members:
                found[key] = windows[key][1]._replace(shape=(rows, columns))
    return found


def share_lengths(listed: Sequence[Any]) -> list[Any]:
    """Make lists of occupied bins equally long where they are nearly so.

    Parameters
    ----------
    listed :
        `gjax.predict.occupied.Occupied` of datasets that could share code, or None.
    """
    sizes = [len(one.counts) for one in listed if isinstance(one, Occupied)]
    tops = iter(share(sizes, _RATIO_LIST))
    return [lengthened(one, next(tops)) if isinstance(one, Occupied) else one for one in listed]
