r"""Forward folding: from models to predicted counts, as pure functions of prepared arrays.

.. math::

    N_{ep} = \max\Big(0,\; B_{ep}\, b_e + \sum_s \sum_t D^s_{te}\, F^s_t\, X_{tp}\,
    (P^s_t * M^s)_p \Big)

with background B and its correction b, energy dispersion D, the source's flux F in true energy bin t,
exposure X, PSF P and morphology M. The exposure multiplies after the PSF, as in Gammapy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.group import map_stacked, stack_trees
from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource
from gjax.typing import Array, ArrayLike, Cube

__all__ = ["Block", "Components", "Prepared", "PreparedDataset", "fold", "map_datasets"]


class PreparedDataset(eqx.Module):
    """The arrays of one dataset (or a stack of them) that folding and statistics need.

    Parameters
    ----------
    mask :
        Bins in the statistic, shape ``(ereco, y, x)``.
    occupied, counts :
        Flat index and content of the bins with counts inside the mask, padded with zero counts.
    background :
        Background counts before its model is applied, shape ``(ereco, y, x)``, or None.
    constant :
        Predicted counts of the sources that have no free parameter, or None.
    exposure :
        In cm2 s on the padded map, shape ``(etrue, y, x)``.
    grid :
        Directions of the padded map.
    energy_true_edges, energy_center :
        In TeV, shapes ``(etrue + 1,)`` and ``(ereco,)``.
    sources :
        Stacked sources, one entry per kind.
    """

    mask: ArrayLike
    occupied: ArrayLike
    counts: ArrayLike
    background: ArrayLike | None
    constant: ArrayLike | None
    exposure: ArrayLike
    grid: SkyGrid
    energy_true_edges: ArrayLike
    energy_center: ArrayLike
    sources: tuple[AbstractSource, ...]


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
    n_energy, ny, nx = data.mask.shape
    padded = np.shape(data.exposure)[-2:]
    pad = (padded[0] - ny) // 2
    npred = jnp.zeros((n_energy, *padded))
    for source, (spectral, spatial) in zip(data.sources, physics.sources, strict=True):
        npred = _add_sources(npred, data, source, (spectral, spatial))
    npred = npred[:, pad : pad + ny, pad : pad + nx]
    if data.constant is not None:
        npred = npred + data.constant
    if data.background is not None:
        factor = 1.0
        if physics.background is not None:
            factor = physics.background(jnp.asarray(data.energy_center))[:, None, None]
        npred = npred + data.background * factor
    return jnp.maximum(npred, 0.0)


def source_cube(
    source: AbstractSource, data: PreparedDataset, spectral: Any, spatial: Any
) -> tuple[Array, tuple[Array, Array]]:
    """Predict one source on its window: counts, shape ``(ereco, h, w)``, and the window's start."""
    start = source.start(spatial, np.shape(data.exposure)[-2:])
    image = source.image(spatial, data.grid, data.exposure, start)
    edges = jnp.asarray(data.energy_true_edges)
    flux = spectral.integral(edges[:-1], edges[1:])
    # The spectrum is folded into the small matrix, so its gradient needs no convolution.
    weights = flux[:, None] * source.edisp
    return jnp.einsum("te,thw->ehw", weights, image), start


def _add_sources(
    npred: Array, data: PreparedDataset, stacked: AbstractSource, models: tuple[Any, Any]
) -> Array:
    """Add the windows of all sources of one kind to the padded cube, one after the other."""

    def add(total: Array, one: tuple[AbstractSource, Any, Any]) -> tuple[Array, None]:
        source, spectral, spatial = one
        cube, (row, column) = source_cube(source, data, spectral, spatial)
        at = (jnp.zeros((), row.dtype), row, column)
        window = jax.lax.dynamic_slice(total, at, cube.shape)
        return jax.lax.dynamic_update_slice(total, window + cube, at), None

    sequence = (stacked, *models)
    if np.shape(jax.tree.leaves(sequence)[0])[0] == 1:
        return add(npred, jax.tree.map(lambda leaf: jnp.asarray(leaf)[0], sequence))[0]
    return jax.lax.scan(add, npred, sequence)[0]


def map_datasets(
    function: Callable[[Cube, PreparedDataset], Any], prepared: Prepared, models: Any
) -> list[Any]:
    """Fold every dataset and apply a function to each prediction.

    Parameters
    ----------
    function :
        Called with predicted counts and the arrays of one dataset; must be traceable.

    Returns
    -------
    results :
        One per dataset, in the order of ``prepared.names``.
    """
    results: list[Any] = [None] * len(prepared.names)
    for block in prepared.blocks:

        def one(pair: tuple[PreparedDataset, Components]) -> Any:
            return function(fold(*pair), pair[0])

        stacked = map_stacked(one, (block.data, components(block, models)))
        for i, dataset in enumerate(block.datasets):
            results[dataset] = jax.tree.map(lambda leaf, i=i: leaf[i], stacked)
    return results
