r"""Value, slopes and curvature of the prediction, using the structure of the problem.

Every parameter of a source acts in that source alone, and a spectral one only through a small
matrix. So derivatives are taken source by source: spectral ones need no convolution at all, spatial
ones one image each. With the weights :math:`w_i = 1 - n_i / \mu_i` of the Cash statistic,

.. math:: \tfrac12 \partial_j C = \sum_i w_i\, \partial_j \mu_i, \qquad
    \tfrac12 \partial_j \partial_k C =
    \sum_i \frac{n_i}{\mu_i^2}\, \partial_j \mu_i\, \partial_k \mu_i
    + \sum_i w_i\, \partial_j \partial_k \mu_i

the first sum of the curvature runs over the occupied bins, and the second has no terms between two
sources.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.fold import Components, PreparedDataset, background_factor
from gjax.predict.group import map_stacked
from gjax.predict.source import AbstractSource
from gjax.predict.sparse import Sparse, npred_sparse, place_in_window
from gjax.stats.cash import NPRED_FLOOR
from gjax.typing import Array, Float

__all__ = ["Expansion", "Varying", "expand", "local_vector"]

#: For each leaf of `Components`, in the order of its tree, whether it can change.
Varying = Components


class Expansion(eqx.Module):
    """Derivatives of one dataset's prediction in the local parameters of its models.

    Parameters
    ----------
    sparse :
        The prediction itself.
    slopes :
        Derivatives in the occupied bins, shape ``(local, occupied)``.
    gradient, curvature :
        Sums over all bins of the statistic's weight times first and second derivatives, shapes
        ``(local,)`` and ``(local, local)``.
    """

    sparse: Sparse
    slopes: Float[Array, "local occupied"]
    gradient: Float[Array, " local"]
    curvature: Float[Array, "local local"]


def local_vector(physics: Components, varying: Varying) -> Float[Array, " local"]:
    """Collect the parameters that can change: background first, then source by source."""
    parts = [_pick(physics.background, varying.background)]
    for models, which in zip(physics.sources, varying.sources, strict=True):
        own = [_pick(part, chosen) for part, chosen in zip(models, which, strict=True)]
        parts.append(jnp.concatenate(own, axis=-1).reshape(-1))
    return jnp.concatenate(parts)


def expand(data: PreparedDataset, physics: Components, varying: Varying) -> Expansion:
    """Expand the prediction of one dataset to second order in its local parameters."""
    sparse = npred_sparse(data, physics)
    above = sparse.npred > NPRED_FLOOR
    ratio = jnp.where(above, data.occupied.counts / jnp.where(above, sparse.npred, 1.0), 0.0)
    blocks = [_expand_background(data, physics, varying.background, sparse, ratio)]
    for stacked, models, which in zip(data.sources, physics.sources, varying.sources, strict=True):

        def one(parts: Any, which: Any = which) -> _Block:
            source, spectral, spatial = parts
            return _expand_source(source, data, (spectral, spatial), which, sparse, ratio)

        kind = map_stacked(one, (stacked, *models))
        blocks += [jax.tree.map(lambda leaf, i=i: leaf[i], kind) for i in range(_length(stacked))]
    curvature = jax.scipy.linalg.block_diag(*[block.curvature for block in blocks])
    return Expansion(
        sparse=sparse,
        slopes=jnp.concatenate([block.slopes for block in blocks]),
        gradient=jnp.concatenate([block.gradient for block in blocks]),
        curvature=curvature,
    )


class _Block(eqx.Module):
    """What one model adds to an expansion."""

    slopes: Array
    gradient: Array
    curvature: Array


def _length(stacked: Any) -> int:
    return np.shape(jax.tree.leaves(stacked)[0])[0]


def _slopes(function: Callable[[Array], Array], at: Array) -> Array:
    """Differentiate by forward mode; the derivatives are the last axis."""
    if not at.size:
        return jnp.zeros((*jax.eval_shape(function, at).shape, 0))
    return jax.jacfwd(function)(at)


def _bends(function: Callable[[Array], Array], at: Array) -> Array:
    """Differentiate twice; the derivatives are the last two axes."""
    return _slopes(lambda point: _slopes(function, point), at)


def _pick(module: Any, which: Any) -> Array:
    """Stack the leaves that can change along a last axis."""
    chosen = [
        jnp.asarray(leaf)
        for leaf, varies in zip(jax.tree.leaves(module), jax.tree.leaves(which), strict=True)
        if varies
    ]
    if chosen:
        return jnp.stack(chosen, axis=-1)
    leaves = jax.tree.leaves(module)
    return jnp.zeros((*np.shape(leaves[0]), 0) if leaves else (0,))


def _put(module: Any, which: Any, vector: Array) -> Any:
    """Give the module with other values of the leaves that can change."""
    leaves, structure = jax.tree.flatten(module)
    position = 0
    for i, varies in enumerate(jax.tree.leaves(which)):
        if varies:
            leaves[i] = vector[position]
            position += 1
    return jax.tree.unflatten(structure, leaves)


def _expand_background(
    data: PreparedDataset, physics: Components, which: Any, sparse: Sparse, ratio: Array
) -> _Block:
    bins = data.occupied
    start = _pick(physics.background, which)

    def factor(vector: Array) -> Array:
        model = _put(physics.background, which, vector)
        return background_factor(data, Components(model, ()))

    slope = _slopes(factor, start)
    bend = _bends(factor, start)
    # A comparison instead of a scatter: the order of a sum must not depend on the device.
    energy = jnp.asarray(bins.energy)
    is_bin = energy[None, :] == jnp.arange(len(slope))[:, None]
    weight = sparse.region.background - is_bin.astype(float) @ (ratio * bins.background)
    return _Block(
        slopes=(slope[energy] * jnp.asarray(bins.background)[:, None]).T,
        gradient=weight @ slope,
        curvature=jnp.einsum("e,ejk->jk", weight, bend),
    )


def _expand_source(
    source: AbstractSource,
    data: PreparedDataset,
    models: tuple[Any, Any],
    which: tuple[Any, Any],
    sparse: Sparse,
    ratio: Array,
) -> _Block:
    spectral, spatial = (_pick(model, chosen) for model, chosen in zip(models, which, strict=True))
    edges, edisp = jnp.asarray(data.energy_true_edges), jnp.asarray(source.edisp)
    start = source.start(models[1], np.shape(data.exposure)[:2])
    inside, at = place_in_window(data.occupied, start, source.window.shape)
    weights = _window_weights(source, start, sparse, (inside, at), ratio)

    def flux(vector: Array) -> Array:
        return _put(models[0], which[0], vector).integral(edges[:-1], edges[1:])

    def image(vector: Array) -> Array:
        return source.image(_put(models[1], which[1], vector), data.grid, data.exposure, start)

    def weighed(vector: Array) -> Array:
        return jnp.einsum("hwe,hwt->te", weights, image(vector)) * edisp

    flux0, flux1 = flux(spectral), _slopes(flux, spectral)
    image0, push = jax.linearize(image, spatial)
    images = image0[None]
    if spatial.size:
        images = jnp.concatenate([images, jax.lax.map(push, jnp.eye(spatial.size))])
    sums = jnp.einsum("hwe,mhwt->mte", weights, images) * edisp
    seen = jnp.where(inside[:, None], images[:, at[0], at[1]] * edisp.T[at[2]], 0.0)
    cross = jnp.einsum("tj,mte->jm", flux1, sums[1:])
    bend = jnp.einsum("tjk,te->jk", _bends(flux, spectral), sums[0])
    move = jnp.einsum("t,tejk->jk", flux0, _bends(weighed, spatial))
    return _Block(
        slopes=jnp.concatenate([(seen[0] @ flux1).T, seen[1:] @ flux0]),
        gradient=jnp.concatenate(
            [jnp.einsum("tj,te->j", flux1, sums[0]), jnp.einsum("t,mte->m", flux0, sums[1:])]
        ),
        curvature=jnp.block([[bend, cross], [cross.T, move]]),
    )


def _window_weights(
    source: AbstractSource,
    start: tuple[Array, Array],
    sparse: Sparse,
    place: tuple[Array, tuple[Array, Array, Array]],
    ratio: Array,
) -> Array:
    """Give the weight of each bin of a window: one in the region, less n / mu at counts."""
    mask = sparse.region.mask
    zero = jnp.zeros((), start[0].dtype)
    shape = (*source.window.shape, mask.shape[-1])
    weights = jax.lax.dynamic_slice(mask, (*start, zero), shape).astype(float)
    inside, at = place
    return weights.at[at].add(-jnp.where(inside, ratio, 0.0))
