"""Stacking of equal structures, so that code is compiled once for all of them.

Sources of one kind in a dataset, and datasets of one shape, are stacked along a leading axis and
evaluated by one piece of compiled code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["group_equal", "map_stacked", "stack_trees", "structure"]

#: On a CPU, members of a stack with up to this many elements are evaluated all at once.
_SMALL = 32768


def structure(tree: Any) -> Hashable:
    """Give what two trees must share to be stacked: structure, static fields, shapes, types."""
    leaves, definition = jax.tree_util.tree_flatten(tree)
    return definition, tuple((np.shape(leaf), _type(leaf)) for leaf in leaves)


def _type(leaf: Any) -> np.dtype:
    """Give the type that a leaf has on the device; that of an array is known without asking JAX."""
    known = getattr(leaf, "dtype", None)
    return jnp.result_type(leaf) if known is None else jax.dtypes.canonicalize_dtype(known)


def group_equal(trees: Sequence[Any]) -> list[tuple[int, ...]]:
    """Group the positions of trees of equal structure, in order of first appearance."""
    groups: dict[Hashable, list[int]] = {}
    for position, tree in enumerate(trees):
        groups.setdefault(structure(tree), []).append(position)
    return [tuple(positions) for positions in groups.values()]


def stack_trees(trees: Sequence[Any], to_device: float = math.inf) -> Any:
    """Stack the leaves of equal trees along a new first axis.

    Host arrays stay on the host; anything traced stays traced. A leaf that all trees share is
    repeated without work.

    Parameters
    ----------
    to_device :
        Stacks of more bytes are put on the device.
    """

    def stack(*leaves: Any) -> Any:
        if len(leaves) > 1 and all(leaf is leaves[0] for leaf in leaves):
            on_host = isinstance(leaves[0], (np.ndarray, np.generic, float, int))
            repeat = np.broadcast_to if on_host else jnp.broadcast_to
            return repeat(leaves[0], (len(leaves), *np.shape(leaves[0])))
        if len(leaves) == 1 and isinstance(leaves[0], np.ndarray):
            return leaves[0][None]
        on_host = all(isinstance(leaf, (np.ndarray, np.generic, float, int)) for leaf in leaves)
        if not on_host:
            return jnp.stack(leaves)
        stacked = np.stack(leaves)
        return jax.device_put(stacked) if stacked.nbytes > to_device else stacked

    return jax.tree.map(stack, *trees)


def map_stacked(function: Callable[[Any], Any], stacked: Any, elements: int | None = None) -> Any:
    """Apply a function to each member of a stack and stack the results.

    On a CPU large members run one after the other, which keeps them in the cache; small ones, whose
    cost is that of calling each operation, run at once, as all do elsewhere.

    Parameters
    ----------
    elements :
        Size of the arrays at work for one member; that of its largest leaf if not given.
    """
    leaves = jax.tree.leaves(stacked)
    length = np.shape(leaves[0])[0]
    if length == 1:
        only = function(jax.tree.map(lambda leaf: leaf[0], stacked))
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], only)
    size = max(np.size(leaf) for leaf in leaves) // length if elements is None else elements
    if jax.default_backend() == "cpu" and size > _SMALL:
        return jax.lax.map(function, stacked)
    return jax.vmap(function)(stacked)
