r"""Quotients of exponentials that are 0/0 at a point, with all their derivatives exact there.

Integrals of power laws are made of them. They are moments of the exponential,

.. math:: M_k(u) = \int_0^1 t^k e^{ut}\,dt, \qquad M_k' = M_{k+1},

each a Taylor series near zero, where the textbook forms lose their digits, and a recursion
elsewhere. The derivative of one is the next, so that derivatives of any order are as good.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gjax.typing import Array, ArrayLike

__all__ = [
    "floored_log",
    "integrate_power",
    "mean_exp",
    "raise_power",
    "relative_exp2",
    "relative_expm1",
]

_N_TERMS = 20
_TINY = float(np.finfo(float).tiny)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _moment(k: int, u: Array) -> Array:
    is_small = jnp.abs(u) < 1.0
    powers = jnp.where(is_small, u, 0.0)[..., None] ** np.arange(_N_TERMS)
    terms = [1.0 / (math.factorial(n) * (n + k + 1)) for n in range(_N_TERMS)]
    large = jnp.where(is_small, 1.0, u)
    moment = jnp.expm1(large) / large
    for i in range(1, k + 1):
        moment = (jnp.exp(large) - i * moment) / large
    return jnp.where(is_small, powers @ np.array(terms), moment)


@_moment.defjvp
def _moment_jvp(k: int, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (u,), (change,) = primals, tangents
    return _moment(k, u), _moment(k + 1, u) * change


def relative_expm1(u: ArrayLike) -> Array:
    r"""Evaluate :math:`(e^u - 1)/u`, which is 1 at zero.

    Good to the last digits for u of both signs, with all its derivatives; it overflows where the
    exponential does.
    """
    return _moment(0, jnp.asarray(u, float))


def relative_exp2(u: ArrayLike) -> Array:
    r"""Evaluate :math:`(e^u - 1 - u)/u^2`, which is 1/2 at zero.

    Good to 1e-16 times the size of u (or 1), with all its derivatives.
    """
    u = jnp.asarray(u, float)
    return _moment(0, u) - _moment(1, u)


def floored_log(values: ArrayLike) -> Array:
    """Take the logarithm, that of the least positive number where values are not above it.

    There the derivatives are zero, of every order: a table may hold zeros.
    """
    values = jnp.asarray(values, float)
    is_positive = values > _TINY
    return jnp.where(is_positive, jnp.log(jnp.where(is_positive, values, 1.0)), math.log(_TINY))


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


def raise_power(base: ArrayLike, exponent: ArrayLike) -> Array:
    r"""Evaluate :math:`x^a` with derivatives that are finite at x = 0 where they exist.

    The textbook rule gives 0 times infinity for the second derivative of :math:`x^1` there, and the
    logarithm of zero for the slope in the exponent, which is zero.

    Parameters
    ----------
    base, exponent :
        Shapes that broadcast.
    """
    return _power(jnp.asarray(base, float), jnp.asarray(exponent, float))


@jax.custom_jvp
def _power(base: Array, exponent: Array) -> Array:
    return base**exponent


@_power.defjvp
def _power_jvp(primals: Any, tangents: Any) -> tuple[Array, Array]:
    base, exponent = primals
    value = _power(base, exponent)
    slope = jnp.where(exponent == 0, 0.0, exponent * _power(base, exponent - 1.0))
    log = jnp.where(base > 0, jnp.log(jnp.where(base > 0, base, 1.0)), 0.0)
    return value, slope * tangents[0] + value * log * tangents[1]
