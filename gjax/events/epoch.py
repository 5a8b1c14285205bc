"""Seconds since a reference epoch, and their conversion to and from astropy times.

The only place of this layer that makes an astropy `Time`. An epoch is a float MJD in TT. astropy is
imported where it is used, since it takes long: many fits have no absolute times.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from gjax.units import to_internal

if TYPE_CHECKING:
    from astropy.time import Time

__all__ = ["SECONDS_PER_DAY", "as_seconds", "as_time", "epoch_mjd"]

SECONDS_PER_DAY = 86400.0


def as_time(seconds: Any, reference: float) -> Time:
    """Make astropy times (TT) of s since ``reference`` (MJD, TT)."""
    from astropy import units as u
    from astropy.time import Time, TimeDelta

    delta = TimeDelta(np.asarray(seconds, float) * u.s, scale="tt")
    return Time(reference, format="mjd", scale="tt") + delta


def as_seconds(time: Any, reference: float) -> Any:
    """Give s since ``reference`` (MJD, TT) of an astropy time, a Quantity or plain seconds.

    The difference is formed from astropy's two-part times, so nothing of its precision is lost to
    the size of an MJD.
    """
    astropy_time = sys.modules.get("astropy.time")  # without it nobody has a Time
    if astropy_time is not None and isinstance(time, astropy_time.Time):
        from astropy.time import Time

        epoch = Time(reference, format="mjd", scale="tt")
        return (time.tt - epoch).to_value("s")
    return to_internal(time, "s", "time")


def epoch_mjd(integer: float, fraction: float, scale: str) -> float:
    """Give the MJD in TT of an epoch written as MJDREFI, MJDREFF and TIMESYS.

    Raises
    ------
    ValueError
        If the time scale is unknown.
    """
    from astropy.time import Time

    scale = scale.strip().lower()
    if scale in ("", "tt"):
        return float(integer) + float(fraction)
    if scale not in Time.SCALES:
        raise ValueError(f"unknown time scale {scale!r}")
    return float(Time(integer, fraction, format="mjd", scale=scale).tt.mjd)
