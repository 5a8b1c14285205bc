"""Drawing random numbers from tabulated distributions, by their inverse cumulative distributions.

Everything here is vectorised over the events and knows nothing of what it draws.
"""

from __future__ import annotations

import numpy as np

from gjax.numerics.quadrature import segments_loglog
from gjax.typing import ArrayLike

__all__ = ["choose", "draw_exponential", "draw_log_cells", "draw_rows"]


def choose(weights: ArrayLike, count: int, rng: np.random.Generator) -> np.ndarray:
    """Choose cells with probability proportional to their weights.

    Parameters
    ----------
    weights :
        Any shape, not negative.
    count :
        How many.
    rng :
        Source of randomness.

    Returns
    -------
    cells :
        Number of the chosen cells in the flattened array, shape ``(count,)``.

    Raises
    ------
    ValueError
        If there is something to choose but all weights are zero.
    """
    if count == 0:
        return np.zeros(0, int)
    cumulative = np.cumsum(weights)
    if not cumulative[-1] > 0:
        raise ValueError("cannot draw from a distribution that is zero everywhere")
    found = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    return np.minimum(found, np.searchsorted(cumulative, cumulative[-1]))


def draw_exponential(slope: ArrayLike, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers in [0, 1) with densities proportional to ``exp(slope * t)``, one per slope."""
    slope = np.asarray(slope, float)
    uniform = rng.random(slope.shape)
    flat = np.abs(slope) < 1e-8
    steep = np.where(flat, 1.0, slope)
    return np.where(flat, uniform, np.log1p(uniform * np.expm1(steep)) / steep)


def draw_log_cells(
    x: ArrayLike, density: ArrayLike, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw positive numbers from a density that is a power law between nodes.

    Parameters
    ----------
    x :
        Nodes, positive and increasing, shape ``(n,)``.
    density :
        Density per unit x at the nodes, not negative, shape ``(n,)``; a cell with a zero at either
        end is never drawn.
    count :
        How many.
    rng :
        Source of randomness.
    """
    x, density = np.asarray(x, float), np.asarray(density, float)
    cells = choose(segments_loglog(x, density), count, rng)
    flux = x * density
    share = draw_exponential(np.log(flux[cells + 1] / flux[cells]), rng)
    return x[cells] * (x[cells + 1] / x[cells]) ** share


def draw_rows(
    cumulative: ArrayLike, x: ArrayLike, rows: ArrayLike, rng: np.random.Generator
) -> np.ndarray:
    """Draw one number per event, each from the distribution in its row.

    Parameters
    ----------
    cumulative :
        Cumulative distributions at the nodes, from zero to one and not decreasing, shape
        ``(m, n)``; linear between nodes.
    x :
        The nodes, shape ``(n,)``.
    rows :
        Row of each event, shape ``(events,)``.
    rng :
        Source of randomness.
    """
    cumulative, x, rows = np.asarray(cumulative), np.asarray(x), np.asarray(rows)
    uniform = rng.random(rows.shape)
    # All rows side by side form one increasing sequence, so one search serves all events.
    sequence = (cumulative + 2.0 * np.arange(len(cumulative))[:, None]).ravel()
    found = np.searchsorted(sequence, uniform + 2.0 * rows, side="right") - 1
    left = np.clip(found - rows * x.size, 0, x.size - 2)
    low, high = cumulative[rows, left], cumulative[rows, left + 1]
    share = np.divide(uniform - low, high - low, out=np.zeros_like(low), where=high > low)
    return x[left] + np.clip(share, 0, 1) * (x[left + 1] - x[left])
