"""Integrals of functions with kinks: the intervals are cut where the function is not smooth.

Where the kinks are may be traced and may be differentiated; only their number is fixed. Smooth
functions are integrated in `gjax.numerics.quadrature`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from gjax.numerics.quadrature import integrate_log_energy
from gjax.typing import Array, ArrayLike

__all__ = ["integrate_pieces", "integrate_smooth_pieces"]


def integrate_pieces(
    integrate: Callable[[Array, Array], Array],
    energy_min: ArrayLike,
    energy_max: ArrayLike,
    breaks: ArrayLike,
) -> Array:
    """Integrate over intervals, one piece between neighbouring kinks or limits at a time.

    All limits and kinks are sorted together, each gap between neighbours is integrated once, and
    each interval is the sum of the gaps inside it: nothing cancels, and the number of integrals
    grows with the sum of the numbers of intervals and kinks, not with their product.

    Parameters
    ----------
    integrate :
        Takes lower and upper limits of m pieces, shape ``(m,)`` each, within which the function is
        smooth, and gives the integrals, shape ``(m,)``; zero for equal limits.
    energy_min, energy_max :
        Limits of the intervals, positive; they broadcast against each other.
    breaks :
        Where the function has kinks, shape ``(k,)``, in any order.

    Returns
    -------
    array
        Integrals, of the broadcast shape of the limits.
    """
    low, high = jnp.broadcast_arrays(jnp.asarray(energy_min, float), jnp.asarray(energy_max, float))
    shape, low, high = low.shape, low.ravel(), high.ravel()
    nodes = jnp.sort(jnp.concatenate([low, high, jnp.ravel(jnp.asarray(breaks, float))]))
    start, stop = nodes[:-1], nodes[1:]
    inside = (start >= low[:, None]) & (stop <= high[:, None])
    # Kinks outside all intervals must not cost finiteness: pieces that nobody needs are emptied.
    needed = jnp.any(inside, axis=0)
    start = jnp.where(needed, start, low[0])
    stop = jnp.where(needed, stop, low[0])
    total = inside.astype(float) @ jnp.where(needed, integrate(start, stop), 0.0)
    return total.reshape(shape)


def integrate_smooth_pieces(
    f: Callable[[Any], Any],
    energy_min: ArrayLike,
    energy_max: ArrayLike,
    breaks: ArrayLike,
    n: int,
) -> Array:
    """Integrate a function with kinks by Gauss-Legendre quadrature in log energy between them.

    Parameters
    ----------
    f :
        Takes energies of shape ``(m, n)`` and gives values of the same shape.
    energy_min, energy_max, breaks :
        As for `integrate_pieces`.
    n :
        Number of nodes in each piece.
    """
    return integrate_pieces(
        lambda start, stop: integrate_log_energy(f, start, stop, n), energy_min, energy_max, breaks
    )
