r"""Predicted counts where the statistic needs them: in the occupied bins, and in total.

The Cash statistic is :math:`2\,(\sum_i \mu_i - \sum_{i: n_i > 0} n_i \ln \mu_i)`, and
gamma-ray cubes have counts in a few percent of their bins. The total is linear in background and
sources, so the full cube is never built, except where a negative source makes the prediction be
clipped at zero.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from gjax.predict.fold import (
    Components,
    PreparedDataset,
    Windows,
    assemble,
    background_factor,
    source_windows,
)
from gjax.typing import Array, Float, Scalar

__all__ = ["npred_occupied", "npred_sparse"]


def npred_sparse(
    data: PreparedDataset, physics: Components
) -> tuple[Scalar, Float[Array, " occupied"]]:
    """Predict the total inside the mask and the counts in the occupied bins of one dataset."""
    factor = background_factor(data, physics)
    windows = source_windows(data, physics)
    negative = jnp.asarray(data.occupied.is_signed) | (factor.min() < 0)
    for kind in windows:
        negative = negative | (jax.lax.stop_gradient(kind.counts).min() < 0)
    # Recomputed when differentiated: the branch not taken must not leave full cubes behind.
    clipped, linear = jax.checkpoint(_clipped_total), jax.checkpoint(_linear_total)
    total = jax.lax.cond(negative, clipped, linear, data, factor, windows)
    return total, jnp.maximum(_gather(data, factor, windows), 0.0)


def npred_occupied(data: PreparedDataset, physics: Components) -> Float[Array, " occupied"]:
    """Predict the counts in the occupied bins of one dataset."""
    return _gather(data, background_factor(data, physics), source_windows(data, physics))


def _linear_total(data: PreparedDataset, factor: Array, windows: tuple[Windows, ...]) -> Scalar:
    total = jnp.asarray(data.occupied.constant_total) + data.occupied.background_total @ factor
    for kind in windows:
        for i in range(kind.row.shape[0]):
            at = (jnp.zeros((), kind.row.dtype), kind.row[i], kind.column[i])
            shape = kind.counts.shape[1:]
            mask = jax.lax.dynamic_slice(jnp.asarray(data.occupied.mask), at, shape)
            total = total + jnp.sum(jnp.where(mask, kind.counts[i], 0.0))
    return total


def _clipped_total(data: PreparedDataset, factor: Array, windows: tuple[Windows, ...]) -> Scalar:
    return jnp.sum(jnp.where(data.mask, assemble(data, factor, windows), 0.0))


def _gather(data: PreparedDataset, factor: Array, windows: tuple[Windows, ...]) -> Array:
    bins = data.occupied
    values = jnp.asarray(bins.constant) + bins.background * factor[jnp.asarray(bins.energy)]

    def add(values: Array, one: Windows) -> tuple[Array, None]:
        height, width = one.counts.shape[-2:]
        row, column = bins.row - one.row, bins.column - one.column
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        at = (
            jnp.asarray(bins.energy),
            jnp.clip(row, 0, height - 1),
            jnp.clip(column, 0, width - 1),
        )
        return values + jnp.where(inside, one.counts[at], 0.0), None

    for kind in windows:
        if kind.row.shape[0] == 1:
            values, _ = add(values, jax.tree.map(lambda leaf: leaf[0], kind))
        else:
            values, _ = jax.lax.scan(add, values, kind)
    return values
