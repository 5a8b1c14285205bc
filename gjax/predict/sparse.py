r"""Predicted counts where the statistic needs them: in the occupied bins, and in total.

The Cash statistic is :math:`2\,(\sum_i \mu_i - \sum_{i: n_i > 0} n_i \ln \mu_i)`, and
gamma-ray cubes have counts in a few percent of their bins; the W statistic of on/off data is of the
same form. The total is linear in background and sources, so the full cube is never built, except
where a negative source makes the prediction be clipped at zero (never in on/off data, where the
signal may be negative).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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
from gjax.predict.physics import Components, Emission
from gjax.predict.reco import collect, counts_at, is_fixed, pull, weigh, window_exposure
from gjax.predict.source import AbstractSource
from gjax.predict.transfer import (
    BinSlice,
    Known,
    Transfer,
    exposure_at,
    rows_of_window,
)
from gjax.typing import Array, ArrayLike, Float, Scalar

__all__ = [
    "Parts",
    "Region",
    "Sight",
    "Sparse",
    "add_sources",
    "cut_mask",
    "find_known",
    "find_region",
    "inner_pixels",
    "kinds",
    "npred_sparse",
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
        sight = Sight.create(parts, data, region, span)
        found = sight.transfer()
        flux = source_flux(data, parts.emission, parts.present)
        return found.total @ flux, found.bins @ flux, sight.bins.first

    sources = [
        map_stacked(partial(one, span=span), parts, elements)
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


class Parts(eqx.Module):
    """All that belongs to a source in a dataset (or to the sources of a kind).

    Parameters
    ----------
    source, present, known :
        As prepared.
    emission, spatial :
        Its models.
    """

    source: AbstractSource
    present: ArrayLike
    known: Known
    emission: Emission
    spatial: Any


def kinds(data: PreparedDataset, physics: Components) -> list[tuple[Parts, int, int]]:
    """List per kind its sources, the span of bins and the size of an image."""
    listed = zip(data.sources, data.present, data.known, physics.sources, data.spans, strict=True)
    found = []
    for stacked, present, known, models, span in listed:
        elements = window_elements(stacked, data) if known.transfer is None else span
        found.append((Parts(stacked, present, known, *models), span, elements))
    return found


class Sight(eqx.Module):
    """A source on its window, with what its counts in the region are summed from.

    Parameters
    ----------
    parts :
        The source.
    data, region :
        Its dataset, and the bins of it that count.
    start :
        First row and column of the window.
    bins :
        Occupied bins in its rows.
    weights :
        On the window, if they are at hand; see `gjax.predict.reco.weigh`.
    """

    parts: Parts
    data: PreparedDataset
    region: Region
    start: tuple[Array, Array]
    bins: BinSlice
    weights: Array | None

    @classmethod
    def create(cls, parts: Parts, data: PreparedDataset, region: Region, span: int) -> Sight:
        """Place the window of a source."""
        start = parts.source.start(parts.spatial, padded_shape(data))
        bins = rows_of_window(data.occupied, start, parts.source.window.shape, span)
        bare = cls(parts, data, region, start, bins, None)
        if parts.known.transfer is not None or parts.known.weights is not None:
            return bare
        return dataclasses.replace(bare, weights=bare.weigh())

    @property
    def exposure(self) -> Array:
        """The exposure on the window, shape ``(etrue, h, w)``."""
        return window_exposure(self.parts.source, self.data.exposure, self.start)

    def weigh(self) -> Array:
        """Compute the weights on the window."""
        source, mask = self.parts.source, self.region.mask
        return weigh(source, self.exposure, cut_mask(source, mask, self.start))

    def shape(self, spatial: Any) -> Array:
        """Give the shape of the source with some spatial parameters; see `AbstractSource`."""
        source = self.parts.source
        return source.shape(spatial, self.data.grid, self.start).astype(source.dtype)

    def transfer(self, shape: Array | None = None) -> Transfer:
        """Take the source, or a change of its shape, to what its counts are made of."""
        known, source = self.parts.known, self.parts.source

        if shape is None and known.transfer is not None:
            found = known.transfer

            def again() -> Array:
                return collect(source, source.blur(self.shape(None)), self.exposure, self.weigh())

            total = self._unless_clipped(lambda: jnp.asarray(found.total), again)
            return Transfer(total, found.bins)
        image = source.blur(self.shape(self.parts.spatial) if shape is None else shape)
        seen = counts_at(source, image, exposure_at(source, self.bins), self.bins.at)

        def total_with(weights: Array) -> Array:
            return collect(source, image, self.exposure, weights)

        return Transfer(
            total=self._with_weights(total_with),
            bins=jnp.where(self.bins.inside[:, None], seen, 0.0),
        )

    def pull(self, slope: Array, flux: Array) -> Array:
        """Carry the weights of the bins back to the image: one in the region, and the slopes."""
        extra = jnp.where(self.bins.inside, self.bins.cut(slope), 0.0)
        source = self.parts.source

        def carry(weights: Array) -> Array:
            exposures = self.exposure, exposure_at(source, self.bins)
            return pull(source, weights, extra, self.bins.at, exposures, flux)

        return self._with_weights(carry)

    def _with_weights(self, function: Callable[[Array], Array]) -> Array:
        """Apply a function to the weights; those at hand are not copied."""
        if self.weights is not None:
            return function(self.weights)
        stays = jnp.asarray(self.parts.known.weights)
        return self._unless_clipped(lambda: function(stays), lambda: function(self.weigh()))

    def _unless_clipped(self, usual: Callable[[], Array], clipped: Callable[[], Array]) -> Array:
        if self.data.occupied.is_onoff:
            return usual()
        return jax.lax.cond(self.region.is_clipped, clipped, usual)


def cut_mask(source: AbstractSource, mask: Array, start: tuple[Array, Array]) -> Array:
    """Cut the mask of a source's window, shape ``(ereco, h, w)``."""
    shape = (mask.shape[0], *source.window.shape)
    return jax.lax.dynamic_slice(mask, (jnp.zeros((), start[0].dtype), *start), shape)


@jax.jit
def find_known(stacked: PreparedDataset) -> tuple[Known, ...]:
    """Find what cannot change of the sources of some datasets.

    Parameters
    ----------
    stacked :
        Datasets with a leading axis; what they have in ``known`` is not used.

    Returns
    -------
    known :
        With a leading dataset axis and one for the sources of each kind.
    """

    def one_dataset(data: PreparedDataset) -> tuple[Known, ...]:
        region = whole_region(data)

        def one(parts: tuple[AbstractSource, ArrayLike], span: int) -> Known:
            nothing: Any = None
            source = Parts(*parts, Known(), nothing, None)
            sight = Sight.create(source, data, region, span)
            if not is_fixed(parts[0]):
                return Known(weights=sight.weights)
            return Known(transfer=sight.transfer(sight.shape(None)))

        found = []
        for kind, present, span in zip(data.sources, data.present, data.spans, strict=True):
            stays = is_fixed(kind) or not any(kind.window.moves)
            one_span = partial(one, span=span)
            found.append(map_stacked(one_span, (kind, present)) if stays else Known())
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

        def one(parts: Parts) -> Array:
            below = (source_flux(data, parts.emission, parts.present) < 0).any()
            if parts.known.transfer is None and not parts.spatial.has_position:
                # A correction or a constant; densities of the others are not negative.
                start = parts.source.start(parts.spatial, padded_shape(data))
                below = below | (parts.source.shape(parts.spatial, data.grid, start).min() < 0)
            return below

        negative = negative | map_stacked(one, parts, elements).any()
    return negative


def whole_region(data: PreparedDataset) -> Region:
    """Give the whole mask."""
    bins = data.occupied
    return Region(
        mask=jnp.asarray(bins.mask),
        background=jnp.asarray(bins.background_total),
        constant=jnp.asarray(bins.constant_total),
        is_clipped=jnp.array(False),
    )


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
