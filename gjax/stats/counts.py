"""Excess and significance of counts over a background that is known or measured.

Closed forms for single bins, without a model of the signal. Likelihoods of models are in
`gjax.stats.cash` and `gjax.stats.wstat`.
"""

from __future__ import annotations

import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["excess_error", "signed_sqrt_ts", "ts_known_background", "ts_measured_background"]


def ts_known_background(counts: ArrayLike, background: ArrayLike) -> Array:
    r"""Test statistic of an excess over a background without an error.

    .. math:: TS = 2\,\big[n \ln(n / b) - (n - b)\big]

    Parameters
    ----------
    counts, background :
        Observed counts and expected background, shapes that broadcast. Infinite for counts without
        any background.
    """
    counts, background = jnp.asarray(counts, float), jnp.asarray(background, float)
    return 2.0 * jnp.maximum(_times_log_ratio(counts, background) - counts + background, 0.0)


def ts_measured_background(counts: ArrayLike, counts_off: ArrayLike, alpha: ArrayLike) -> Array:
    r"""Test statistic of an excess over a background measured in an off region.

    .. math::

        TS = 2\,\Big[n_{on} \ln\frac{(1 + \alpha)\, n_{on}}{\alpha\,(n_{on} + n_{off})}
        + n_{off} \ln\frac{(1 + \alpha)\, n_{off}}{n_{on} + n_{off}}\Big]

    Parameters
    ----------
    counts, counts_off :
        Counts in the on and the off region, shapes that broadcast.
    alpha :
        Ratio of their acceptances, positive.

    References
    ----------
    T.-P. Li and Y.-Q. Ma, ApJ 272 (1983) 317, equation 17.
    """
    on, off = jnp.asarray(counts, float), jnp.asarray(counts_off, float)
    share = jnp.asarray(alpha, float) / (1.0 + jnp.asarray(alpha, float))
    total = on + off
    log_ratio = _times_log_ratio(on, share * total) + _times_log_ratio(off, (1.0 - share) * total)
    return 2.0 * jnp.maximum(log_ratio, 0.0)


def signed_sqrt_ts(ts: ArrayLike, excess: ArrayLike) -> Array:
    """Root of a test statistic with the sign of the excess, the significance in sigma."""
    return jnp.sign(jnp.asarray(excess, float)) * jnp.sqrt(jnp.asarray(ts, float))


def excess_error(counts: ArrayLike, counts_off: ArrayLike = 0.0, alpha: ArrayLike = 0.0) -> Array:
    r"""Give the standard error of an excess, :math:`\sqrt{n_{on} + \alpha^2 n_{off}}`."""
    alpha = jnp.asarray(alpha, float)
    return jnp.sqrt(jnp.asarray(counts, float) + alpha**2 * jnp.asarray(counts_off, float))


def _times_log_ratio(counts: Array, expected: Array) -> Array:
    """Give n ln(n / m), zero where there are no counts."""
    some = counts > 0
    ratio = jnp.where(some, counts, 1.0) / jnp.where(some, expected, 1.0)
    return jnp.where(some, counts * jnp.log(ratio), 0.0)
