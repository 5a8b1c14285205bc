"""Light curves in memory: flux points of a source in intervals of time.

Here is the container `LightCurve`; its file format is in `gjax.io.light_curve`.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, final

import equinox as eqx
import numpy as np

from gjax.estimate.points import FluxPoints
from gjax.events.epoch import as_time
from gjax.events.gti import GTI

if TYPE_CHECKING:
    from astropy.time import Time

__all__ = ["LightCurve"]

#: What all intervals share.
_SHARED = ("e_ref", "e_min", "e_max")


@final
class LightCurve(eqx.Module):
    """Flux points in intervals of time, which need not touch.

    Parameters
    ----------
    start, stop :
        Beginnings and ends of the intervals in s since ``reference``, shape ``(time,)``.
    points :
        The fluxes: energies of shape ``(band,)``, all else of shape ``(time, band)`` and more.
    reference :
        The reference epoch, MJD in TT.

    Raises
    ------
    ValueError
        If the numbers of intervals disagree, or one ends before it begins.
    """

    start: np.ndarray
    stop: np.ndarray
    points: FluxPoints
    reference: float = eqx.field(static=True, default=51544.0)

    def __check_init__(self) -> None:
        expected = (len(self.start), len(self.points.e_ref))
        if np.shape(self.start) != np.shape(self.stop) or self.points.norm.shape != expected:
            raise ValueError(
                f"a light curve of {len(self.start)} intervals and {expected[1]} bands has norms "
                f"of shape {self.points.norm.shape}"
            )
        if (self.stop < self.start).any():
            row = int(np.flatnonzero(self.stop < self.start)[0])
            raise ValueError(f"interval {row} of the light curve ends before it begins")

    @property
    def time_start(self) -> Time:
        """Beginnings as astropy times (TT)."""
        return as_time(self.start, self.reference)

    @property
    def time_stop(self) -> Time:
        """Ends as astropy times (TT)."""
        return as_time(self.stop, self.reference)

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, index: int) -> FluxPoints:
        """Give the flux points of one interval, the interval as their time."""
        index = range(len(self))[index]
        chosen = {
            field.name: value[index]
            for field in dataclasses.fields(self.points)
            if isinstance(value := getattr(self.points, field.name), np.ndarray)
            and field.name not in _SHARED
            and value.ndim > 1
        }
        gti = GTI(self.start[[index]], self.stop[[index]], self.reference)
        return dataclasses.replace(self.points, **chosen, gti=gti)
