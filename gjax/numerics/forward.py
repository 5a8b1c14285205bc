"""Derivatives of big arrays with respect to few numbers, pushed forward once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from gjax.typing import Array

__all__ = ["pushed_forward"]


def pushed_forward(
    function: Callable[[Array], Array],
    vector: Array,
    with_jacobian: Callable[[Array], tuple[Array, Array]] | None = None,
) -> Array:
    """Evaluate a function of few numbers such that its gradient costs one forward pass per number.

    Reverse mode would keep every intermediate of ``function`` and walk back through all of them.
    Here the value and its Jacobian are computed together, and going back is one contraction with
    the Jacobian. Higher derivatives work as usual.

    Parameters
    ----------
    function :
        Maps a vector of shape ``(n,)`` to an array of any shape.
    vector :
        Where to evaluate.
    with_jacobian :
        Gives value and Jacobian (last axis ``n``) together, where that can be written better than
        by automatic differentiation.
    """
    both = _by_tangents(function) if with_jacobian is None else with_jacobian

    @jax.custom_jvp
    def evaluate(point: Array) -> Array:
        return function(point)

    @evaluate.defjvp
    def push(primals: Any, tangents: Any) -> tuple[Array, Array]:
        (point,), (move,) = primals, tangents
        value, jacobian = both(point)
        return value, jnp.tensordot(jacobian, move, axes=1)

    return evaluate(vector)


def _by_tangents(function: Callable[[Array], Array]) -> Callable[[Array], tuple[Array, Array]]:
    def both(point: Array) -> tuple[Array, Array]:
        value, push = jax.linearize(function, point)
        return value, jnp.moveaxis(jax.vmap(push)(jnp.eye(point.size)), 0, -1)

    return both
