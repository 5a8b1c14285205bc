"""Datasets given the same kinds of sources, so that they can share compiled code.

In a survey every observation sees other sources. Datasets that see about as many get as many of
each kind as the one that has most of them: copies of some source that emit nothing.
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
from gjax.predict.sharing import share
from gjax.predict.transfer import Known

__all__ = ["align_kinds"]

#: How much larger datasets may become when their sources are filled up.
_RATIO = 1.5

Ready = tuple[Any, Members]

#: What sources have in common, and whether their morphology can change.
_Kind = tuple[Hashable, bool]

#: The sources of a dataset by kind, each with the position of its model.
_Sources = dict[_Kind, list[tuple[Any, int]]]


def align_kinds(ready: Sequence[Ready], models: Any) -> list[Ready]:
    """Give datasets of one shape the same kinds of sources, where that takes not too much.

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
        if len({ready[i][1] for i in positions}) == 1:
            continue
        sources = {i: _sources_by_kind(*ready[i], models) for i in positions}
        for alike in _groups(sources, {i: _count(ready[i][0]) for i in positions}):
            wanted = _most([sources[i] for i in alike])
            for i in alike:
                found[i] = _filled(*ready[i], sources[i], wanted)
    return found


def _groups(sources: dict[int, _Sources], sizes: dict[int, int]) -> list[list[int]]:
    """Group datasets that can be filled up without much waste: all, those of like size, or none."""
    bare = {i: sizes[i] - _size(own) for i, own in sources.items()}

    def is_waste(group: list[int]) -> bool:
        filled = _size(_most([sources[i] for i in group]))
        return sum(bare[i] + filled for i in group) > _RATIO * sum(sizes[i] for i in group)

    if not is_waste(every := list(sources)):
        return [every]
    tops = dict(zip(sources, share(list(sizes.values()), _RATIO), strict=True))
    groups = [[i for i in sources if tops[i] == top] for top in dict.fromkeys(tops.values())]
    return [part for group in groups for part in (_singles(group) if is_waste(group) else [group])]


def _singles(group: list[int]) -> list[list[int]]:
    return [[i] for i in group]


def _most(listed: list[_Sources]) -> _Sources:
    """Give of each kind the sources of the dataset that has most of them."""
    found: _Sources = {}
    for sources in listed:
        for kind, own in sources.items():
            if len(own) > len(found.get(kind, [])):
                found[kind] = own
    return found


def _filled(data: PreparedDataset, members: Members, sources: _Sources, wanted: _Sources) -> Ready:
    """Fill the sources of a dataset up to the number of each kind that is wanted."""
    own = [sources.get(kind, []) for kind in wanted]
    every = [
        some + most[:1] * (len(most) - len(some))
        for some, most in zip(own, wanted.values(), strict=True)
    ]
    present = [
        (np.arange(len(filled)) < len(some)).astype(float)
        for some, filled in zip(own, every, strict=True)
    ]
    data = dataclasses.replace(
        data,
        sources=tuple(stack_trees([source for source, _ in filled]) for filled in every),
        present=tuple(present),
        known=(Known(),) * len(every),
    )
    positions = tuple(tuple(i for _, i in filled) for filled in every)
    moving = tuple(moves for _, moves in wanted)
    return data, dataclasses.replace(members, sources=positions, moving=moving)


def _sources_by_kind(data: PreparedDataset, members: Members, models: Any) -> _Sources:
    """List the sources of each kind, with the positions of their models."""
    found: _Sources = {}
    for stacked, kind, moves in zip(data.sources, members.sources, members.moving, strict=True):
        every = [jax.tree.map(lambda leaf, k=k: leaf[k], stacked) for k in range(len(kind))]
        model = models.members[kind[0]]
        emission = Emission(model.spectral, model.temporal, ())
        looks = structure((every[0], emission, model.spatial if moves else None))
        found[looks, moves] = list(zip(every, kind, strict=True))
    return found


def _size(sources: _Sources) -> int:
    """Count the numbers that sources consist of."""
    return sum(len(own) * _count(own[0][0]) for own in sources.values())


def _count(tree: Any) -> int:
    return sum(np.size(leaf) for leaf in jax.tree.leaves(tree))
