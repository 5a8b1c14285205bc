"""The Cash statistic: Poisson counts with a modelled background."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["NPRED_FLOOR", "cash", "cash_sum", "deviance_residual"]

#: Predicted counts below this are raised to it inside the logarithm, as in Gammapy.
NPRED_FLOOR = 1e-25


def cash(counts: ArrayLike, npred: ArrayLike) -> Array:
    r"""Evaluate the Cash statistic per bin.

    .. math:: C = 2\,(\mu - n \ln \mu)

    The term :math:`\ln n!`, which does not depend on the model, is left out. Predicted counts are
    floored at `NPRED_FLOOR` in both terms; value and gradient are finite everywhere.

    Parameters
    ----------
    counts, npred :
        Observed and predicted counts, shapes that broadcast.

    References
    ----------
    W. Cash, ApJ 228 (1979) 939, equation 5.
    """
    above = npred > NPRED_FLOOR
    floored = jnp.where(above, npred, NPRED_FLOOR)
    return 2.0 * (floored - counts * jnp.log(floored))


def cash_sum(total: ArrayLike, npred: ArrayLike, counts: ArrayLike) -> Scalar:
    r"""Sum the Cash statistic, given the predicted total and the predictions in occupied bins.

    .. math:: C = 2\,\Big(\sum_i \mu_i - \sum_{i: n_i > 0} n_i \ln \mu_i\Big)

    The logarithm is needed only where there are counts. That is exact, and in the sparse cubes of
    gamma-ray astronomy it saves nearly all of the work.

    Parameters
    ----------
    total :
        Predicted counts, summed over all bins.
    npred, counts :
        Predicted and observed counts in the bins that have some; bins of zero counts do no harm.
    """
    npred = jnp.asarray(npred, float)
    above = npred > NPRED_FLOOR
    floored = jnp.where(above, npred, NPRED_FLOOR)
    return 2.0 * (total - jnp.sum(counts * jnp.log(floored)))


def deviance_residual(counts: Any, npred: Any) -> Array:
    r"""Give the signed root of the Poisson deviance, a residual in sigma.

    .. math:: \mathrm{sign}(n - \mu)\,\sqrt{2\,(\mu - n + n \ln(n / \mu))}

    Parameters
    ----------
    counts, npred :
        Observed and predicted counts, shapes that broadcast; zero where nothing is predicted and
        nothing seen.
    """
    floored = jnp.maximum(npred, NPRED_FLOOR)
    some = counts > 0
    log_term = jnp.where(some, counts * jnp.log(jnp.where(some, counts, 1.0) / floored), 0.0)
    deviance = jnp.maximum(2.0 * (floored - counts + log_term), 0.0)
    return jnp.sign(counts - floored) * jnp.sqrt(deviance)
