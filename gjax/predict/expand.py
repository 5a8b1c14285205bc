r"""Value, slopes and curvature of the prediction, using the structure of the problem.

Every parameter of a source acts in that source alone, and a spectral one only through a small
matrix. So derivatives are taken source by source: spectral ones need no convolution at all, spatial
ones one image each. With half of the statistic's slope in a bin :math:`w_i = 1 + s'_i / 2` and its
curvature :math:`s''_i` (for the Cash statistic :math:`1 - n_i / \mu_i` and
:math:`2 n_i / \mu_i^2`),

.. math:: \tfrac12 \partial_j S = \sum_i w_i\, \partial_j \mu_i, \qquad
    \tfrac12 \partial_j \partial_k S =
    \sum_i \tfrac12 s''_i\, \partial_j \mu_i\, \partial_k \mu_i
    + \sum_i w_i\, \partial_j \partial_k \mu_i

the first sum of the curvature runs over the occupied bins, and the second has no terms between two
sources. In on/off data the ratio of acceptances stands beside the prediction in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.factors import Factors, counts_at_bins, weighted_sums
from gjax.predict.fold import PreparedDataset, background_factor, padding, window_elements
from gjax.predict.group import map_stacked
from gjax.predict.physics import Components
from gjax.predict.reco import collect, counts_at, window_exposure
from gjax.predict.source import AbstractSource
from gjax.predict.sparse import Sparse, inner_pixels, npred_sparse, place_in_window
from gjax.predict.statistic import Slopes, bin_slopes
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
    bins :
        Slopes of the statistic in the occupied bins.
    slopes, slopes_alpha :
        Derivatives of prediction and ratio of acceptances there, shape ``(local, occupied)``.
    gradient, curvature :
        Sums over all bins of the statistic's weight times first and second derivatives, shapes
        ``(local,)`` and ``(local, local)``.
    ratio :
        For each parameter, how many times more counts are measured than predicted where its model
        shines, shape ``(local,)``; one at the best fit of an amplitude.
    """

    sparse: Sparse
    bins: Slopes
    slopes: Float[Array, "local occupied"]
    slopes_alpha: Float[Array, "local occupied"] | None
    gradient: Float[Array, " local"]
    curvature: Float[Array, "local local"]
    ratio: Float[Array, " local"]


def local_vector(physics: Components, varying: Varying) -> Float[Array, " local"]:
    """Collect the parameters that can change: background first, then source by source."""
    parts = [_pick(physics.background, varying.background)]
    for models, which in zip(physics.sources, varying.sources, strict=True):
        number = _length(models)
        own = [
            _pick(part, chosen).reshape(number, -1)
            for part, chosen in zip(models, which, strict=True)
        ]
        parts.append(jnp.concatenate(own, axis=-1).reshape(-1))
    return jnp.concatenate(parts)


def expand(data: PreparedDataset, physics: Components, varying: Varying) -> Expansion:
    """Expand the prediction of one dataset to second order in its local parameters."""
    sparse = npred_sparse(data, physics)
    bins = bin_slopes(data.occupied, sparse)
    blocks = [_expand_background(data, physics, varying.background, sparse, bins)]
    for stacked, models, which in zip(data.sources, physics.sources, varying.sources, strict=True):

        def one(parts: Any, which: Any = which) -> _Block:
            source, emission, spatial = parts
            return _expand_source(source, data, (emission, spatial), which, sparse, bins.npred)

        kind = map_stacked(one, (stacked, *models), window_elements(stacked, data))
        blocks += [jax.tree.map(lambda leaf, i=i: leaf[i], kind) for i in range(_length(stacked))]
    curvature = jax.scipy.linalg.block_diag(*[block.curvature for block in blocks])
    slopes = jnp.concatenate([block.slopes for block in blocks])
    by_alpha = None
    if sparse.alpha is not None:
        # Only the first block, the factor on the background, acts on the ratio of acceptances.
        own = _alpha_slopes(data, physics, varying.background)
        by_alpha = jnp.zeros_like(slopes).at[: len(own)].set(own)
    return Expansion(
        sparse=sparse,
        bins=bins,
        slopes=slopes,
        slopes_alpha=by_alpha,
        gradient=jnp.concatenate([block.gradient for block in blocks]),
        curvature=curvature,
        ratio=jnp.concatenate([jnp.full(len(b.gradient), b.ratio) for b in blocks]),
    )


class _Block(eqx.Module):
    """What one model adds to an expansion."""

    slopes: Array
    gradient: Array
    curvature: Array
    ratio: Array


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
    return jnp.stack(chosen, axis=-1) if chosen else jnp.zeros((0,))


def _put(module: Any, which: Any, vector: Array) -> Any:
    """Give the module with other values of the leaves that can change."""
    leaves, structure = jax.tree.flatten(module)
    position = 0
    for i, varies in enumerate(jax.tree.leaves(which)):
        if varies:
            leaves[i] = vector[position]
            position += 1
    return jax.tree.unflatten(structure, leaves)


def _background_at(
    data: PreparedDataset, physics: Components, which: Any
) -> Callable[[Array], Factors]:
    """Give the factors of the backgrounds as a function of what can change in them."""

    def factor(vector: Array) -> Factors:
        return background_factor(data, Components(_put(physics.background, which, vector), ()))

    return factor


def _alpha_slopes(data: PreparedDataset, physics: Components, which: Any) -> Array:
    """Differentiate the ratio of acceptances in the occupied bins, shape ``(own, occupied)``."""
    bins = data.occupied
    factor = _background_at(data, physics, which)
    slope = _slopes(lambda vector: factor(vector).energy[0], _pick(physics.background, which))
    return (slope[jnp.asarray(bins.energy)] * jnp.asarray(bins.alpha)[:, None]).T


def _expand_background(
    data: PreparedDataset, physics: Components, which: Any, sparse: Sparse, slopes: Slopes
) -> _Block:
    bins = data.occupied
    start = _pick(physics.background, which)
    factor = _background_at(data, physics, which)
    # A comparison instead of a scatter: the order of a sum must not depend on the device.
    energies = jnp.arange(np.shape(data.energy_center)[0])
    is_bin = (jnp.asarray(bins.energy)[:, None] == energies).astype(float)
    known = sparse.region.background + (slopes.npred * bins.background) @ is_bin
    if slopes.alpha is not None:
        known = known.at[0].add((slopes.alpha * jnp.asarray(bins.alpha)) @ is_bin)
    weight = _bin_weights(data, sparse, slopes.npred) if factor(start).has_fields else None

    def seen(vector: Array) -> Array:
        return counts_at_bins(bins, factor(vector), padding(data)).sum(axis=0)

    def weighed(vector: Array) -> Array:
        at = factor(vector)
        sums = known if weight is None else weighted_sums(data.background, at, weight, known)
        return jnp.sum(sums * at.energy)

    return _Block(
        slopes=_slopes(seen, start).T,
        gradient=_slopes(weighed, start),
        curvature=_bends(weighed, start),
        # In on/off data the counts say nothing of the background apart from the signal.
        ratio=_ratio(weighed(start), seen(start), slopes.npred)
        if slopes.alpha is None
        else jnp.ones(()),
    )


def _ratio(gradient: Array, counts: Array, slope: Array) -> Array:
    r"""Divide measured by predicted counts, weighted with the share of a model in each bin.

    :math:`\sum_i \mu_{si}\, n_i / \mu_i` over :math:`\sum_i \mu_{si}`: what one step of the
    Richardson-Lucy iteration would multiply the model with.

    Parameters
    ----------
    gradient :
        Half of the statistic's slope in the logarithm of the model's amplitude.
    counts, slope :
        Counts of the model in the occupied bins, and half of the statistic's slope there.
    """
    total = gradient - counts @ slope
    return jnp.where(total == 0, 1.0, 1.0 - gradient / jnp.where(total == 0, 1.0, total))


def _bin_weights(data: PreparedDataset, sparse: Sparse, slope: Array) -> Array:
    """Give the weight of each bin of the map, shape ``(ereco, y, x)``; see `_window_weights`."""
    bins = data.occupied
    padded = sparse.region.mask.astype(float)
    at = jnp.asarray(bins.row), jnp.asarray(bins.column), jnp.asarray(bins.energy)
    return inner_pixels(data, padded.at[at].add(slope))


def _expand_source(
    source: AbstractSource,
    data: PreparedDataset,
    models: tuple[Any, Any],
    which: tuple[Any, Any],
    sparse: Sparse,
    slope: Array,
) -> _Block:
    own, spatial = (_pick(model, chosen) for model, chosen in zip(models, which, strict=True))
    start = source.start(models[1], np.shape(data.exposure)[:2])
    inside, at = place_in_window(data.occupied, start, source.window.shape)
    weights = _window_weights(source, start, sparse, (inside, at), slope)
    exposure = window_exposure(source, data.exposure, start)
    edges = jnp.asarray(data.energy_true_edges)

    def flux(vector: Array) -> Array:
        return _put(models[0], which[0], vector).flux(edges[:-1], edges[1:], data.intervals)

    def image(vector: Array) -> Array:
        return source.image(_put(models[1], which[1], vector), data.grid, data.exposure, start)

    def weighed(vector: Array) -> Array:
        return collect(source, image(vector)[None], exposure, weights)[0]

    flux0, flux1 = flux(own), _slopes(flux, own)
    image0, push = jax.linearize(image, spatial)
    images = image0[None]
    if spatial.size:
        images = jnp.concatenate([images, jax.lax.map(push, jnp.eye(spatial.size))])
    sums = collect(source, images, exposure, weights)
    seen = jnp.where(inside[:, None], counts_at(source, images, exposure, at), 0.0)
    cross = (sums[1:] @ flux1).T
    bend = jnp.einsum("tjk,t->jk", _bends(flux, own), sums[0])
    move = jnp.einsum("t,tjk->jk", flux0, _bends(weighed, spatial))
    return _Block(
        slopes=jnp.concatenate([(seen[0] @ flux1).T, seen[1:] @ flux0]),
        gradient=jnp.concatenate([sums[0] @ flux1, sums[1:] @ flux0]),
        curvature=jnp.block([[bend, cross], [cross.T, move]]),
        ratio=_ratio(sums[0] @ flux0, seen[0] @ flux0, slope),
    )


def _window_weights(
    source: AbstractSource,
    start: tuple[Array, Array],
    sparse: Sparse,
    place: tuple[Array, tuple[Array, Array, Array]],
    slope: Array,
) -> Array:
    """Give the weight of each bin of a window: one in the region, and the slope at counts."""
    mask = sparse.region.mask
    zero = jnp.zeros((), start[0].dtype)
    shape = (*source.window.shape, mask.shape[-1])
    weights = jax.lax.dynamic_slice(mask, (*start, zero), shape).astype(float)
    inside, at = place
    return weights.at[at].add(jnp.where(inside, slope, 0.0))
