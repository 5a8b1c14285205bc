"""The Cash statistic: Poisson counts with a modelled background."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["NPRED_FLOOR", "cash", "cash_rest", "deviance_residual"]

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


def cash_rest(counts: ArrayLike, npred: ArrayLike) -> Array:
    r"""Evaluate the Cash statistic per bin less twice the prediction, :math:`-2 n \ln \mu`.

    The rest is needed only where there are counts, so that a sum of the statistic takes one total
    and the predictions in the occupied bins. That is exact, and in the sparse cubes of gamma-ray
    astronomy it saves nearly all of the work. Parameters as in `cash`.
    """
    npred = jnp.asarray(npred, float)
    above = npred > NPRED_FLOOR
    floored = jnp.where(above, npred, NPRED_FLOOR)
    return -2.0 * counts * jnp.log(floored)


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
