"""The W statistic: Poisson counts with a background that was measured in an off region."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["profiled_background", "wstat", "wstat_rest"]

#: Predictions below this are raised to it inside the logarithms.
_FLOOR = 1e-25


def profiled_background(
    counts: ArrayLike, counts_off: ArrayLike, alpha: ArrayLike, npred_signal: ArrayLike
) -> Array:
    r"""Give the expected off counts that maximise the likelihood for a given signal.

    .. math:: \mu_b = \frac{C + \sqrt{C^2 + 4\alpha(\alpha + 1)\, n_{off}\, \mu_s}}
        {2\alpha(\alpha + 1)}, \qquad
        C = \alpha (n_{on} + n_{off}) - (1 + \alpha)\,\mu_s

    Differentiable in ``alpha`` and ``npred_signal``; finite everywhere for positive ``alpha``.

    Parameters
    ----------
    counts, counts_off :
        Counts in the on and the off region.
    alpha :
        Ratio of their acceptances, positive.
    npred_signal :
        Predicted counts of the signal in the on region.

    References
    ----------
    M. de Naurois, Habilitation (2012), p. 141.
    """
    return _profile(counts, counts_off, alpha, npred_signal)


# The public function is a plain one, so that the documentation finds it.
@jax.custom_jvp
def _profile(
    counts: ArrayLike, counts_off: ArrayLike, alpha: ArrayLike, npred_signal: ArrayLike
) -> Array:
    linear = alpha * (counts + counts_off) - (1 + alpha) * npred_signal
    square = linear**2 + 4 * alpha * (alpha + 1) * counts_off * npred_signal
    root = jnp.sqrt(jnp.maximum(square, 0.0))
    # Where C is negative, C + root would cancel: the other form of the solution.
    other = root - linear
    safe = jnp.where(other > 0, other, 1.0)
    small = jnp.where(other > 0, 2 * counts_off * npred_signal / safe, 0.0)
    return jnp.where(linear > 0, (linear + root) / (2 * alpha * (alpha + 1)), small)


@_profile.defjvp
def _profile_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    counts, counts_off, alpha, signal = primals
    off = _profile(counts, counts_off, alpha, signal)
    on = signal + alpha * off
    # The slope of the likelihood in the off counts stays zero: its differential gives theirs.
    # Squares of less than the floor would underflow.
    on_safe, off_safe = jnp.where(on > _FLOOR, on, 1.0), jnp.where(off > _FLOOR, off, 1.0)
    bend_on = jnp.where(on > _FLOOR, counts / on_safe**2, 0.0)
    bend_off = jnp.where(off > _FLOOR, counts_off / off_safe**2, 0.0)
    bend = alpha**2 * bend_on + bend_off
    surplus = 1 - jnp.where(on > _FLOOR, counts / on_safe, 0.0)
    # Off counts at zero stay there: that is their bound.
    moves = (off > _FLOOR) & (bend > 0)
    by = jnp.where(moves, -1.0 / jnp.where(moves, bend, 1.0), 0.0)
    slope = by * alpha * bend_on * tangents[3]
    slope = slope + by * (alpha * bend_on * off + surplus) * tangents[2]
    # Nothing on and a signal too negative: the off counts are what keeps the on counts at zero.
    wall = (counts == 0) & (alpha * counts_off + (1 + alpha) * signal < 0)
    along = (signal / alpha * tangents[2] - tangents[3]) / alpha
    slope = jnp.where(wall, along, slope)
    return off, jnp.broadcast_to(slope, jnp.shape(off))


def wstat_rest(
    counts: ArrayLike, counts_off: ArrayLike, alpha: ArrayLike, npred_signal: ArrayLike
) -> Array:
    r"""Evaluate the W statistic per bin less twice the predicted signal, :math:`W - 2\mu_s`.

    The rest does not depend on the signal in bins without counts in the on region. Parameters as in
    `wstat`.
    """
    off = profiled_background(counts, counts_off, alpha, npred_signal)
    on = npred_signal + alpha * off
    stat = (1 + alpha) * off - _times_log(counts, on) - _times_log(counts_off, off)
    return 2.0 * (stat + _saturated(counts) + _saturated(counts_off))


def wstat(
    counts: ArrayLike, counts_off: ArrayLike, alpha: ArrayLike, npred_signal: ArrayLike
) -> Array:
    r"""Evaluate the W statistic per bin.

    .. math::

        W = 2\,\big[\mu_s + (1 + \alpha)\mu_b - n_{on} \ln(\mu_s + \alpha\mu_b)
        - n_{off} \ln \mu_b - n_{on} (1 - \ln n_{on}) - n_{off} (1 - \ln n_{off})\big]

    with the off counts :math:`\mu_b` of `profiled_background`. Terms with zero counts are left out.
    Value and slopes are finite everywhere, for zero counts, zero off counts, and zero or negative
    signal. It is a convex function of the signal.

    Parameters
    ----------
    counts, counts_off :
        Counts in the on and the off region.
    alpha :
        Ratio of their acceptances, positive.
    npred_signal :
        Predicted counts of the signal in the on region.

    References
    ----------
    M. de Naurois, Habilitation (2012), p. 141; K. Arnaud, XSPEC manual, appendix B (W statistic).
    """
    return 2.0 * npred_signal + wstat_rest(counts, counts_off, alpha, npred_signal)


def _times_log(counts: ArrayLike, npred: Array) -> Array:
    """Give n ln(mu), zero where there are no counts."""
    used = (counts > 0) & (npred > _FLOOR)
    value = counts * jnp.log(jnp.where(used, npred, 1.0))
    floored = jnp.where(counts > 0, counts * jnp.log(_FLOOR), 0.0)
    return jnp.where(used, value, floored)


def _saturated(counts: ArrayLike) -> Array:
    """Give -n (1 - ln n), the likelihood of counts that are predicted exactly."""
    some = jnp.asarray(counts) > 0
    return jnp.where(some, -counts * (1 - jnp.log(jnp.where(some, counts, 1.0))), 0.0)
