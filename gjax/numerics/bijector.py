"""Smooth maps between bounded coordinates and the whole real line, element by element."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from gjax.typing import Array, ArrayLike

__all__ = ["log_slope", "to_bounded", "to_real"]


def _kinds(lower: ArrayLike, upper: ArrayLike) -> tuple[Array, Array, Array, Array]:
    """Give finite stand-ins for the bounds, and which of them are real."""
    has_lower, has_upper = jnp.isfinite(lower), jnp.isfinite(upper)
    low = jnp.where(has_lower, lower, 0.0)
    high = jnp.where(has_upper, upper, low + 1.0)
    return has_lower, has_upper, low, high


def to_bounded(x: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Array:
    """Map real numbers into the open interval between two bounds, either of which may be infinite.

    Two bounds: ``lower + (upper - lower) * sigmoid(x)``; one bound: its distance is
    ``log(1 + exp(x))``; none: identity.
    """
    has_lower, has_upper, low, high = _kinds(lower, upper)
    x = jnp.asarray(x)
    both = low + (high - low) * jax.nn.sigmoid(x)
    above = low + jax.nn.softplus(x)
    below = high - jax.nn.softplus(-x)
    one = jnp.where(has_lower, above, jnp.where(has_upper, below, x))
    return jnp.where(has_lower & has_upper, both, one)


def to_real(y: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Array:
    """Invert `to_bounded`; ``y`` must lie strictly between the bounds."""
    has_lower, has_upper, low, high = _kinds(lower, upper)
    y = jnp.asarray(y)
    fraction = jnp.where(has_lower & has_upper, (y - low) / (high - low), 0.5)
    both = jnp.log(fraction) - jnp.log1p(-fraction)
    above = _inverse_softplus(jnp.where(has_lower, y - low, 1.0))
    below = -_inverse_softplus(jnp.where(has_upper, high - y, 1.0))
    one = jnp.where(has_lower, above, jnp.where(has_upper, below, y))
    return jnp.where(has_lower & has_upper, both, one)


def log_slope(x: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Array:
    """Evaluate the logarithm of the derivative of `to_bounded`."""
    has_lower, has_upper, low, high = _kinds(lower, upper)
    x = jnp.asarray(x)
    both = jnp.log(high - low) + jax.nn.log_sigmoid(x) + jax.nn.log_sigmoid(-x)
    one = jnp.where(has_lower, jax.nn.log_sigmoid(x), jax.nn.log_sigmoid(-x))
    some = has_lower | has_upper
    return jnp.where(has_lower & has_upper, both, jnp.where(some, one, 0.0))


def _inverse_softplus(y: Array) -> Array:
    return y + jnp.log(-jnp.expm1(-y))
