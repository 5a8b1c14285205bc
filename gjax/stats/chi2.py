r"""The statistic of measured fluxes: errors, limits and likelihood profiles of points.

Arrays in, numbers out: which of them a published flux point becomes is decided by
`gjax.dataset.flux_points`; how a profile is interpolated, in `gjax.stats.stat_profile`.
"""

from __future__ import annotations

from typing import final

import equinox as eqx
import jax.numpy as jnp

from gjax.stats.stat_profile import ProfileTable, profile_stat
from gjax.typing import Array, ArrayLike

__all__ = ["Points", "chi2", "points_stat"]


@final
class Points(eqx.Module):
    """Measured values with errors, all finite, shape ``(n,)`` each.

    Parameters
    ----------
    value :
        Measured values.
    weight_low, weight_high :
        Inverses of the errors for predictions below and above the value. Zero where nothing is
        known of that side, as below an upper limit, and for points that are not used.
    is_used :
        Points that count.
    profile :
        Likelihood profiles, of predictions divided by `scale`, that replace values and errors.
    scale :
        Flux that the norms of the profiles are multiples of.
    """

    value: ArrayLike
    weight_low: ArrayLike
    weight_high: ArrayLike
    is_used: ArrayLike
    profile: ProfileTable | None = None
    scale: ArrayLike = 1.0


def chi2(
    value: ArrayLike, weight_low: ArrayLike, weight_high: ArrayLike, predicted: ArrayLike
) -> Array:
    r"""Evaluate the statistic of normal errors that may differ below and above.

    .. math::

        S = w^2 (m - x)^2, \quad
        w = 1 / \sigma_+ \text{ if } m > x, \text{ else } 1 / \sigma_-

    for a measurement :math:`x^{+\sigma_+}_{-\sigma_-}` and a prediction :math:`m`. A prediction
    above the measurement is compared with the error up. Value and slope are continuous. A weight of
    zero leaves that side out, so that an upper limit is a value, or zero, with an error up only.

    Parameters
    ----------
    value, weight_low, weight_high :
        Measured values and inverse errors; shapes broadcast.
    predicted :
        Predictions.
    """
    residual = jnp.asarray(predicted) - value
    pull = residual * jnp.where(residual > 0, weight_high, weight_low)
    return pull * pull


def points_stat(points: Points, dnde: ArrayLike) -> Array:
    r"""Evaluate :math:`-2 \ln L` of each measured flux, up to a constant.

    Parameters
    ----------
    points :
        What is measured, from `gjax.dataset.FluxPointsDataset.points`.
    dnde :
        Predicted differential fluxes in cm-2 s-1 TeV-1, shape ``(n,)``.

    Returns
    -------
    stat :
        Shape ``(n,)``; zero for points that are not used, whatever is predicted there. Value and
        gradient are finite for all finite predictions.
    """
    used = jnp.asarray(points.is_used)
    # The inner where: a prediction that is not finite must not reach the gradient of unused points.
    predicted = jnp.where(used, dnde, points.value)
    if points.profile is None:
        stat = chi2(points.value, points.weight_low, points.weight_high, predicted)
    else:
        stat = profile_stat(points.profile, predicted / points.scale)
    return jnp.where(used, stat, 0.0)
