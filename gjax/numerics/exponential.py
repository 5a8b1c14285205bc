"""Functions of the exponential whose textbook forms are 0/0 somewhere."""

from __future__ import annotations

import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["relative_expm1"]


def relative_expm1(u: ArrayLike) -> Array:
    r"""Evaluate :math:`(e^u - 1) / u` with all derivatives finite at zero.

    Near zero a Taylor series is used: the quotient is right there too, but its derivatives lose
    digits to cancellation (all of them at second order for u below 1e-8).
    """
    u = jnp.asarray(u)
    is_small = jnp.abs(u) < 0.25
    small = jnp.where(is_small, u, 0.0)
    series = jnp.ones_like(small)
    for k in range(13, 1, -1):
        series = 1.0 + small / k * series
    large = jnp.where(is_small, 1.0, u)
    return jnp.where(is_small, series, jnp.expm1(large) / large)
