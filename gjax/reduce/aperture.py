"""Which events belong to a region: its area, or the direction cut of point-like responses.

Point-like responses hold for events within a radius of the source, RAD_MAX, which is one number or
a table in energy and offset. A region must fit them: a point, whose size is that radius, or (for
one number) a circle of just that radius.

Lives here: that check, the radius for each event, and selection. Does not live here: the table
(`gjax.irf.rad_max`) and the histogram (`gjax.reduce.counts`).
"""

from __future__ import annotations

import numpy as np

from gjax.events.event_list import EventList
from gjax.events.observation import Observation
from gjax.irf.rad_max import RadMax
from gjax.irf.table import inside
from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom
from gjax.maps.region_shape import RegionShape
from gjax.numerics.sphere import separation
from gjax.reduce.exposure import pointing_in

__all__ = ["aperture_radius", "check_aperture", "in_region", "is_points"]

#: A circle may differ from a fixed RAD_MAX by this fraction: files are single precision.
_RADIUS_TOLERANCE = 1e-3


def is_points(geom: RegionGeom) -> bool:
    """Tell whether all shapes of a region are points."""
    return all(shape.kind == "point" for shape in geom.shapes)


def check_aperture(observation: Observation, geom: RegionGeom) -> None:
    """Make sure that a region fits the responses of an observation.

    Raises
    ------
    ValueError
        If the region is a point but the observation has no RAD_MAX, or the observation has a
        RAD_MAX but the region is neither a point nor, for a fixed one, a circle of that radius.
    """
    rad_max, label = observation.rad_max, f"observation {observation.obs_id}"
    if is_points(geom):
        if rad_max is None:
            raise ValueError(
                f"{label}: the region is a point, whose size comes from RAD_MAX, but there is no "
                "RAD_MAX; use a circle"
            )
        return
    if rad_max is None:
        return
    if not rad_max.is_fixed:
        raise ValueError(
            f"{label}: the responses are point-like with a RAD_MAX that depends on energy; the "
            f"region must be a point, not a {geom.shapes[0].kind}"
        )
    radius = float(np.asarray(rad_max.table.data).ravel()[0])
    shape = geom.shapes[0]
    is_circle = len(geom.shapes) == 1 and shape.kind == "circle"
    if not is_circle or abs(shape.values[2] - radius) > _RADIUS_TOLERANCE * radius:
        size = f" of radius {shape.values[2]:g} deg" if is_circle else ""
        raise ValueError(
            f"{label}: the responses are point-like with a RAD_MAX of {radius:g} deg; the region "
            f"must be a circle of that radius or a point, not a {shape.kind}{size}"
        )


def aperture_radius(rad_max: RadMax, energy: np.ndarray, offset: float) -> np.ndarray:
    """Look up the radius of the direction cut at the nearest bin centre of the table.

    Responses were made with one cut for each bin, so there is nothing to interpolate. Outside the
    edges of the table the radius is zero; a fixed radius holds everywhere.

    Parameters
    ----------
    rad_max :
        The table.
    energy :
        Reconstructed energies in TeV, shape ``(n,)``.
    offset :
        Distance of the region from the pointing in deg.

    Returns
    -------
    Radii in deg, shape ``(n,)``.
    """
    if rad_max.is_fixed:
        return rad_max.evaluate(energy, offset)
    axes = [rad_max.table.axis(name) for name in ("energy", "offset")]
    index = [_nearest(axis, values) for axis, values in zip(axes, (energy, offset), strict=True)]
    radius = np.asarray(rad_max.table.data, float)[index[0], index[1]]
    return np.where(inside(axes[0], energy) & inside(axes[1], offset), radius, 0.0)


def _nearest(axis: MapAxis, values: np.ndarray | float) -> np.ndarray:
    """Index of the nearest bin centre, on the scale of the axis; the lower one of two equals."""
    scale = np.log if axis.interp == "log" else np.asarray
    centers = scale(axis.center)
    middle = (centers[1:] + centers[:-1]) / 2
    return np.searchsorted(middle, scale(np.asarray(values, float)), side="left")


def in_region(observation: Observation, geom: RegionGeom, events: EventList) -> np.ndarray:
    """Tell which events are in any shape of a region, points being as large as RAD_MAX.

    Parameters
    ----------
    observation :
        Where pointing and RAD_MAX come from.
    geom :
        The region.
    events :
        The events.

    Returns
    -------
    Booleans, shape ``(n_events,)``.

    Raises
    ------
    ValueError
        If the region is a point and the observation has no RAD_MAX.
    """
    lon, lat = convert(np.asarray(events.lon), np.asarray(events.lat), "icrs", geom.frame)
    if not is_points(geom):
        return geom.contains(lon, lat)
    check_aperture(observation, geom)
    selected = np.zeros(len(events), bool)
    for shape in geom.shapes:
        selected |= _in_aperture(observation, shape, lon, lat, np.asarray(events.energy))
    return selected


def _in_aperture(
    observation: Observation,
    shape: RegionShape,
    lon: np.ndarray,
    lat: np.ndarray,
    energy: np.ndarray,
) -> np.ndarray:
    offset = float(separation(*pointing_in(observation, shape.frame), *shape.center))
    radius = aperture_radius(observation.rad_max, energy, offset)  # type: ignore[arg-type]
    return np.asarray(separation(*shape.center, lon, lat)) <= radius
