"""Datasets given the same kinds of sources, so that they can share compiled code.

In a survey every observation sees other sources. Each dataset gets as many of each kind as the one
that has most of them: copies of some source that emit nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any

import jax
import numpy as np

from gjax.predict.fold import PreparedDataset
from gjax.predict.group import stack_trees, structure
from gjax.predict.physics import Emission, Members
from gjax.predict.transfer import Known

__all__ = ["align_kinds"]

#: How much more memory the sources may take.
_RATIO = 2.0

Ready = tuple[Any, Members]

#: What sources have in common, and whether their morphology can change.
_Kind = tuple[Hashable, bool]


def align_kinds(ready: Sequence[Ready], models: Any) -> list[Ready]:
    """Give datasets of one shape the same kinds of sources, if that takes not too much.

    Parameters
    ----------
    ready :
        Prepared datasets, of which those of flux points stay as they are, with the models that act
        in each.
    """
    found = list(ready)
    shapes: dict[Hashable, list[int]] = {}
    for i, (data, members) in enumerate(ready):
        if isinstance(data, PreparedDataset):
            backgrounds = len(members.background), members.fields, len(members.modifiers)
            key = np.shape(data.mask), np.shape(data.exposure), data.intervals is None, backgrounds
            shapes.setdefault(key, []).append(i)
    for positions in shapes.values():
        for i, one in zip(positions, _aligned([ready[i] for i in positions], models), strict=True):
            found[i] = one
    return found


def _aligned(ready: list[Ready], models: Any) -> list[Ready]:
    sources = [_sources_by_kind(data, members, models) for data, members in ready]
    most: dict[_Kind, int] = {}
    example: dict[_Kind, tuple[Any, int]] = {}
    for kinds in sources:
        for kind, own in kinds.items():
            most[kind] = max(most.get(kind, 0), len(own))
            example.setdefault(kind, own[0])
    if all([len(own) for own in kinds.values()] == [*most.values()] for kinds in sources):
        return ready
    size = {kind: _size(source) for kind, (source, _) in example.items()}
    taken = sum(size[kind] * len(own) for kinds in sources for kind, own in kinds.items())
    if len(ready) * sum(size[kind] * n for kind, n in most.items()) > _RATIO * taken:
        return ready
    found = []
    for (data, members), kinds in zip(ready, sources, strict=True):
        filled = [
            (own := kinds.get(kind, []), own + [example[kind]] * (n - len(own)))
            for kind, n in most.items()
        ]
        found.append(
            (
                dataclasses.replace(
                    data,
                    sources=tuple(stack_trees([one for one, _ in every]) for _, every in filled),
                    present=tuple(
                        (np.arange(len(every)) < len(own)).astype(float) for own, every in filled
                    ),
                    known=(Known(),) * len(filled),
                ),
                dataclasses.replace(
                    members,
                    sources=tuple(tuple(i for _, i in every) for _, every in filled),
                    moving=tuple(moves for _, moves in most),
                ),
            )
        )
    return found


def _sources_by_kind(
    data: PreparedDataset, members: Members, models: Any
) -> dict[_Kind, list[tuple[Any, int]]]:
    """List the sources of each kind, with the positions of their models."""
    found = {}
    for stacked, kind, moves in zip(data.sources, members.sources, members.moving, strict=True):
        every = [jax.tree.map(lambda leaf, k=k: leaf[k], stacked) for k in range(len(kind))]
        model = models.members[kind[0]]
        emission = Emission(model.spectral, model.temporal, ())
        looks = structure((every[0], emission, model.spatial if moves else None))
        found[looks, moves] = list(zip(every, kind, strict=True))
    return found


def _size(source: Any) -> int:
    return sum(np.size(leaf) for leaf in jax.tree.leaves(source))
