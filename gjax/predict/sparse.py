r"""Predicted counts where the statistic needs them: in the occupied bins, and in total.

The Cash statistic is :math:`2\,(\sum_i \mu_i - \sum_{i: n_i > 0} n_i \ln \mu_i)`, and
gamma-ray cubes have counts in a few percent of their bins; the W statistic of on/off data is of the
same form. The total is linear in background and sources, so the full cube is never built, except
where a negative source makes the prediction be clipped at zero (never in on/off data, where the
signal may be negative).
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from gjax.predict.factors import Factors, counts_at_bins, weighted_sums
from gjax.predict.fold import (
    PreparedDataset,
    assemble,
    background_factor,
    padded_shape,
    padding,
    source_flux,
    source_windows,
    window_elements,
)
from gjax.predict.group import map_stacked
from gjax.predict.physics import Components
from gjax.predict.reco import is_fixed, window_exposure
from gjax.predict.source import AbstractSource
from gjax.predict.transfer import BinSlice, Transfer, rows_of_window, transfer
from gjax.typing import Array, ArrayLike, Float, Scalar

__all__ = [
    "Region",
    "Sparse",
    "add_sources",
    "cut_mask",
    "find_region",
    "fixed_transfers",
    "inner_pixels",
    "kinds",
    "npred_sparse",
    "source_transfer",
    "weigh_fields",
    "whole_region",
]


class Region(eqx.Module):
    """The bins over which the total is taken, and what is summed over them already.

    Parameters
    ----------
    mask :
        On the padded map, shape ``(ereco, y, x)``.
    background, constant :
        Backgrounds per energy bin, shape ``(background, ereco)``, and constant prediction inside. A
        factor on the sky is in, those in energy are not.
    is_clipped :
        Whether bins of the dataset's mask may be missing.
    """

    mask: Array
    background: Array
    constant: Array
    is_clipped: Array


class Sparse(eqx.Module):
    """The prediction of one dataset, as far as the statistic needs it.

    Parameters
    ----------
    total :
        Sum over the mask.
    npred :
        Counts in the occupied bins, shape ``(occupied,)``; those of the signal in on/off data.
    region :
        The bins of the mask that are not clipped at zero.
    alpha :
        Ratio of acceptances in the occupied bins of on/off data.
    """

    total: Scalar
    npred: Float[Array, " occupied"]
    region: Region
    alpha: Float[Array, " occupied"] | None


def npred_sparse(data: PreparedDataset, physics: Components) -> Sparse:
    """Predict the total inside the mask and the counts in the occupied bins of one dataset."""
    factor = background_factor(data, physics)
    region = weigh_fields(data, factor, find_region(data, physics, factor))

    def one(parts: Any, span: int) -> tuple[Array, Array, Array]:
        source, present, fixed, emission, spatial = parts
        start = source.start(spatial, padded_shape(data))
        images = None if fixed is not None else source.image(spatial, data.grid, start)[None]
        found, bins = source_transfer(source, data, images, start, fixed, region, span)
        flux = source_flux(data, emission, present)
        return jnp.asarray(found.total)[0] @ flux, jnp.asarray(found.bins)[0] @ flux, bins.first

    sources = [
        map_stacked(lambda parts, span=span: one(parts, span), parts, elements)
        for parts, span, elements in kinds(data, physics)
    ]
    return add_sources(data, factor, region, sources)


def add_sources(
    data: PreparedDataset, factor: Factors, region: Region, sources: list[tuple[Array, ...]]
) -> Sparse:
    """Add up background and sources.

    Parameters
    ----------
    sources :
        Per kind the total of each source, its counts in a slice of the occupied bins, and the
        position of the first of them.
    """
    bins = data.occupied
    total = region.constant + jnp.sum(region.background * factor.energy)
    npred = jnp.asarray(bins.constant) + counts_at_bins(bins, factor, padding(data)).sum(axis=0)
    for totals, counts, first in sources:
        total = total + totals.sum()
        npred = _add_slices(npred, counts, first)
    if not bins.is_onoff:
        return Sparse(total, jnp.maximum(npred, 0.0), region, None)
    alpha = jnp.asarray(bins.alpha) * factor.energy[0][jnp.asarray(bins.energy)]
    return Sparse(total, npred, region, alpha)


def _add_slices(values: Array, slices: Array, first: Array) -> Array:
    """Add slices to a vector, each from its position on."""
    length = slices.shape[-1]
    if length == len(values):
        return values + slices.sum(axis=0)

    def add(values: Array, one: tuple[Array, Array]) -> tuple[Array, None]:
        old = jax.lax.dynamic_slice_in_dim(values, one[1], length)
        return jax.lax.dynamic_update_slice_in_dim(values, old + one[0], one[1], 0), None

    if len(slices) == 1:
        return add(values, (slices[0], first[0]))[0]
    return jax.lax.scan(add, values, (slices, first))[0]


def kinds(data: PreparedDataset, physics: Components) -> list[tuple[Any, int, int]]:
    """List per kind what belongs to its sources, the span of bins and the size of an image."""
    listed = zip(data.sources, data.present, data.fixed, physics.sources, data.spans, strict=True)
    found = []
    for stacked, present, fixed, models, span in listed:
        elements = span if fixed is not None else window_elements(stacked, data)
        found.append(((stacked, present, fixed, *models), span, elements))
    return found


def source_transfer(
    source: AbstractSource,
    data: PreparedDataset,
    images: Array | None,
    start: tuple[Array, Array],
    fixed: Transfer | None,
    region: Region,
    span: int,
) -> tuple[Transfer, BinSlice]:
    """Take a source to what its counts are made of, and find the occupied bins that it sees.

    Parameters
    ----------
    images :
        Shape ``(m, energy, h, w)``; None if ``fixed``.
    start :
        First row and column of the window.
    """
    bins = rows_of_window(data.occupied, start, source.window.shape, span)
    exposure = window_exposure(source, data.exposure, start)
    if fixed is None:
        assert images is not None
        return transfer(source, images, exposure, cut_mask(source, region.mask, start), bins), bins

    def again() -> Array:
        shape = source.blur(source.shape(None, data.grid, start))[None]
        mask = cut_mask(source, region.mask, start)
        return jnp.asarray(transfer(source, shape, exposure, mask, bins).total)

    total = jnp.asarray(fixed.total)[None]
    if not data.occupied.is_onoff:
        known = total
        total = jax.lax.cond(region.is_clipped, again, lambda: known)
    return Transfer(total, jnp.asarray(fixed.bins)[None]), bins


def cut_mask(source: AbstractSource, mask: Array, start: tuple[Array, Array]) -> Array:
    """Cut the mask of a source's window, shape ``(ereco, h, w)``."""
    shape = (mask.shape[0], *source.window.shape)
    return jax.lax.dynamic_slice(mask, (jnp.zeros((), start[0].dtype), *start), shape)


@jax.jit
def fixed_transfers(stacked: PreparedDataset) -> tuple[Transfer | None, ...]:
    """Find what the counts of sources that cannot change there are made of.

    Parameters
    ----------
    stacked :
        Datasets with a leading axis; what they have in ``fixed`` is not used.

    Returns
    -------
    fixed :
        With a leading dataset axis and one for the sources of each kind.
    """

    def one_dataset(data: PreparedDataset) -> tuple[Transfer | None, ...]:
        region = whole_region(data)

        def one(source: AbstractSource, span: int) -> Transfer:
            start = source.start(None, padded_shape(data))
            images = source.image(None, data.grid, start)[None]
            found, _ = source_transfer(source, data, images, start, None, region, span)
            return jax.tree.map(lambda leaf: leaf[0], found)

        found: list[Transfer | None] = []
        for kind, span in zip(data.sources, data.spans, strict=True):
            one_span = partial(one, span=span)
            found.append(map_stacked(one_span, kind) if is_fixed(kind) else None)
        return tuple(found)

    return map_stacked(one_dataset, stacked)


def find_region(data: PreparedDataset, physics: Components, factor: Factors) -> Region:
    """Find the bins that are not clipped at zero; all of the mask if nothing is negative."""
    if data.occupied.is_onoff:
        return whole_region(data)
    # Which bins are clipped is not differentiated: the slope of a clipped bin is zero.
    data, physics, factor = jax.lax.stop_gradient((data, physics, factor))
    negative = _is_negative(data, physics, factor)

    def clipped() -> Region:
        return _clipped_region(data, physics, factor)

    return jax.lax.cond(negative, clipped, lambda: whole_region(data))


def weigh_fields(data: PreparedDataset, factor: Factors, region: Region) -> Region:
    """Sum the backgrounds whose factor on the sky can change over a region."""
    if not factor.has_fields:
        return region
    mask = inner_pixels(data, region.mask).astype(float)
    sums = weighted_sums(data.background, factor, mask, region.background)
    return dataclasses.replace(region, background=sums)


def _is_negative(data: PreparedDataset, physics: Components, factor: Factors) -> Array:
    """Tell whether any part of the prediction may be negative."""
    negative = jnp.asarray(data.occupied.is_signed)
    for part in jax.tree.leaves(factor):
        negative = negative | (part < 0).any()
    for parts, _, elements in kinds(data, physics):

        def one(parts: Any) -> Array:
            source, present, fixed, emission, spatial = parts
            below = (source_flux(data, emission, present) < 0).any()
            if fixed is None and not spatial.has_position:
                # A correction or a constant; densities of the others are not negative.
                start = source.start(spatial, padded_shape(data))
                below = below | (source.shape(spatial, data.grid, start).min() < 0)
            return below

        negative = negative | map_stacked(one, parts, elements).any()
    return negative


def whole_region(data: PreparedDataset) -> Region:
    """Give the whole mask."""
    bins = data.occupied
    sums = (jnp.asarray(a) for a in (bins.mask, bins.background_total, bins.constant_total))
    return Region(*sums, jnp.array(False))


def inner_pixels(data: PreparedDataset, padded: Array) -> Array:
    """Cut an array on the padded map down to the map."""
    pad = padding(data)
    ny, nx = data.mask.shape[-2:]
    return padded[..., pad : pad + ny, pad : pad + nx]


def _clipped_region(data: PreparedDataset, physics: Components, factor: Factors) -> Region:
    mask = jnp.asarray(data.mask) & (assemble(data, factor, source_windows(data, physics)) > 0)
    pad = padding(data)

    def inside(cube: ArrayLike | None) -> Array:
        return jnp.where(mask, 0.0 if cube is None else cube, 0.0).sum(axis=(-2, -1))

    background = inside(data.background)
    return Region(
        mask=jnp.pad(mask, ((0, 0), (pad, pad), (pad, pad))),
        background=jnp.broadcast_to(background, factor.energy.shape),
        constant=inside(data.constant).sum(),
        is_clipped=jnp.array(True),
    )
