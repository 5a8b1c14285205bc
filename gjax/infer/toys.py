r"""Simulated counts inside compiled code: thousands of experiments from one fit.

A toy is the objective with Poisson counts drawn from a prediction; off counts are drawn too. All
bins of a dataset are listed, so that toys of all contents have one shape. Priors stay as they are.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.objective import Objective
from gjax.predict.fold import Block, PreparedDataset, map_datasets
from gjax.predict.occupied import Occupied
from gjax.predict.physics import Components
from gjax.predict.points import PreparedPoints
from gjax.predict.sparse import find_known, npred_sparse
from gjax.stats.wstat import profiled_background
from gjax.typing import Array, Theta

__all__ = [
    "Counts",
    "draw_counts",
    "expected_counts",
    "list_all_bins",
    "observed_counts",
    "with_counts",
]

#: Counts (or their expectation) of each dataset, flat over its bins: on the source, and off it.
Counts: TypeAlias = tuple[tuple[Array, Array | None], ...]


def list_all_bins(objective: Objective) -> Objective:
    """Give the same objective with every bin listed, those without counts too.

    Raises
    ------
    ValueError
        If there are flux points, for which no experiment is known that could be repeated.
    """
    blocks = []
    for block in objective.prepared.blocks:
        if isinstance(block.data, PreparedPoints):
            names = ", ".join(objective.prepared.names[i] for i in block.datasets)
            raise ValueError(f"flux points cannot be simulated: {names}")
        spans = (np.size(block.data.mask[0]),) * len(block.data.spans)
        data = dataclasses.replace(block.data, occupied=_all_bins(block.data), spans=spans)
        data = dataclasses.replace(data, known=find_known(data))
        blocks.append(dataclasses.replace(block, data=data))
    prepared = dataclasses.replace(objective.prepared, blocks=tuple(blocks))
    return dataclasses.replace(objective, prepared=prepared)


def expected_counts(objective: Objective, theta: Theta) -> Counts:
    """Predict the counts of every dataset; bins outside the mask expect none.

    The background of on/off data is the one that fits best to the counts on and off.

    Parameters
    ----------
    objective :
        From `list_all_bins`, with the observed counts.
    theta :
        The coordinates that are taken for the truth.
    """

    def one(data: PreparedDataset, physics: Components) -> tuple[Array, Array | None]:
        bins, sparse = data.occupied, npred_sparse(data, physics)
        inside = jnp.ravel(jnp.asarray(data.mask))
        if sparse.alpha is None:
            return jnp.where(inside, jnp.maximum(sparse.npred, 0.0), 0.0), None
        off = profiled_background(bins.counts, bins.counts_off, sparse.alpha, sparse.npred)
        on = jnp.maximum(sparse.npred + sparse.alpha * off, 0.0)
        return jnp.where(inside, on, 0.0), jnp.where(inside, off, 0.0)

    models = objective.layout.models_at(theta)
    return tuple(map_datasets(one, objective.prepared, models))


def observed_counts(objective: Objective) -> Counts:
    """Give the counts of an objective from `list_all_bins`."""
    found: list[Any] = [None] * len(objective.prepared.names)
    for block in objective.prepared.blocks:
        bins = _bins(block)
        for row, dataset in enumerate(block.datasets):
            off = None if bins.counts_off is None else jnp.asarray(bins.counts_off)[row]
            found[dataset] = (jnp.asarray(bins.counts)[row], off)
    return tuple(found)


def draw_counts(expected: Counts, key: Array) -> Counts:
    """Draw Poisson counts."""
    keys = jax.random.split(key, 2 * len(expected))

    def draw(key: Array, mean: Array) -> Array:
        return jax.random.poisson(key, mean).astype(float)

    return tuple(
        (draw(keys[2 * i], on), None if off is None else draw(keys[2 * i + 1], off))
        for i, (on, off) in enumerate(expected)
    )


def with_counts(objective: Objective, counts: Counts) -> Objective:
    """Put other counts into an objective from `list_all_bins`."""
    blocks = []
    for block in objective.prepared.blocks:
        new = {"counts": jnp.stack([counts[i][0] for i in block.datasets])}
        if _bins(block).is_onoff:
            new["counts_off"] = jnp.stack([jnp.asarray(counts[i][1]) for i in block.datasets])
        bins = dataclasses.replace(_bins(block), **new)
        data = dataclasses.replace(block.data, occupied=bins)
        blocks.append(dataclasses.replace(block, data=data))
    prepared = dataclasses.replace(objective.prepared, blocks=tuple(blocks))
    return dataclasses.replace(objective, prepared=prepared)


def _bins(block: Block) -> Occupied:
    assert isinstance(block.data, PreparedDataset)
    return block.data.occupied


def _all_bins(data: PreparedDataset) -> Occupied:
    """List all bins of stacked datasets, in the order of the cube."""
    mask = np.asarray(data.mask)
    stacked, bins = mask.shape[0], data.occupied
    shape = (stacked, mask[0].size)
    pad = (np.shape(data.exposure)[-1] - mask.shape[-1]) // 2
    energy, row, column = np.indices(mask.shape[1:]).reshape(3, -1)

    def flat(cube: Any) -> np.ndarray:
        return np.zeros(shape) if cube is None else np.asarray(cube, float).reshape(shape)

    def spread(values: Any, fill: float = 0.0) -> np.ndarray:
        """Put the contents of the listed bins into the cube."""
        cube = np.full(mask.shape, fill)
        counts = np.asarray(bins.counts)
        used = counts > 0 if bins.is_used is None else np.asarray(bins.is_used)
        which, k = np.nonzero(used)
        at = [np.asarray(index)[which, k] for index in (bins.energy, bins.row, bins.column)]
        cube[which, at[0], at[1] - pad, at[2] - pad] = np.asarray(values)[which, k]
        return cube.reshape(shape)

    number = np.shape(bins.background)[1]
    background = np.zeros((stacked, number, shape[1]))
    if data.background is not None and not bins.is_onoff:
        background = np.asarray(data.background).reshape(background.shape)
    onoff = bins.is_onoff
    return dataclasses.replace(
        bins,
        energy=np.broadcast_to(energy, shape),
        row=np.broadcast_to(row + pad, shape),
        column=np.broadcast_to(column + pad, shape),
        first=None,
        counts=spread(bins.counts),
        background=background,
        constant=flat(data.constant),
        exposure=np.asarray(data.exposure)[:, :, row + pad, column + pad].swapaxes(1, 2),
        counts_off=spread(bins.counts_off) if onoff else None,
        alpha=spread(bins.alpha, 1.0) if onoff else None,
        is_used=mask.reshape(shape) if onoff else None,
    )
