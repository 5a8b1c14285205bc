r"""Quotients of exponentials that are 0/0 at a point, with all their derivatives finite there.

Integrals of power laws are made of them. Each is a Taylor series near zero: the quotient itself is
right there too, but its derivatives lose digits to cancellation. The trees of a branch that is not
taken are kept finite, so that derivatives of any order stay so.
"""

from __future__ import annotations

import math

import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["integrate_power", "mean_exp", "relative_exp2", "relative_expm1"]


def relative_expm1(u: ArrayLike) -> Array:
    r"""Evaluate :math:`(e^u - 1)/u`, which is 1 at zero.

    Values and derivatives are good to the last digits for u of both signs; it overflows where the
    exponential does.
    """
    u = jnp.asarray(u, float)
    is_small = jnp.abs(u) < 0.25
    small = jnp.where(is_small, u, 0.0)
    series = jnp.ones_like(small)
    for k in range(13, 1, -1):
        series = 1.0 + small / k * series
    large = jnp.where(is_small, 1.0, u)
    return jnp.where(is_small, series, jnp.expm1(large) / large)


def relative_exp2(u: ArrayLike) -> Array:
    r"""Evaluate :math:`(e^u - 1 - u)/u^2`, which is 1/2 at zero.

    Values and first derivatives are good to 1e-13, second ones to 1e-11.
    """
    u = jnp.asarray(u, float)
    is_small = jnp.abs(u) < 1.0
    small = jnp.where(is_small, u, 0.0)
    series = jnp.full_like(small, 1.0 / math.factorial(20))
    for k in range(19, 1, -1):
        series = 1.0 / math.factorial(k) + small * series
    large = jnp.where(is_small, 2.0, u)
    return jnp.where(is_small, series, (jnp.expm1(large) - large) / large**2)


def mean_exp(start: ArrayLike, stop: ArrayLike) -> Array:
    r"""Average an exponential whose argument goes linearly from one value to another.

    .. math:: \int_0^1 e^{a + t (b - a)}\,dt = \frac{e^b - e^a}{b - a}

    Parameters
    ----------
    start, stop :
        Arguments a and b at both ends; they broadcast.
    """
    start, stop = jnp.broadcast_arrays(jnp.asarray(start, float), jnp.asarray(stop, float))
    # From the larger end downwards nothing overflows that is not infinite itself.
    falls = stop <= start
    top = jnp.where(falls, start, stop)
    return jnp.exp(top) * relative_expm1(jnp.where(falls, stop - start, start - stop))


def integrate_power(
    low: ArrayLike, high: ArrayLike, reference: ArrayLike, exponent: ArrayLike
) -> Array:
    r"""Integrate :math:`x^{p-1}` over x = E / reference, smoothly through p = 0.

    Written as :math:`x_1^p\, L\, (e^{pL} - 1)/(pL)` with :math:`L = \ln(x_2/x_1)`, because the
    textbook form is 0/0 where p vanishes.

    Parameters
    ----------
    low, high :
        Limits of E, positive; they broadcast.
    reference :
        Unit of x, positive.
    exponent :
        The exponent p.
    """
    span = jnp.log(jnp.asarray(high) / low)
    start = (jnp.asarray(low) / reference) ** exponent
    return start * span * relative_expm1(exponent * span)
