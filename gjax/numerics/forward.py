"""Derivatives of big arrays with respect to few numbers, pushed forward once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from gjax.typing import Array

__all__ = ["pushed_forward"]


def pushed_forward(
    function: Callable[..., Array],
    vector: Array,
    *constants: Any,
    with_push: Callable[..., tuple[Array, Callable[[Array], Array]]] | None = None,
) -> Array:
    """Evaluate a function of few numbers such that its gradient costs one forward pass per number.

    Reverse mode would keep every intermediate of ``function`` and walk back through all of them.
    Here the value and its derivatives are computed together, and going back is one contraction with
    the derivatives. Higher derivatives work as usual.

    Parameters
    ----------
    function :
        Maps a vector of shape ``(n,)``, and the constants, to an array of any shape. It must not
        close over traced arrays: they would be stale when a loop around it is differentiated.
    vector :
        Where to evaluate.
    *constants :
        Further arguments (trees of arrays), with respect to which there is no derivative.
    with_push :
        Gives the value, and a linear function from a change of the vector to that of the value,
        where that can be written better than by automatic differentiation.
    """
    both = _by_tangents(function) if with_push is None else with_push

    @jax.custom_jvp
    def evaluate(point: Array, fixed: tuple[Any, ...]) -> Array:
        return function(point, *fixed)

    @evaluate.defjvp
    def follow(primals: Any, tangents: Any) -> tuple[Array, Array]:
        (point, fixed), (move, _) = primals, tangents
        value, push = both(point, *fixed)
        return value, push(move)

    return evaluate(vector, constants)


def _by_tangents(function: Callable[..., Array]) -> Callable[..., Any]:
    def both(point: Array, *fixed: Any) -> tuple[Array, Callable[[Array], Array]]:
        value, push = jax.linearize(lambda at: function(at, *fixed), point)
        jacobian = jax.vmap(push)(jnp.eye(point.size))
        return value, lambda move: jnp.tensordot(move, jacobian, axes=1)

    return both
