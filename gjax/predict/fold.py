r"""Forward folding: from models to predicted counts, as pure functions of prepared arrays.

.. math::

    N_{ep} = \max\Big(0,\; \sum_k B^k_{ep}\, b^k_e\, f^k_{ep}
    + \sum_s \sum_t D^s_{te}\, F^s_t\, X_{tp}\, (P^s_t * M^s)_p \Big)

with backgrounds B and their corrections b in energy and f on the sky, energy dispersion D, the
source's flux F in true energy bin t, exposure X, PSF P and morphology M. The exposure multiplies
after the PSF, as in Gammapy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.factors import Factors, scaled_cube
from gjax.predict.group import map_stacked
from gjax.predict.occupied import Occupied
from gjax.predict.physics import Components, Emission, Intervals, Members, components
from gjax.predict.points import PreparedPoints
from gjax.predict.reco import spread, window_exposure
from gjax.predict.sky_grid import SkyGrid
from gjax.predict.source import AbstractSource
from gjax.predict.transfer import Known
from gjax.typing import Array, ArrayLike, Cube

__all__ = [
    "Block",
    "Prepared",
    "PreparedDataset",
    "Windows",
    "assemble",
    "background_factor",
    "fold",
    "map_blocks",
    "map_datasets",
    "padded_shape",
    "padding",
    "source_flux",
    "source_window",
    "source_windows",
    "window_elements",
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
        Background counts before their models are applied, shape ``(background, ereco, y, x)``, or
        None.
    places :
        Where the factor of a background on the sky can change, longitude and latitude of the pixels
        in its frame, shape ``(2, y, x)``; else None.
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
    present :
        Per kind, whether each source is one; the others fill up the stack and emit nothing.
    known :
        Per kind, what of it cannot change.
    spans :
        Per kind, the number of occupied bins to look at; see `gjax.predict.transfer`.
    intervals :
        Good time intervals, where a source varies with time.
    """

    mask: ArrayLike
    occupied: Occupied
    background: ArrayLike | None
    places: tuple[ArrayLike | None, ...]
    constant: ArrayLike | None
    exposure: ArrayLike
    grid: SkyGrid
    energy_true_edges: ArrayLike
    energy_center: ArrayLike
    sources: tuple[AbstractSource, ...]
    present: tuple[ArrayLike, ...]
    known: tuple[Known, ...]
    intervals: Intervals | None
    spans: tuple[int, ...] = eqx.field(static=True)


class Windows(eqx.Module):
    """Predicted counts of a source on its window (or of a stack of sources of one kind).

    Parameters
    ----------
    counts :
        Shape ``(ereco, h, w)``.
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
        Arrays with a leading dataset axis, of counts or of flux points.
    datasets :
        Position of each among the prepared datasets.
    members :
        The models that act in each.
    """

    data: PreparedDataset | PreparedPoints
    datasets: tuple[int, ...] = eqx.field(static=True)
    members: tuple[Members, ...] = eqx.field(static=True)


class Prepared(eqx.Module):
    """Datasets and models made ready for repeated evaluation; see `gjax.predict.prepare`.

    Parameters
    ----------
    blocks :
        Stacked datasets.
    names :
        Names of the datasets, in the order given.
    n_energy :
        Number of measured energies (or flux points) of each; a prediction may have more, empty
        ones, see `gjax.predict.alike`.
    """

    blocks: tuple[Block, ...]
    names: tuple[str, ...] = eqx.field(static=True)
    n_energy: tuple[int, ...] = eqx.field(static=True)


def fold(data: PreparedDataset, physics: Components) -> Cube:
    """Predict the counts of one dataset, shape ``(ereco, y, x)``.

    Of on/off data the counts of the signal; elsewhere with the background, clipped at zero.
    """
    total = assemble(data, background_factor(data, physics), source_windows(data, physics))
    return total if data.occupied.is_onoff else jnp.maximum(total, 0.0)


def background_factor(data: PreparedDataset, physics: Components) -> Factors:
    """Give the factors of each background, in each energy bin and on the sky."""
    energy = jnp.asarray(data.energy_center)
    factors = [background.factor(energy) for background in physics.background]
    fields = tuple(
        None if place is None else background.field(place, energy)
        for place, background in zip(data.places, physics.background, strict=True)
    )
    return Factors(jnp.stack(factors) if factors else jnp.zeros((0, energy.size)), fields)


def source_windows(data: PreparedDataset, physics: Components) -> tuple[Windows, ...]:
    """Predict all sources on their windows, one entry per kind of source."""

    def one(parts: tuple[AbstractSource, Array, Emission, Any]) -> Windows:
        source, present, emission, spatial = parts
        return source_window(source, data, source_flux(data, emission, present), spatial)

    listed = zip(data.sources, data.present, physics.sources, strict=True)
    return tuple(
        map_stacked(one, (stacked, present, *models), window_elements(stacked, data))
        for stacked, present, models in listed
    )


def window_elements(source: AbstractSource, data: PreparedDataset) -> int:
    """Give the number of elements of the image of a source in true energy."""
    height, width = source.window.shape
    return height * width * np.shape(data.exposure)[0]


def source_flux(data: PreparedDataset, emission: Emission, present: ArrayLike) -> Array:
    """Give the flux of a source in each bin of true energy, in cm-2 s-1."""
    edges = jnp.asarray(data.energy_true_edges)
    return emission.flux(edges[:-1], edges[1:], data.intervals) * present


def source_window(
    source: AbstractSource, data: PreparedDataset, flux: Array, spatial: Any
) -> Windows:
    """Predict one source on its window."""
    start = source.start(spatial, padded_shape(data))
    image = source.image(spatial, data.grid, start)
    exposure = window_exposure(source, data.exposure, start)
    return Windows(spread(source, image, exposure, flux), *start)


def assemble(data: PreparedDataset, factor: Factors, windows: tuple[Windows, ...]) -> Cube:
    """Add background and sources on the map, not clipped."""
    n_energy, ny, nx = data.mask.shape
    pad = padding(data)
    total = jnp.zeros((n_energy, *padded_shape(data)))
    for kind in windows:
        total = _add_windows(total, kind)
    total = total[:, pad : pad + ny, pad : pad + nx]
    if data.constant is not None:
        total = total + data.constant
    if data.background is not None:
        total = total + scaled_cube(data.background, factor)
    return total


def padded_shape(data: PreparedDataset) -> tuple[int, int]:
    """Give rows and columns of the padded map."""
    return np.shape(data.exposure)[-2:]


def padding(data: PreparedDataset) -> int:
    """Give the number of pixels by which the map is padded on each side."""
    return (padded_shape(data)[0] - data.mask.shape[-2]) // 2


def _add_windows(total: Array, stacked: Windows) -> Array:
    """Add the windows of all sources of one kind to the padded cube, one after the other."""

    def add(total: Array, one: Windows) -> tuple[Array, None]:
        at = (jnp.zeros((), one.row.dtype), one.row, one.column)
        window = jax.lax.dynamic_slice(total, at, one.counts.shape)
        return jax.lax.dynamic_update_slice(total, window + one.counts, at), None

    if stacked.row.shape[0] == 1:
        return add(total, jax.tree.map(lambda leaf: leaf[0], stacked))[0]
    return jax.lax.scan(add, total, stacked)[0]


def map_blocks(
    function: Callable[[Any, Components], Any],
    prepared: Prepared,
    physics: Callable[[tuple[Members, ...]], Components],
) -> list[Any]:
    """Apply a function to the arrays and the models of every dataset, block by block.

    Parameters
    ----------
    function :
        As for `map_datasets`.
    physics :
        Gives the stacked models of the datasets of a block.

    Returns
    -------
    results :
        One per block, with a leading dataset axis. Unlike a list of datasets, it needs no code for
        each of them.
    """
    return [
        map_stacked(lambda one: function(*one), (block.data, physics(block.members)))
        for block in prepared.blocks
    ]


def map_datasets(
    function: Callable[[Any, Components], Any], prepared: Prepared, models: Any
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
    blocks = map_blocks(function, prepared, lambda members: components(members, models))
    for block, stacked in zip(prepared.blocks, blocks, strict=True):
        for i, dataset in enumerate(block.datasets):
            results[dataset] = jax.tree.map(lambda leaf, i=i: leaf[i], stacked)
    return results
