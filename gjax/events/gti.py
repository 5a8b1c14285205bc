"""Good time intervals: when an instrument was taking data that may be used.

Times are float64 seconds since a static reference epoch (MJD, TT). Lives here: the intervals and
the operations on them. Does not live here: reading them (`gjax.io.gadf`) and dead time
(`gjax.events.observation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import numpy as np

from gjax.events.epoch import SECONDS_PER_DAY, as_seconds, as_time
from gjax.typing import ArrayLike

if TYPE_CHECKING:
    from astropy.time import Time

__all__ = ["GTI"]


def _seconds(values: Any) -> np.ndarray:
    return np.atleast_1d(np.asarray(values, float))


class GTI(eqx.Module):
    """Good time intervals ``[start, stop)``; every row counts.

    Parameters
    ----------
    start, stop :
        Beginnings and ends in s since ``reference``, shape ``(n,)``.
    reference :
        The reference epoch, MJD in TT.

    Raises
    ------
    ValueError
        If shapes differ, a time is not finite, or an interval ends before it begins.
    """

    start: ArrayLike = eqx.field(converter=_seconds)
    stop: ArrayLike = eqx.field(converter=_seconds)
    reference: float = eqx.field(static=True, default=51544.0, converter=float)

    def __check_init__(self) -> None:
        if self.start.ndim != 1 or self.start.shape != self.stop.shape:
            raise ValueError(
                f"GTI start and stop must be 1D and alike, got shapes {self.start.shape} "
                f"and {self.stop.shape}"
            )
        if not (np.isfinite(self.start).all() and np.isfinite(self.stop).all()):
            raise ValueError("GTI times must be finite")
        negative = np.flatnonzero(self.stop < self.start)
        if negative.size:
            row = int(negative[0])
            raise ValueError(
                f"GTI row {row} ends before it begins: {self.start[row]} s to {self.stop[row]} s"
            )

    @classmethod
    def create(cls, start: Any, stop: Any, reference: float = 51544.0) -> GTI:
        """Make intervals from astropy times, quantities since ``reference`` or plain seconds."""
        return cls(as_seconds(start, reference), as_seconds(stop, reference), reference)

    @property
    def total(self) -> float:
        """Sum of the durations of all rows in s."""
        return float(np.sum(self.stop - self.start))

    @property
    def time_start(self) -> Time:
        """Beginnings as astropy times (TT)."""
        return as_time(self.start, self.reference)

    @property
    def time_stop(self) -> Time:
        """Ends as astropy times (TT)."""
        return as_time(self.stop, self.reference)

    @property
    def mid(self) -> float:
        """Mean time of the intervals in s since ``reference``, weighted by their durations."""
        if not self.total > 0:
            return float(np.mean((self.start + self.stop) / 2)) if self.start.size else np.nan
        return float(np.sum((self.stop**2 - self.start**2) / 2) / self.total)

    def select_time(self, start: Any, stop: Any) -> GTI:
        """Cut the intervals down to ``[start, stop)``; rows without overlap vanish.

        Parameters
        ----------
        start, stop :
            Astropy times, quantities since ``reference`` or plain seconds.
        """
        low = np.maximum(self.start, as_seconds(start, self.reference))
        high = np.minimum(self.stop, as_seconds(stop, self.reference))
        keep = high > low
        return GTI(low[keep], high[keep], self.reference)

    def union(self) -> GTI:
        """Merge intervals that overlap or touch, so that no time counts twice."""
        order = np.argsort(self.start, kind="stable")
        start, stop = self.start[order], self.stop[order]
        if not start.size:
            return self
        reach = np.maximum.accumulate(stop)
        first = np.concatenate([[True], start[1:] > reach[:-1]])
        last = np.concatenate([first[1:], [True]])
        return GTI(start[first], reach[last], self.reference)

    def contains(self, time: Any) -> np.ndarray:
        """Tell which times lie in an interval (start included, stop excluded)."""
        time = np.asarray(as_seconds(time, self.reference))
        merged = self.union()
        row = np.searchsorted(merged.start, time, side="right") - 1
        inside = row >= 0
        if merged.start.size:
            inside = inside & (time < merged.stop[np.maximum(row, 0)])
        return inside

    def to_reference(self, reference: float) -> GTI:
        """Express the same intervals in s since another epoch (MJD, TT)."""
        shift = (self.reference - float(reference)) * SECONDS_PER_DAY
        return GTI(self.start + shift, self.stop + shift, reference)

    @staticmethod
    def stack(gtis: Sequence[GTI]) -> GTI:
        """Concatenate intervals, in s since the epoch of the first; overlaps are kept."""
        if not gtis:
            raise ValueError("nothing to stack: no GTI given")
        reference = gtis[0].reference
        same = [gti.to_reference(reference) for gti in gtis]
        return GTI(
            np.concatenate([gti.start for gti in same]),
            np.concatenate([gti.stop for gti in same]),
            reference,
        )
