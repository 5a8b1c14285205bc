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
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from gjax.predict.factors import Factors, counts_at_bins, weighted_sums
from gjax.predict.fold import (
    PreparedDataset,
    Windows,
    assemble,
    background_factor,
    padding,
    source_windows,
)
from gjax.predict.occupied import Occupied
from gjax.predict.physics import Components
from gjax.typing import Array, ArrayLike, Float, Scalar

__all__ = ["Region", "Sparse", "inner_pixels", "npred_sparse", "place_in_window"]


class Region(eqx.Module):
    """The bins over which the total is taken, and what is summed over them already.

    Parameters
    ----------
    mask :
        On the padded map, shape ``(y, x, ereco)``.
    background, constant :
        Backgrounds per energy bin, shape ``(background, ereco)``, and constant prediction inside. A
        factor on the sky is in, those in energy are not.
    """

    mask: Array
    background: Array
    constant: Array


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
    windows = source_windows(data, physics)
    bins = data.occupied
    npred = _gather(data, factor, windows)
    if bins.is_onoff:
        region = _whole_region(data)
        alpha = jnp.asarray(bins.alpha) * factor.energy[0][jnp.asarray(bins.energy)]
        return Sparse(_total(region, factor, windows), npred, region, alpha)
    # Which bins are clipped is not differentiated: the slope of a clipped bin is zero.
    fixed = jax.lax.stop_gradient((data, factor, windows))
    negative = jnp.asarray(bins.is_signed)
    for part in jax.tree.leaves(fixed[1]):
        negative = negative | (part < 0).any()
    for kind in fixed[2]:
        negative = negative | (kind.counts.min() < 0)
    region = jax.lax.cond(negative, _clipped_region, lambda data, *_: _whole_region(data), *fixed)
    if factor.has_fields:
        mask = inner_pixels(data, region.mask).astype(float)
        sums = weighted_sums(data.background, factor, mask, region.background)
        region = dataclasses.replace(region, background=sums)
    return Sparse(_total(region, factor, windows), jnp.maximum(npred, 0.0), region, None)


def _whole_region(data: PreparedDataset) -> Region:
    bins = data.occupied
    return Region(
        *(jnp.asarray(a) for a in (bins.mask, bins.background_total, bins.constant_total))
    )


def inner_pixels(data: PreparedDataset, padded: Array) -> Array:
    """Cut an array ``(y, x, ereco)`` on the padded map down to the map, shape ``(ereco, y, x)``."""
    pad = padding(data)
    ny, nx = data.mask.shape[-2:]
    return jnp.moveaxis(padded[pad : pad + ny, pad : pad + nx], -1, 0)


def _clipped_region(data: PreparedDataset, factor: Factors, windows: tuple[Windows, ...]) -> Region:
    mask = jnp.asarray(data.mask) & (assemble(data, factor, windows) > 0)
    pad = padding(data)

    def inside(cube: ArrayLike | None) -> Array:
        return jnp.where(mask, 0.0 if cube is None else cube, 0.0).sum(axis=(-2, -1))

    background = inside(data.background)
    return Region(
        mask=jnp.pad(jnp.moveaxis(mask, 0, -1), ((pad, pad), (pad, pad), (0, 0))),
        background=jnp.broadcast_to(background, factor.energy.shape),
        constant=inside(data.constant).sum(),
    )


def _total(region: Region, factor: Factors, windows: tuple[Windows, ...]) -> Scalar:
    """Sum over a region, where the prediction is linear in factor and windows."""

    def add(total: Scalar, one: Windows) -> tuple[Scalar, None]:
        at = (one.row, one.column, jnp.zeros((), one.row.dtype))
        mask = jax.lax.dynamic_slice(region.mask, at, one.counts.shape)
        return total + jnp.sum(jnp.where(mask, one.counts, 0.0)), None

    total = region.constant + jnp.sum(region.background * factor.energy)
    for kind in windows:
        total = _each(add, total, kind)
    return total


def _gather(data: PreparedDataset, factor: Factors, windows: tuple[Windows, ...]) -> Array:
    bins = data.occupied
    scaled = counts_at_bins(bins, factor, padding(data))
    values = jnp.asarray(bins.constant) + scaled.sum(axis=0)

    def add(values: Array, one: Windows) -> tuple[Array, None]:
        inside, at = place_in_window(bins, (one.row, one.column), one.counts.shape[:2])
        return values + jnp.where(inside, one.counts[at], 0.0), None

    for kind in windows:
        values = _each(add, values, kind)
    return values


def place_in_window(
    bins: Occupied, start: tuple[Array, Array], shape: tuple[int, ...]
) -> tuple[Array, tuple[Array, Array, Array]]:
    """Find the occupied bins in a window, whose shape begins with rows and columns.

    Returns
    -------
    inside :
        Whether each bin is in the window.
    at :
        Index ``(row, column, energy)`` of each in the window; any valid one for those outside.
    """
    height, width = shape[:2]
    row, column = bins.row - start[0], bins.column - start[1]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    row, column = jnp.clip(row, 0, height - 1), jnp.clip(column, 0, width - 1)
    return inside, (row, column, jnp.asarray(bins.energy))


def _each(add: Callable[[Any, Windows], tuple[Any, None]], total: Any, stacked: Windows) -> Any:
    """Let every source of a stack add its part."""
    if stacked.row.shape[0] == 1:
        return add(total, jax.tree.map(lambda leaf: leaf[0], stacked))[0]
    return jax.lax.scan(add, total, stacked)[0]
