r"""Forward folding: from models to predicted counts, as pure functions of prepared arrays.

.. math::

    N_{ep} = \max\Big(0,\; B_{ep}\, b_e + \sum_s \sum_t D^s_{te}\, F^s_t\, X_{tp}\,
    (P^s_t * M^s)_p \Big)

with background B and its correction b, energy dispersion D, the source's flux F in true energy bin
t, exposure X, PSF P and morphology M. The exposure multiplies after the PSF, as in Gammapy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.group import map_stacked, stack_trees
from gjax.predict.occupied import Occupied
from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource
from gjax.typing import Array, ArrayLike, Cube

__all__ = [
    "Block",
    "Components",
    "Prepared",
    "PreparedDataset",
    "Windows",
    "assemble",
    "background_factor",
    "components",
    "fold",
    "map_datasets",
    "source_window",
    "source_windows",
]


class PreparedDataset(eqx.Module):
    """The arrays of one dataset (or a stack of them) that folding and statistics need.

    Parameters
    ----------
    mask :
        Bins in the statistic, shape ``(ereco, y, x)``.
    occupied :
        The bins with counts inside the mask.
    background :
        Background counts before its model is applied, shape ``(ereco, y, x)``, or None.
    constant :
        Predicted counts of the sources that have no free parameter, or None.
    exposure :
        In cm2 s on the padded map, shape ``(y, x, etrue)``.
    grid :
        Directions of the padded map.
    energy_true_edges, energy_center :
        In TeV, shapes ``(etrue + 1,)`` and ``(ereco,)``.
    sources :
        Stacked sources, one entry per kind.
    """

    mask: ArrayLike
    occupied: Occupied
    background: ArrayLike | None
    constant: ArrayLike | None
    exposure: ArrayLike
    grid: SkyGrid
    energy_true_edges: ArrayLike
    energy_center: ArrayLike
    sources: tuple[AbstractSource, ...]


class Windows(eqx.Module):
    """Predicted counts of a source on its window (or of a stack of sources of one kind).

    Parameters
    ----------
    counts :
        Shape ``(h, w, ereco)``.
    row, column :
        Place of the window's first pixel in the padded map.
    """

    counts: Array
    row: Array
    column: Array


class Block(eqx.Module):
    """Datasets of equal structure, stacked.

    Parameters
    ----------
    data :
        Arrays with a leading dataset axis.
    datasets :
        Position of each among the prepared datasets.
    background :
        Position of the background model of each among the models; -1 without one.
    members :
        Positions of the source models: per dataset, per kind of source, per source.
    """

    data: PreparedDataset
    datasets: tuple[int, ...] = eqx.field(static=True)
    background: tuple[int, ...] = eqx.field(static=True)
    members: tuple[tuple[tuple[int, ...], ...], ...] = eqx.field(static=True)


class Prepared(eqx.Module):
    """Datasets and models made ready for repeated evaluation; see `gjax.predict.prepare`.

    Parameters
    ----------
    blocks :
        Stacked datasets.
    names :
        Names of the datasets, in the order given.
    """

    blocks: tuple[Block, ...]
    names: tuple[str, ...] = eqx.field(static=True)


class Components(eqx.Module):
    """The physics that applies to one dataset (or a stack of them).

    Parameters
    ----------
    background :
        Norm spectrum of the background model, or None.
    sources :
        Per kind of source the stacked spectral and spatial models.
    """

    background: Any
    sources: tuple[tuple[Any, Any], ...]


def components(block: Block, models: Any) -> Components:
    """Gather and stack the models of each dataset of a block."""
    members = models.members
    per_dataset = []
    for background, kinds in zip(block.background, block.members, strict=True):
        sources = tuple(
            (
                stack_trees([members[i].spectral for i in kind]),
                stack_trees([members[i].spatial for i in kind]),
            )
            for kind in kinds
        )
        spectral = members[background].spectral if background >= 0 else None
        per_dataset.append(Components(spectral, sources))
    return stack_trees(per_dataset)


def fold(data: PreparedDataset, physics: Components) -> Cube:
    """Predict the counts of one dataset, shape ``(ereco, y, x)``."""
    total = assemble(data, background_factor(data, physics), source_windows(data, physics))
    return jnp.maximum(total, 0.0)


def background_factor(data: PreparedDataset, physics: Components) -> Array:
    """Give the factor of the background model in each energy bin, shape ``(ereco,)``."""
    energy = jnp.asarray(data.energy_center)
    return jnp.ones_like(energy) if physics.background is None else physics.background(energy)


def source_windows(data: PreparedDataset, physics: Components) -> tuple[Windows, ...]:
    """Predict all sources on their windows, one entry per kind of source."""

    def one(parts: tuple[AbstractSource, Any, Any]) -> Windows:
        return source_window(parts[0], data, parts[1], parts[2])

    return tuple(
        map_stacked(one, (stacked, *models))
        for stacked, models in zip(data.sources, physics.sources, strict=True)
    )


def source_window(
    source: AbstractSource, data: PreparedDataset, spectral: Any, spatial: Any
) -> Windows:
    """Predict one source on its window."""
    row, column = source.start(spatial, np.shape(data.exposure)[:2])
    image = source.image(spatial, data.grid, data.exposure, (row, column))
    edges = jnp.asarray(data.energy_true_edges)
    flux = spectral.integral(edges[:-1], edges[1:])
    # The spectrum is folded into the small matrix, so its gradient needs no convolution.
    weights = flux[:, None] * source.edisp
    counts = image.reshape(-1, len(flux)) @ weights
    return Windows(counts.reshape(*source.window.shape, -1), row, column)


def assemble(data: PreparedDataset, factor: Array, windows: tuple[Windows, ...]) -> Cube:
    """Add background and sources on the map, not clipped."""
    n_energy, ny, nx = data.mask.shape
    padded = np.shape(data.exposure)[:2]
    pad = (padded[0] - ny) // 2
    total = jnp.zeros((*padded, n_energy))
    for kind in windows:
        total = _add_windows(total, kind)
    total = jnp.moveaxis(total[pad : pad + ny, pad : pad + nx], -1, 0)
    if data.constant is not None:
        total = total + data.constant
    if data.background is not None:
        total = total + data.background * factor[:, None, None]
    return total


def _add_windows(total: Array, stacked: Windows) -> Array:
    """Add the windows of all sources of one kind to the padded cube, one after the other."""

    def add(total: Array, one: Windows) -> tuple[Array, None]:
        at = (one.row, one.column, jnp.zeros((), one.row.dtype))
        window = jax.lax.dynamic_slice(total, at, one.counts.shape)
        return jax.lax.dynamic_update_slice(total, window + one.counts, at), None

    if stacked.row.shape[0] == 1:
        return add(total, jax.tree.map(lambda leaf: leaf[0], stacked))[0]
    return jax.lax.scan(add, total, stacked)[0]


def map_datasets(
    function: Callable[[PreparedDataset, Components], Any], prepared: Prepared, models: Any
) -> list[Any]:
    """Apply a function to the arrays and the models of every dataset.

    Parameters
    ----------
    function :
        Called with the arrays of one dataset and the models that apply to it; must be traceable.
        `fold` is one.

    Returns
    -------
    results :
        One per dataset, in the order of ``prepared.names``.
    """
    results: list[Any] = [None] * len(prepared.names)
    for block in prepared.blocks:
        pair = (block.data, components(block, models))
        stacked = map_stacked(lambda one: function(*one), pair)
        for i, dataset in enumerate(block.datasets):
            results[dataset] = jax.tree.map(lambda leaf, i=i: leaf[i], stacked)
    return results
