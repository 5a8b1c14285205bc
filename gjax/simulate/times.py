"""Drawing arrival times within good time, evenly or by the light curve of a source."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from gjax.events.gti import GTI
from gjax.simulate.draw import choose

__all__ = ["draw_even_times", "draw_times", "mean_factor"]

# Halvings of an interval: one of a year is cut to less than a nanosecond.
_HALVINGS = 56

# Times at which a light curve is looked at, to see whether it is ever negative.
_LOOKS = 4096


def mean_factor(temporal: Any, gti: GTI) -> float:
    """Average a light curve over good time.

    Raises
    ------
    ValueError
        If the light curve is negative or not finite within good time.
    """
    if temporal is None:
        return 1.0
    share = (np.arange(_LOOKS) + 0.5) / _LOOKS
    time = gti.start[:, None] + share * (gti.stop - gti.start)[:, None]
    seen = np.asarray(temporal(time, gti.reference), float)
    if not (np.isfinite(seen).all() and (seen >= 0).all()):
        raise ValueError("the light curve is negative or not finite within the good time")
    return float(temporal.mean(gti.start, gti.stop, gti.reference))


def draw_times(temporal: Any, gti: GTI, count: int, rng: np.random.Generator) -> np.ndarray:
    r"""Draw arrival times from a light curve within good time.

    The time t of a photon in the interval from a to b solves

    .. math:: \int_a^t f(t')\,dt' = u \int_a^b f(t')\,dt'

    with a uniform random number u, by halving the interval: the integrals of light curves are
    exact, also where they have jumps.

    Parameters
    ----------
    temporal :
        A temporal model that is nowhere negative in good time.
    gti :
        The good time.
    count :
        How many.
    rng :
        Source of randomness.

    Returns
    -------
    time :
        In s since the reference of ``gti``, in no order, shape ``(count,)``.

    Raises
    ------
    ValueError
        If the light curve is zero all the time.
    """
    start, stop = np.asarray(gti.start, float), np.asarray(gti.stop, float)
    integral = jax.jit(lambda low, high: temporal.integral(low, high, gti.reference))
    weights = np.clip(np.asarray(integral(start, stop), float), 0.0, None)
    row = choose(weights, count, rng)
    target = rng.random(count) * weights[row]
    first, low, high = start[row], start[row], stop[row]
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        is_before = np.asarray(integral(first, middle)) < target
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    return 0.5 * (low + high)


def draw_even_times(gti: GTI, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw arrival times evenly from good time, in no order, in s since its reference."""
    durations = np.asarray(gti.stop - gti.start, float)
    elapsed = np.concatenate([[0.0], np.cumsum(durations)])
    position = np.sort(rng.random(count)) * elapsed[-1]
    row = np.clip(np.searchsorted(elapsed, position, side="right") - 1, 0, durations.size - 1)
    time = np.empty(count)
    time[rng.permutation(count)] = gti.start[row] + position - elapsed[row]
    return time
