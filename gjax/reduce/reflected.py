"""Background of a spectrum, measured in other regions of the same field of view.

Lives here: counts in off regions and the dataset they make. Does not live here: where the regions
are (`gjax.reduce.off_regions`).
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.numerics.sphere import separation
from gjax.reduce.aperture import check_aperture, is_points
from gjax.reduce.counts import observed_counts
from gjax.reduce.exposure import pointing_in, require
from gjax.reduce.off_regions import reflected_regions, wobble_regions

__all__ = ["FINDERS", "reflected_background", "without_off"]

log = logging.getLogger(__name__)

#: How off regions are found.
FINDERS = {"reflected": reflected_regions, "wobble": wobble_regions}


def reflected_background(
    dataset: Dataset,
    observation: Observation,
    exclusion_mask: Map | None = None,
    *,
    finder: str = "reflected",
    missing: str = "warn",
    **options: Any,
) -> Dataset:
    """Measure the background of a spectrum in regions around the pointing.

    The acceptance is 1 and the off acceptance the number of off regions.

    Parameters
    ----------
    dataset :
        The reduced region of an observation.
    observation :
        Where it comes from.
    exclusion_mask :
        An image, true where there is no source.
    finder :
        One of `FINDERS`: ``"reflected"`` puts as many regions as there is room for, ``"wobble"`` a
        given number at equal angles (for points the only one).
    missing :
        What to do where no off region is found: ``"warn"`` gives a dataset without off counts and
        without any safe bin, ``"raise"`` raises.
    **options :
        Those of `gjax.reduce.off_regions.reflected_regions` or `wobble_regions`.

    Returns
    -------
    The dataset with off counts, acceptances and ``geom_off``, and without ``background``.

    Raises
    ------
    ValueError
        If the dataset is no region, the region does not fit a point-like response, an option is
        unknown, or (with ``missing="raise"``) no off region is found.
    """
    if not isinstance(dataset.geom, RegionGeom):
        raise ValueError(f"dataset {dataset.name!r} is a map: reflected regions need a region")
    if finder not in FINDERS:
        raise ValueError(f"unknown finder {finder!r}; there are {sorted(FINDERS)}")
    if missing not in ("warn", "raise"):
        raise ValueError(f"missing must be 'warn' or 'raise', got {missing!r}")
    check_aperture(observation, dataset.geom)
    pointing = pointing_in(observation, dataset.geom.frame)
    off = FINDERS[finder](dataset.geom, pointing, exclusion_mask, **options)
    problem = "no off region outside the exclusion mask"
    if (
        off
        and is_points(dataset.geom)
        and _overlap([dataset.geom, *off], observation, dataset.energy)
    ):
        off, problem = [], "on and off regions overlap; use less off regions"
    if not off:
        if missing == "raise":
            raise ValueError(f"observation {observation.obs_id}: {problem}")
        log.warning(
            "observation %s: %s; no bin of dataset %r is safe",
            observation.obs_id,
            problem,
            dataset.name,
        )
        return without_off(dataset)
    geom_off = RegionGeom(tuple(shape for one in off for shape in one.shapes), dataset.geom.frame)
    events = require(observation.events, observation, "events")
    return dataclasses.replace(
        dataset,
        background=None,
        counts_off=observed_counts(observation, events, geom_off, dataset.energy),
        acceptance=np.ones(dataset.shape),
        acceptance_off=np.full(dataset.shape, float(len(off))),
        geom_off=geom_off,
    )


def without_off(dataset: Dataset) -> Dataset:
    """Give a dataset whose background could not be measured: nothing in it is safe."""
    return dataclasses.replace(
        dataset,
        background=None,
        counts_off=None,
        acceptance=np.ones(dataset.shape),
        acceptance_off=np.zeros(dataset.shape),
        mask_safe=np.zeros(dataset.shape, bool),
        geom_off=None,
    )


def _overlap(regions: list[RegionGeom], observation: Observation, energy: MapAxis) -> bool:
    """Whether points come closer than two RAD_MAX at any energy of an axis."""
    rad_max = observation.rad_max
    assert rad_max is not None
    axis = rad_max.table.axis("energy")
    used = (axis.edges[1:] >= energy.edges[0]) & (axis.edges[:-1] <= energy.edges[-1])
    if not used.any():
        return False
    offset = float(separation(*pointing_in(observation, regions[0].frame), *regions[0].center))
    radius = float(np.max(rad_max.evaluate(axis.center, offset)[used]))
    lon, lat = np.transpose([region.center for region in regions])
    apart = np.asarray(separation(lon[:, None], lat[:, None], lon, lat))
    return bool(apart[~np.eye(len(regions), dtype=bool)].min() < 2 * radius)
