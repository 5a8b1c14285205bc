"""From datasets and models to arrays that can be evaluated again and again.

Everything that does not depend on a free parameter is done here, once: responses are looked up at
the sources, PSFs become splines or transformed kernels, sources with frozen morphology are folded
to templates and fully frozen ones to constant counts. Nothing is cached behind the scenes: the
result is a value, to be made anew when data, models or choices change.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.events.gti import GTI
from gjax.maps.region_geom import RegionGeom
from gjax.numerics.finite import finite
from gjax.parameters import Parameters
from gjax.predict.align import align_kinds
from gjax.predict.alike import alike
from gjax.predict.backgrounds import Backgrounds, find_backgrounds
from gjax.predict.fold import Block, Prepared, PreparedDataset
from gjax.predict.frozen import constant_counts, fixed_source
from gjax.predict.group import group_equal, stack_trees
from gjax.predict.joint_plan import DatasetPlan, plan_datasets, select
from gjax.predict.node_source import NodeSource
from gjax.predict.occupied import Occupied, find_occupied, padded
from gjax.predict.options import Folding
from gjax.predict.physics import Components, Emission, Intervals, Members, gather
from gjax.predict.points import PreparedPoints
from gjax.predict.reco import RecoSource
from gjax.predict.region import region_source
from gjax.predict.seen import as_seen
from gjax.predict.sharing import share_lengths
from gjax.predict.sky_grid import SkyGrid, sky_grid
from gjax.predict.source import AbstractSource, FixedSource
from gjax.predict.sparse import find_known
from gjax.predict.transfer import Known, find_span

__all__ = ["as_list", "prepare"]

#: Arrays of more bytes go to the device one by one, so that not all of them are there twice.
_LARGE = 10_000_000

#: The grid of a spectrum, whose sources have grids of their own.
_NO_GRID = SkyGrid(
    center=np.zeros((3, 1, 1)),
    step_x=np.zeros((3, 1, 1)),
    step_y=np.zeros((3, 1, 1)),
    solid_angle=np.zeros((1, 1)),
)


def as_list(datasets: AnyDataset | Sequence[AnyDataset]) -> list[AnyDataset]:
    """List datasets, of which there may be only one."""
    if isinstance(datasets, (Dataset, FluxPointsDataset)):
        return [datasets]
    return list(datasets)


def prepare(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    folding: Folding | None = None,
) -> Prepared:
    """Make datasets and models ready for repeated evaluation.

    Parameters
    ----------
    datasets :
        One dataset or several with different names, of any kinds.
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
    listed = as_list(datasets)
    names = tuple(dataset.name for dataset in listed)
    if len(set(names)) != len(names):
        raise ValueError(f"datasets must have different names, got {', '.join(names)}")
    _check_models(models, names)
    table = Parameters.from_models(models) if parameters is None else parameters
    choices = _Choices(_varying(table), Folding() if folding is None else folding, _epoch(listed))
    n_energy = tuple(d.energy.nbin if isinstance(d, Dataset) else d.energy.size for d in listed)
    listed = alike(listed)
    plans = plan_datasets(listed, models, choices.varying, choices.folding)
    ready = [
        _prepare_points(dataset, models, choices)
        if isinstance(dataset, FluxPointsDataset)
        else _prepare_counts(dataset, models, choices, plans[k])
        for k, dataset in enumerate(listed)
    ]
    ready = _with_equal_lengths(align_kinds(ready, models))
    known: dict[Members, Components] = {}
    keys = [(data, _gathered(members, models, known)) for data, members in ready]
    blocks = [_stacked([ready[i] for i in positions], positions) for positions in group_equal(keys)]
    return Prepared(tuple(blocks), names, n_energy)


def _stacked(ready: list[tuple[Any, Members]], positions: tuple[int, ...]) -> Block:
    """Stack datasets of equal structure, on the device."""
    data = stack_trees([one for one, _ in ready], to_device=_LARGE)
    if isinstance(data, PreparedDataset):
        spans = tuple(find_span(data.occupied, kind.window.shape[0]) for kind in data.sources)
        data = jax.device_put(dataclasses.replace(data, spans=spans))
        data = dataclasses.replace(data, known=find_known(data))
    return Block(jax.device_put(data), positions, tuple(members for _, members in ready))


def _with_equal_lengths(ready: list[tuple[Any, Members]]) -> list[tuple[Any, Members]]:
    """Make the lists of occupied bins of datasets with maps of one shape equally long."""
    shapes: dict[Hashable, list[int]] = {}
    for i, (data, _) in enumerate(ready):
        if isinstance(data, PreparedDataset):
            shapes.setdefault(np.shape(data.exposure), []).append(i)
    found = list(ready)
    for positions in shapes.values():
        lists = share_lengths([ready[i][0].occupied for i in positions])
        for i, occupied in zip(positions, lists, strict=True):
            if occupied is not ready[i][0].occupied:
                found[i] = (dataclasses.replace(ready[i][0], occupied=occupied), ready[i][1])
    return found


def _gathered(members: Members, models: Any, known: dict[Members, Components]) -> Components:
    """Gather the models of a dataset; those of datasets that see the same only once."""
    if members not in known:
        known[members] = gather(members, models)
    return known[members]


@dataclass(frozen=True)
class _Choices:
    """What all datasets of a preparation share.

    Parameters
    ----------
    varying :
        Which part of which model can change.
    folding :
        Numerical choices.
    epoch :
        MJD to which the times of all datasets are referred.
    """

    varying: set[tuple[int, str]]
    folding: Folding
    epoch: float

    def is_free(self, i: int, modifiers: tuple[int, ...]) -> bool:
        """Tell whether what a source emits into a dataset can change, its morphology aside."""
        own = {(i, "spectral"), (i, "temporal")}
        of_instrument = {(m, part) for m in modifiers for part in ("aeff", "energy")}
        return bool((own | of_instrument) & self.varying)


def _check_models(models: Any, names: tuple[str, ...]) -> None:
    """Refuse models that can apply to none of the datasets."""
    for name, model in models.items():
        wanted = model.datasets_names
        if wanted is not None and not set(wanted) & set(names):
            raise ValueError(
                f"model {name!r} is for dataset {', '.join(wanted)}, "
                f"but the datasets are: {', '.join(names)}"
            )


def _epoch(datasets: list[AnyDataset]) -> float:
    references = [dataset.gti.reference for dataset in datasets if dataset.gti is not None]
    return references[0] if references else 51544.0


def _prepare_points(
    dataset: FluxPointsDataset, models: Any, choices: _Choices
) -> tuple[PreparedPoints, Members]:
    """Prepare a dataset of flux points on the host."""
    modifiers, sources = select(dataset.name, models)
    band = None
    if dataset.compare == "band":
        band = (dataset.energy_min, dataset.energy_max, dataset.width)
    data = PreparedPoints(
        points=dataset.points,
        energy=np.asarray(dataset.energy, float),
        band=jax.tree.map(lambda array: np.asarray(array, float), band),
        intervals=_intervals(dataset.gti, models, sources, dataset.name, choices.epoch),
    )
    emissions = [models.members[i].spectral for i in sources]
    temporal = [models.members[i].temporal for i in sources]
    kinds = group_equal(list(zip(emissions, temporal, strict=True)))
    return data, Members((), modifiers, tuple(tuple(sources[j] for j in kind) for kind in kinds))


def _prepare_counts(
    dataset: Dataset, models: Any, choices: _Choices, plan: DatasetPlan
) -> tuple[PreparedDataset, Members]:
    """Prepare a dataset of counts on the host."""
    parts, pad = models.members, plan.pad
    backgrounds = find_backgrounds(dataset, models, choices.varying)
    intervals = _intervals(dataset.gti, models, plan.sources, dataset.name, choices.epoch)
    frame = _frame(dataset, backgrounds, pad, intervals, choices.folding)
    acting = tuple(parts[m] for m in plan.modifiers)
    built, constant = {}, None
    for i in plan.sources:
        if dataset.is_region:
            seen = as_seen(dataset, parts[i])
            source = region_source(seen, parts[i].spatial, plan.moving[i], choices.folding)
        else:
            source = plan.plans[i].make(pad, plan.windows[i])
        is_exposed = "exposure" in parts[i].apply_irf
        if not plan.moving[i]:
            source = fixed_source(source, parts[i].spatial, frame.grid, is_exposed)
        elif not is_exposed:
            raise ValueError(f"{models.names[i]!r}: without exposure its morphology must be frozen")
        if plan.moving[i] or choices.is_free(i, plan.modifiers):
            built[i] = source
            continue
        emission = Emission(parts[i].spectral, parts[i].temporal, acting)
        cube = constant_counts(source, emission, parts[i].spatial, frame)
        constant = cube if constant is None else constant + cube
    order = list(built)
    # Of a morphology that cannot change only the image is needed.
    shapes = {i: parts[i].spatial if plan.moving[i] else None for i in order}
    keys = [(built[i], parts[i].spectral, parts[i].temporal, shapes[i]) for i in order]
    kinds = tuple(tuple(order[j] for j in group) for group in group_equal(keys))
    data = dataclasses.replace(
        frame,
        sources=tuple(stack_trees([built[i] for i in kind]) for kind in kinds),
        present=tuple(np.ones(len(kind)) for kind in kinds),
        known=(Known(),) * len(kinds),
        constant=constant,
        occupied=_occupied(dataset, frame, constant, pad, list(built.values())),
    )
    moving = tuple(plan.moving[kind[0]] for kind in kinds)
    return data, Members(backgrounds.members, plan.modifiers, kinds, backgrounds.fields, moving)


def _occupied(
    dataset: Dataset,
    frame: PreparedDataset,
    constant: np.ndarray | None,
    pad: int,
    sources: list[AbstractSource],
) -> Occupied:
    counts = np.zeros(dataset.shape)
    if dataset.counts is not None:
        counts = finite(dataset.counts)
    off = None
    if dataset.is_onoff:
        off = (finite(dataset.counts_off), _alpha(dataset))
    mask, background = np.asarray(frame.mask), frame.background
    inner = (
        slice(pad, np.shape(frame.exposure)[1] - pad),
        slice(pad, np.shape(frame.exposure)[2] - pad),
    )
    exposure = np.asarray(frame.exposure)[(slice(None), *inner)]
    signed = any(_is_signed(source) for source in sources)
    return find_occupied(
        counts, mask, background, constant, pad, exposure=exposure, off=off, is_signed=signed
    )


def _is_signed(source: AbstractSource) -> bool:
    """Tell whether an image that is known already is negative anywhere."""
    inner = source.inner if isinstance(source, RecoSource) else source
    if isinstance(inner, FixedSource):
        return bool((np.asarray(inner.template) < 0).any())
    return isinstance(inner, NodeSource) and bool((np.asarray(inner.images) < 0).any())


def _varying(table: Parameters) -> set[tuple[int, str]]:
    """List (model, part) that hold a free parameter or follow one."""
    names = list(dict.fromkeys(key[0] for key in table.keys))
    free = {table.keys[i] for i in table.free}
    linked = {key for key, link in table.links.items() if set(link.targets) & free}
    return {(names.index(key[0]), key[1]) for key in free | linked}


def _alpha(dataset: Dataset) -> np.ndarray:
    if dataset.alpha is None:
        raise ValueError(f"dataset {dataset.name!r} has off counts but no acceptances")
    return dataset.alpha


def _intervals(
    gti: GTI | None, models: Any, sources: list[int], dataset: str, epoch: float
) -> Intervals | None:
    """Give the times of a dataset, if one of its sources varies."""
    if all(models.members[i].temporal is None for i in sources):
        return None
    if gti is None:
        raise ValueError(f"dataset {dataset!r} has no good time intervals, but a source varies")
    shift = (gti.reference - epoch) * 86400.0
    # Numbers of intervals repeat if they are rounded up, and so does the code.
    room = (0, (1 << max(len(gti.start) - 1, 3).bit_length()) - len(gti.start))
    start, stop = np.pad(gti.start, room, mode="edge"), np.pad(gti.stop, room, mode="edge")
    start[len(gti.start) :] = stop[len(gti.start) :]
    return Intervals(start + shift, stop + shift, epoch)


def _frame(
    dataset: Dataset,
    backgrounds: Backgrounds,
    pad: int,
    intervals: Intervals | None,
    folding: Folding,
) -> PreparedDataset:
    """Bring everything but the sources into place."""
    geom, mask = dataset.geom, dataset.mask
    if dataset.is_onoff:
        # Without off acceptance nothing is known of the background.
        mask = mask & (_alpha(dataset) > 0)
    precision = "float64" if dataset.is_region else folding.precision
    exposure = np.zeros((dataset.energy_true.nbin, *geom.shape))
    if dataset.exposure is not None:
        exposure = finite(dataset.exposure)
    # The statistic comes last. Sources that do not change are folded before, by code that must not
    # depend on the number of occupied bins.
    nothing: Any = None
    return PreparedDataset(
        mask=mask,
        occupied=nothing,
        background=backgrounds.cubes,
        places=backgrounds.places,
        constant=None,
        exposure=padded(exposure.astype(precision, copy=False), pad),
        grid=_NO_GRID
        if isinstance(geom, RegionGeom)
        else sky_grid(geom, pad, folding.beyond_border),
        energy_true_edges=dataset.energy_true.edges,
        energy_center=dataset.energy.center,
        sources=(),
        present=(),
        known=(),
        spans=(),
        intervals=intervals,
    )
