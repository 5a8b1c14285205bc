"""Background of a pulsar, measured at phases without pulse.

Lives here: counts in phase intervals and the dataset they make. Does not live here: the phases of
the events, which come with them (`gjax.events.event_list`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.events.observation import Observation
from gjax.reduce.counts import observed_counts
from gjax.reduce.exposure import require

__all__ = ["phase_background", "phase_intervals"]

Interval = tuple[float, float]


def phase_background(
    dataset: Dataset,
    observation: Observation,
    *,
    on_phase: Interval | Sequence[Interval],
    off_phase: Interval | Sequence[Interval],
) -> Dataset:
    """Take the events of some phases as signal and those of others as background.

    Acceptances are the widths of the phase intervals. Exposure and live time stay those of the
    whole observation, so that fluxes are averages over all phases.

    Parameters
    ----------
    dataset :
        A reduced map or region of the observation.
    observation :
        Its events must have phases.
    on_phase, off_phase :
        One or more intervals ``(start, stop)``; one that ends before it begins goes through phase
        zero.

    Returns
    -------
    The dataset with new counts, off counts and acceptances, and without ``background``.

    Raises
    ------
    ValueError
        If the events have no phases, or an interval is empty or longer than one turn.
    """
    events = require(observation.events, observation, "events")
    if events.phase is None:
        raise ValueError(f"observation {observation.obs_id}: its events have no phases (PHASE)")
    on, off = phase_intervals(on_phase), phase_intervals(off_phase)
    counts, counts_off = (
        observed_counts(
            observation, events.select(_within(events.phase, each)), dataset.geom, dataset.energy
        )
        for each in (on, off)
    )
    return dataclasses.replace(
        dataset,
        counts=counts,
        background=None,
        counts_off=counts_off,
        acceptance=np.full(dataset.shape, _width(on)),
        acceptance_off=np.full(dataset.shape, _width(off)),
    )


def phase_intervals(phases: Interval | Sequence[Interval]) -> list[Interval]:
    """Bring intervals of phase into ``[0, 1]``, dividing those that go through zero.

    Parameters
    ----------
    phases :
        One interval ``(start, stop)`` or several.

    Raises
    ------
    ValueError
        If there is none, or one is empty or longer than one turn.
    """
    if len(phases) == 2 and all(np.isscalar(phase) for phase in phases):
        phases = [phases]  # type: ignore[list-item]
    found: list[Interval] = []
    for start, stop in phases:  # type: ignore[misc]
        if start == stop or abs(stop - start) > 1:
            raise ValueError(f"a phase interval has a width between 0 and 1, got {(start, stop)}")
        low, high = float(start) % 1.0, float(stop) % 1.0
        if abs(stop - start) == 1:
            found.append((0.0, 1.0))
        elif low < high:
            found.append((low, high))
        else:
            found += [part for part in ((low, 1.0), (0.0, high)) if part[0] < part[1]]
    if not found:
        raise ValueError("no phase interval given")
    return found


def _within(phase: np.ndarray, intervals: list[Interval]) -> np.ndarray:
    inside = np.zeros(len(phase), bool)
    for start, stop in intervals:
        inside |= (phase >= start) & (phase < stop)
    return inside


def _width(intervals: list[Interval]) -> float:
    return sum(stop - start for start, stop in intervals)
