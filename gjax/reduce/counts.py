"""Binning events into a counts cube.

Lives here: the histogram. Does not live here: selecting events (`gjax.events`).
"""

from __future__ import annotations

import numpy as np

from gjax.events.event_list import EventList
from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom

__all__ = ["counts_cube"]


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
