"""From datasets and models to arrays that can be evaluated again and again.

Everything that does not depend on a free parameter is done here, once: responses are looked up at
the sources, PSFs become splines or transformed kernels, sources with frozen morphology are folded
to templates and fully frozen ones to constant counts. Nothing is cached behind the scenes: the
result is a value, to be made anew when data, models or choices change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.model.background import FoVBackground
from gjax.numerics.convolve import good_size
from gjax.parameters import Parameters
from gjax.predict.fold import Block, Prepared, PreparedDataset, source_window
from gjax.predict.group import group_equal, stack_trees
from gjax.predict.occupied import find_occupied
from gjax.predict.options import Folding
from gjax.predict.plan import plan_source
from gjax.predict.sky_grid import sky_grid
from gjax.predict.source import AbstractSource, FixedSource, Stay, Window

__all__ = ["prepare"]


def prepare(
    datasets: Dataset | Sequence[Dataset],
    models: Any,
    parameters: Parameters | None = None,
    folding: Folding | None = None,
) -> Prepared:
    """Make datasets and models ready for repeated evaluation.

    Parameters
    ----------
    datasets :
        One dataset or several with different names.
    models :
        The models; each applies to the datasets that it names, or to all.
    parameters :
        Decides what is free; the default table of the models if not given. Sources are prepared at
        the values of ``models``.
    folding :
        Numerical choices; accurate by default.

    Raises
    ------
    ValueError
        For datasets that share a name, a background model of a dataset that is not there, or a
        response that does not fit its dataset.
    """
    listed = [datasets] if isinstance(datasets, Dataset) else list(datasets)
    names = tuple(dataset.name for dataset in listed)
    if len(set(names)) != len(names):
        raise ValueError(f"datasets must have different names, got {', '.join(names)}")
    _check_models(models, names)
    table = Parameters.from_models(models) if parameters is None else parameters
    chosen = Folding() if folding is None else folding
    ready = [_prepare_one(dataset, models, table, chosen) for dataset in listed]
    blocks = [
        Block(
            data=stack_trees([ready[i].data for i in positions]),
            datasets=positions,
            background=tuple(ready[i].background for i in positions),
            members=tuple(ready[i].members for i in positions),
        )
        for positions in group_equal([one.key(models) for one in ready])
    ]
    return jax.device_put(Prepared(tuple(blocks), names))


@dataclass(frozen=True)
class _Ready:
    """One prepared dataset and the positions of the models that apply to it."""

    data: PreparedDataset
    background: int
    members: tuple[tuple[int, ...], ...]

    def key(self, models: Any) -> Any:
        """Give a tree whose structure is equal for datasets that can be stacked."""
        members = models.members
        kinds = [[(members[i].spectral, members[i].spatial) for i in kind] for kind in self.members]
        background = members[self.background].spectral if self.background >= 0 else None
        return self.data, kinds, background


def _check_models(models: Any, names: tuple[str, ...]) -> None:
    """Refuse models that can apply to none of the datasets."""
    for name, model in models.items():
        wanted = model.datasets_names
        if wanted is not None and not set(wanted) & set(names):
            raise ValueError(
                f"model {name!r} is for dataset {', '.join(wanted)}, "
                f"but the datasets are: {', '.join(names)}"
            )


def _prepare_one(dataset: Dataset, models: Any, table: Parameters, folding: Folding) -> _Ready:
    """Prepare one dataset on the host."""
    if dataset.exposure is None:
        raise ValueError(f"dataset {dataset.name!r} has no exposure")
    varying = _varying(table)
    background, sources = _select(dataset, models)
    spatial_free = {i: (i, "spatial") in varying for i in sources}
    plans = {
        i: plan_source(dataset, models.members[i].spatial, spatial_free[i], folding)
        for i in sources
    }
    pad = _padding(dataset, [plan.window for plan in plans.values()])
    frame = _frame(dataset, pad, folding)
    built, constant = {}, None
    for i, plan in plans.items():
        source = plan.make(pad)
        if not spatial_free[i]:
            source = _fix(source, models.members[i].spatial, frame)
        if spatial_free[i] or (i, "spectral") in varying:
            built[i] = source
            continue
        cube = _constant(source, models.members[i], frame)
        constant = cube if constant is None else constant + cube
    keys = [
        (source, models.members[i].spectral, models.members[i].spatial)
        for i, source in built.items()
    ]
    order = list(built)
    kinds = tuple(tuple(order[j] for j in group) for group in group_equal(keys))
    stacked = tuple(stack_trees([built[i] for i in kind]) for kind in kinds)
    counts = (
        np.zeros(dataset.shape) if dataset.counts is None else np.asarray(dataset.counts, float)
    )
    data = dataclasses.replace(
        frame,
        sources=stacked,
        constant=constant,
        occupied=find_occupied(counts, dataset.mask, frame.background, constant, pad),
    )
    return _Ready(data, background, kinds)


def _padding(dataset: Dataset, windows: list[Window]) -> int:
    """Choose how far to pad the map.

    A window that moves may lie half outside; one that does not only has to fit.
    """
    pads = [0]
    for window in windows:
        for size, moves, pixels in zip(*window, dataset.geom.shape, strict=True):
            pads.append(size // 2 + 2 if moves else -(-(size - pixels) // 2))
    return good_size(max(pads))


def _varying(table: Parameters) -> set[tuple[int, str]]:
    """List (model, part) that hold a free parameter or follow one."""
    names = list(dict.fromkeys(key[0] for key in table.keys))
    free = {table.keys[i] for i in table.free}
    linked = {key for key, link in table.links.items() if set(link.targets) & free}
    return {(names.index(key[0]), key[1]) for key in free | linked}


def _select(dataset: Dataset, models: Any) -> tuple[int, list[int]]:
    """Find the background model and the sources of a dataset, by position."""
    background, sources = -1, []
    for i, (name, model) in enumerate(models.items()):
        if not model.applies_to(dataset.name):
            continue
        if isinstance(model, FoVBackground):
            background = i
        elif model.spatial is None:
            raise ValueError(f"source {name!r} has no spatial model, which a map needs")
        else:
            sources.append(i)
    if background >= 0 and dataset.background is None:
        raise ValueError(f"dataset {dataset.name!r} has a background model but no background")
    return background, sources


def _frame(dataset: Dataset, pad: int, folding: Folding) -> PreparedDataset:
    """Bring everything but the sources into place."""
    none = np.zeros(dataset.shape)
    exposure = np.nan_to_num(np.asarray(dataset.exposure, float))
    background = dataset.background
    return PreparedDataset(
        mask=dataset.mask,
        occupied=find_occupied(none, dataset.mask, None, None, pad),
        background=None if background is None else np.nan_to_num(np.asarray(background, float)),
        constant=None,
        exposure=np.pad(np.moveaxis(exposure, 0, -1), ((pad, pad), (pad, pad), (0, 0))),
        grid=sky_grid(dataset.geom, pad, folding.beyond_border),
        energy_true_edges=dataset.energy_true.edges,
        energy_center=dataset.energy.center,
        sources=(),
    )


@jax.jit
def _window_image(source: AbstractSource, spatial: Any, frame: PreparedDataset) -> Any:
    start = source.start(spatial, np.shape(frame.exposure)[:2])
    return source.image(spatial, frame.grid, frame.exposure, start), start


def _fix(source: AbstractSource, spatial: Any, frame: PreparedDataset) -> FixedSource:
    """Fold a source whose morphology cannot change."""
    image, (row, column) = jax.device_get(_window_image(source, spatial, frame))
    return FixedSource(
        edisp=source.edisp, template=image, place=Stay(row, column), window=source.window
    )


@jax.jit
def _window_counts(source: AbstractSource, model: Any, frame: PreparedDataset) -> Any:
    return source_window(source, frame, model.spectral, model.spatial)


def _constant(source: AbstractSource, model: Any, frame: PreparedDataset) -> np.ndarray:
    """Predict a source without any free parameter, on the map."""
    window = jax.device_get(_window_counts(source, model, frame))
    row, column = int(window.row), int(window.column)
    n_energy, ny, nx = frame.mask.shape
    rows, columns = np.shape(frame.exposure)[:2]
    padded = np.zeros((rows, columns, n_energy))
    height, width = source.window.shape
    padded[row : row + height, column : column + width] = window.counts
    pad = (columns - nx) // 2
    return np.moveaxis(padded[pad : pad + ny, pad : pad + nx], -1, 0)
