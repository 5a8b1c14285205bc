"""Days between an epoch of a model and a time of the data, across time scales.

The epoch of a model may be a free parameter, so this works on traced values; the astropy library,
which knows more time scales, is not used here.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from gjax.typing import Array, ArrayLike

__all__ = ["SCALES", "SECONDS_PER_DAY", "check_scale", "days_since", "seconds_behind_tt"]

#: Time scales in which a model may give its epoch.
SCALES = ("utc", "tai", "tt")

SECONDS_PER_DAY = 86400.0

# TT - TAI, by definition.
_TT_TAI = 32.184

# MJD (UTC) from which TAI - UTC is 10 s, 11 s, ... (IERS Bulletin C).
_LEAP_SECONDS = np.array(
    [
        *(41317, 41499, 41683, 42048, 42413, 42778, 43144, 43509, 43874, 44239),
        *(44786, 45151, 45516, 46247, 47161, 47892, 48257, 48804, 49169, 49534),
        *(50083, 50630, 51179, 53736, 54832, 56109, 57204, 57754),
    ],
    float,
)


def check_scale(scale: str) -> None:
    """Refuse a time scale that is not one of `SCALES`.

    Raises
    ------
    ValueError
        Naming the scale and the choices.
    """
    if scale not in SCALES:
        raise ValueError(f"time scale is {scale!r}, should be one of {', '.join(SCALES)}")


def seconds_behind_tt(mjd: ArrayLike, scale: str) -> Array:
    """Give TT minus a time scale in s, at an MJD in that scale.

    Before 1972, UTC is taken as 10 s behind TAI.
    """
    check_scale(scale)
    if scale == "tt":
        return jnp.zeros_like(mjd, dtype=jnp.result_type(float))
    if scale == "tai":
        return jnp.full_like(mjd, _TT_TAI, dtype=jnp.result_type(float))
    leaps = jnp.searchsorted(jnp.asarray(_LEAP_SECONDS[1:]), jnp.asarray(mjd), side="right")
    return 10.0 + leaps + _TT_TAI


def days_since(epoch: ArrayLike, time: ArrayLike, reference: float, scale: str) -> Array:
    """Give the elapsed time in d from a model's epoch to times of the data.

    Parameters
    ----------
    epoch :
        MJD in ``scale``.
    time :
        Time in s since ``reference``.
    reference :
        MJD in TT.
    scale :
        Time scale of the epoch.
    """
    shift = seconds_behind_tt(epoch, scale)
    return (reference - epoch) + (jnp.asarray(time) - shift) / SECONDS_PER_DAY
