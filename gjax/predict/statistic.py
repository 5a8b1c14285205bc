r"""The statistic of a dataset from its sparse prediction, and its slopes in the occupied bins.

For any statistic of counts here,

.. math:: S = 2 \sum_i \mu_i + \sum_{i\ \mathrm{occupied}} s_i(\mu_i, \alpha_i)

with :math:`s = -2 n \ln \mu` (Cash) or the rest of the W statistic, where :math:`\mu` is the signal
and :math:`\alpha` the ratio of acceptances.
"""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from gjax.predict.occupied import Occupied
from gjax.predict.sparse import Sparse
from gjax.stats.cash import cash_rest
from gjax.stats.wstat import wstat_rest
from gjax.typing import Array, Scalar

__all__ = ["Slopes", "bin_slopes", "statistic"]


class Slopes(eqx.Module):
    """Half of the statistic's derivatives in each occupied bin, each of shape ``(occupied,)``.

    Parameters
    ----------
    npred, npred_npred :
        First and second derivative of the rest in the prediction; the second is never negative.
    alpha, alpha_alpha, npred_alpha :
        Those in the ratio of acceptances, and the mixed one; None without off counts.
    """

    npred: Array
    npred_npred: Array
    alpha: Array | None = None
    alpha_alpha: Array | None = None
    npred_alpha: Array | None = None


def statistic(bins: Occupied, sparse: Sparse) -> Scalar:
    """Give the statistic of a dataset."""
    return 2.0 * sparse.total + jnp.sum(_rest(bins)(sparse.npred, sparse.alpha))


def bin_slopes(bins: Occupied, sparse: Sparse) -> Slopes:
    """Differentiate half of the statistic in every occupied bin."""
    rest, npred, alpha = _rest(bins), sparse.npred, sparse.alpha

    def first(npred: Array, alpha: Array | None) -> Array:
        return _along(lambda mu: rest(mu, alpha), npred)

    slopes = (first(npred, alpha), _along(lambda mu: first(mu, alpha), npred))
    if alpha is None:
        return Slopes(*(0.5 * slope for slope in slopes))
    by_alpha = (
        _along(lambda ratio: rest(npred, ratio), alpha),
        _along(lambda ratio: _along(lambda r: rest(npred, r), ratio), alpha),
        _along(lambda ratio: first(npred, ratio), alpha),
    )
    return Slopes(*(0.5 * slope for slope in (*slopes, *by_alpha)))


def _rest(bins: Occupied) -> Callable[[Array, Array | None], Array]:
    counts = jnp.asarray(bins.counts)
    if bins.counts_off is None:
        return lambda npred, alpha: cash_rest(counts, npred)
    counts_off, used = jnp.asarray(bins.counts_off), jnp.asarray(bins.is_used)

    def rest(npred: Array, alpha: Array | None) -> Array:
        return jnp.where(used, wstat_rest(counts, counts_off, alpha, npred), 0.0)

    return rest


def _along(function: Callable[[Array], Array], at: Array) -> Array:
    """Differentiate a function that acts bin by bin."""
    return jax.jvp(function, (at,), (jnp.ones_like(at),))[1]
