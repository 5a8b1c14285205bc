"""How the sources of all datasets are to be folded: what each needs, made equal where it is alike.

Host code: it runs once per preparation. One source in one dataset is planned in
`gjax.predict.plan`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.dataset.flux_points import FluxPointsDataset
from gjax.model.response_modifier import ResponseModifier
from gjax.model.sky import SkyModel
from gjax.numerics.convolve import good_size
from gjax.predict.options import Folding
from gjax.predict.plan import SourcePlan, is_out_of_reach, plan_source
from gjax.predict.seen import as_seen
from gjax.predict.sharing import FROZEN, share_windows
from gjax.predict.source import Window

__all__ = ["DatasetPlan", "plan_datasets", "select"]


@dataclass(frozen=True)
class DatasetPlan:
    """How the sources of one dataset are to be folded.

    Parameters
    ----------
    modifiers, sources :
        Positions of the models that act in it.
    moving :
        Of each source whether its morphology can change.
    plans :
        Of each source; empty for a spectrum.
    windows :
        Of each source, as they are shared with others.
    pad :
        By how many pixels the map is padded.
    """

    modifiers: tuple[int, ...]
    sources: list[int]
    moving: dict[int, bool]
    plans: dict[int, SourcePlan]
    windows: dict[int, Window]
    pad: int


def plan_datasets(
    listed: Sequence[AnyDataset], models: Any, varying: set[tuple[int, str]], folding: Folding
) -> dict[int, DatasetPlan]:
    """Plan the sources of all datasets of counts, listed by position.

    Maps of one shape share windows and padding.

    Parameters
    ----------
    varying :
        Which part of which model can change.

    Raises
    ------
    ValueError
        For a source that a dataset cannot have, and as `gjax.predict.plan.plan_source`.
    """
    plans: dict[int, DatasetPlan] = {}
    shapes: dict[tuple[tuple[int, int], int], list[int]] = {}
    for k, dataset in enumerate(listed):
        if isinstance(dataset, FluxPointsDataset):
            continue
        plans[k] = _plan_alone(dataset, models, varying, folding)
        if not dataset.is_region:
            shapes.setdefault((dataset.geom.shape, dataset.energy_true.nbin), []).append(k)
    for (shape, _), positions in shapes.items():
        windows = share_windows(
            {
                (k, i): (made.kind if plans[k].moving[i] else FROZEN, made.window)
                for k in positions
                for i, made in plans[k].plans.items()
            }
        )
        pad = _padding(shape, list(windows.values()))
        for k in positions:
            shared = {i: windows[k, i] for i in plans[k].plans}
            plans[k] = dataclasses.replace(plans[k], windows=shared, pad=pad)
    return plans


def _plan_alone(
    dataset: Dataset, models: Any, varying: set[tuple[int, str]], folding: Folding
) -> DatasetPlan:
    modifiers, sources = select(dataset.name, models)
    _check_sources(dataset, models, sources)
    moving = {i: (i, "spatial") in varying for i in sources}
    plans = {}
    if not dataset.is_region:
        spatial = {i: models.members[i].spatial for i in sources}
        sources = [i for i in sources if not is_out_of_reach(dataset, spatial[i], moving[i])]
        for i in sources:
            model = models.members[i]
            plans[i] = plan_source(as_seen(dataset, model), model.spatial, moving[i], folding)
    return DatasetPlan(modifiers, sources, moving, plans, {}, 0)


def _check_sources(dataset: Dataset, models: Any, sources: list[int]) -> None:
    """Refuse sources that a dataset cannot have."""
    for i in sources:
        if not dataset.is_region and models.members[i].spatial is None:
            raise ValueError(f"source {models.names[i]!r} has no spatial model, which a map needs")
    if sources and dataset.exposure is None:
        raise ValueError(f"dataset {dataset.name!r} has no exposure")


def select(dataset: str, models: Any) -> tuple[tuple[int, ...], list[int]]:
    """Find the response modifiers and the sources of a dataset, by position."""
    acting = [i for i, model in enumerate(models.members) if model.applies_to(dataset)]
    modifiers = tuple(i for i in acting if isinstance(models.members[i], ResponseModifier))
    return modifiers, [i for i in acting if isinstance(models.members[i], SkyModel)]


def _padding(shape: tuple[int, int], windows: list[Window]) -> int:
    """Choose how far to pad the map.

    A window that moves may lie half outside; one that does not only has to fit.
    """
    pads = [0]
    for window in windows:
        for size, moves, pixels in zip(*window, shape, strict=True):
            pads.append(size // 2 + 2 if moves else -(-(size - pixels) // 2))
    return good_size(max(pads))
