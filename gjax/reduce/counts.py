"""Binning events into a counts cube.

Lives here: the histogram, on an image or in a region. Does not live here: selecting events
(`gjax.events`), and which events belong to a region (`gjax.reduce.aperture`).
"""

from __future__ import annotations

import numpy as np

from gjax.events.event_list import EventList
from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.reduce.aperture import in_region

__all__ = ["counts_cube", "observed_counts"]


def counts_cube(events: EventList, geom: WcsGeom, energy: MapAxis) -> np.ndarray:
    """Count the events in each energy bin and pixel.

    A bin includes its lower edge and excludes its upper edge; events outside are left out.

    Parameters
    ----------
    events :
        The events.
    geom :
        Sky geometry.
    energy :
        Axis of reconstructed energy.

    Returns
    -------
    Counts, shape ``(ereco, y, x)``.
    """
    lon, lat = convert(np.asarray(events.lon), np.asarray(events.lat), "icrs", geom.frame)
    ix, iy = geom.coord_to_idx(lon, lat)
    ie = energy.coord_to_idx(np.asarray(events.energy))
    inside = (ix >= 0) & (iy >= 0) & (ie >= 0)
    shape = (energy.nbin, *geom.shape)
    flat = np.ravel_multi_index((ie[inside], iy[inside], ix[inside]), shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape).astype(float)


def observed_counts(
    observation: Observation, events: EventList, geom: WcsGeom | RegionGeom, energy: MapAxis
) -> np.ndarray:
    """Count events of an observation on an image or in a region.

    Parameters
    ----------
    observation :
        Where pointing and, for a region that is a point, RAD_MAX come from.
    events :
        The events to count, for example some of those of the observation.
    geom :
        Sky geometry. An event in several shapes of a region counts once.
    energy :
        Axis of reconstructed energy.

    Returns
    -------
    Counts, shape ``(ereco, y, x)``; ``(ereco, 1, 1)`` in a region.

    Raises
    ------
    ValueError
        If the region is a point and the observation has no RAD_MAX.
    """
    if isinstance(geom, WcsGeom):
        return counts_cube(events, geom, energy)
    ie = energy.coord_to_idx(np.asarray(events.energy))
    inside = in_region(observation, geom, events) & (ie >= 0)
    return np.bincount(ie[inside], minlength=energy.nbin).astype(float)[:, None, None]
