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
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.factors import Factors, counts_at_bins, weighted_sums
from gjax.predict.fold import (
    PreparedDataset,
    background_factor,
    padding,
    source_flux,
)
from gjax.predict.group import map_stacked
from gjax.predict.physics import Components
from gjax.predict.sparse import (
    Parts,
    Region,
    Sight,
    Sparse,
    add_sources,
    find_region,
    inner_pixels,
    kinds,
    weigh_fields,
)
from gjax.predict.statistic import Slopes, bin_slopes
from gjax.predict.transfer import Transfer
from gjax.typing import Array, Float

__all__ = ["Expansion", "Varying", "expand", "local_vector", "place_vector"]

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


def place_vector(physics: Components, varying: Varying, vector: Array) -> Components:
    """Put other values into the parameters that can change, in the order of `local_vector`."""
    used = _count(varying.background)
    background = _put(physics.background, varying.background, vector[:used])
    sources = []
    for models, which in zip(physics.sources, varying.sources, strict=True):
        number, own = _length(models), tuple(_count(part) for part in which)
        size = number * sum(own)
        rows = vector[used : used + size].reshape(number, sum(own))
        used += size
        sources.append(
            (
                _put(models[0], which[0], rows[:, : own[0]]),
                _put(models[1], which[1], rows[:, own[0] :]),
            )
        )
    return Components(background, tuple(sources))


def expand(data: PreparedDataset, physics: Components, varying: Varying) -> Expansion:
    """Expand the prediction of one dataset to second order in its local parameters."""
    factor = background_factor(data, physics)
    region = weigh_fields(data, factor, find_region(data, physics, factor))
    listed = list(zip(kinds(data, physics), varying.sources, strict=True))
    seen = [
        map_stacked(
            partial(_see, data=data, which=which, region=region, span=span), parts, elements
        )
        for (parts, span, elements), which in listed
    ]
    sources = [(kind.total, kind.npred, kind.first) for kind in seen]
    sparse = add_sources(data, factor, region, sources)
    bins = bin_slopes(data.occupied, sparse)
    blocks = [_expand_background(data, physics, varying.background, sparse, bins)]
    for ((parts, _, elements), which), kind in zip(listed, seen, strict=True):

        def one(pair: tuple[Parts, _Seen], which: Any = which) -> _Block:
            return _expand_source(*pair, data, which, region, bins.npred)

        stacked = map_stacked(one, (parts, kind), elements)
        number = _length(parts)
        blocks += [jax.tree.map(lambda leaf, i=i: leaf[i], stacked) for i in range(number)]
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
        curvature=jax.scipy.linalg.block_diag(*[block.curvature for block in blocks]),
        ratio=jnp.concatenate([jnp.full(len(b.gradient), b.ratio) for b in blocks]),
    )


class _Seen(eqx.Module):
    """The prediction of a source with its slopes, as far as the statistic needs it.

    Parameters
    ----------
    total, npred :
        Sum over the mask, and counts in a slice of the occupied bins.
    first :
        Position of the first of these bins.
    transfers :
        Of the source and of its derivatives in the spatial parameters, stacked.
    """

    total: Array
    npred: Array
    first: Array
    transfers: Transfer


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


def _count(which: Any) -> int:
    return sum(map(bool, jax.tree.leaves(which)))


def _pick(module: Any, which: Any) -> Array:
    """Stack the leaves that can change along a last axis."""
    chosen = [
        jnp.asarray(leaf)
        for leaf, varies in zip(jax.tree.leaves(module), jax.tree.leaves(which), strict=True)
        if varies
    ]
    return jnp.stack(chosen, axis=-1) if chosen else jnp.zeros((0,))


def _put(module: Any, which: Any, vector: Array) -> Any:
    """Give the module with other values of the leaves that can change, along the last axis."""
    leaves, structure = jax.tree.flatten(module)
    position = 0
    for i, varies in enumerate(jax.tree.leaves(which)):
        if varies:
            leaves[i] = vector[..., position]
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
    at = jnp.asarray(bins.energy), jnp.asarray(bins.row), jnp.asarray(bins.column)
    return inner_pixels(data, padded.at[at].add(slope))


def _see(
    parts: Parts, data: PreparedDataset, which: tuple[Any, Any], region: Region, span: int
) -> _Seen:
    """Predict a source and differentiate its image."""
    sight = Sight.create(parts, data, region, span)
    vector = _pick(parts.spatial, which[1])
    if vector.size:
        shape, push = jax.linearize(_shape_at(sight, which[1]), vector)
        own = sight.transfer(shape)
        # One after the other, as each is large.
        moved = jax.lax.map(lambda move: sight.transfer(push(move)), jnp.eye(vector.size))
        both = own, moved
    else:
        own = sight.transfer()
        both = (own,)
    flux = source_flux(data, parts.emission, parts.present)
    return _Seen(
        total=jnp.asarray(own.total) @ flux,
        npred=jnp.asarray(own.bins) @ flux,
        first=sight.bins.first,
        transfers=jax.tree.map(_joined, *both),
    )


def _joined(own: Array, moved: Array | None = None) -> Array:
    """Put an array before a stack of others."""
    first = jnp.asarray(own)[None]
    return first if moved is None else jnp.concatenate([first, moved])


def _shape_at(sight: Sight, which: Any) -> Callable[[Array], Array]:
    """Give the shape of a source as a function of the spatial parameters that can change."""
    return lambda vector: sight.shape(_put(sight.parts.spatial, which, vector))


def _expand_source(
    parts: Parts,
    seen: _Seen,
    data: PreparedDataset,
    which: tuple[Any, Any],
    region: Region,
    slope: Array,
) -> _Block:
    own = _pick(parts.emission, which[0])

    def flux(vector: Array) -> Array:
        return source_flux(data, _put(parts.emission, which[0], vector), parts.present)

    flux0, flux1 = flux(own), _slopes(flux, own)
    total, bins = jnp.asarray(seen.transfers.total), jnp.asarray(seen.transfers.bins)
    here = jax.lax.dynamic_slice_in_dim(slope, seen.first, bins.shape[1])
    # The weight of a bin is one, and in the occupied bins the slope of the statistic besides.
    sums = total + jnp.einsum("mbt,b->mt", bins, here)
    cross = (sums[1:] @ flux1).T
    bend = jnp.einsum("tjk,t->jk", _bends(flux, own), sums[0])
    move = jnp.zeros((len(sums) - 1,) * 2)
    if len(sums) > 1:
        sight = Sight.create(parts, data, region, bins.shape[1])
        move = _bend_shape(sight, which[1], sight.pull(slope, flux0))
    slopes = jnp.concatenate([(bins[0] @ flux1).T, bins[1:] @ flux0])
    everywhere = jnp.zeros((len(slopes), slope.size))
    return _Block(
        slopes=jax.lax.dynamic_update_slice_in_dim(everywhere, slopes, seen.first, 1),
        gradient=jnp.concatenate([sums[0] @ flux1, sums[1:] @ flux0]),
        curvature=jnp.block([[bend, cross], [cross.T, move]]),
        ratio=_ratio(sums[0] @ flux0, seen.npred, here),
    )


def _bend_shape(sight: Sight, which: Any, at_image: Array) -> Array:
    """Sum the weighted second derivatives of an image in the spatial parameters.

    The weights of the image are carried back to the shape, whose second derivatives then need no
    convolution.
    """
    vector = _pick(sight.parts.spatial, which)
    shape = _shape_at(sight, which)
    image, carry_back = jax.vjp(sight.parts.source.blur, shape(vector))
    if len(image) == 1:
        at_image = at_image.sum(axis=0, keepdims=True)
    (at_shape,) = carry_back(at_image)
    return _bends(lambda point: jnp.sum(at_shape * shape(point), dtype=float), vector)
