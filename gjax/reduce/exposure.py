"""Exposure of a sky geometry, and how far its pixels are from the pointing.

Lives here: effective area times live time. Does not live here: the interpolation of the effective
area (`gjax.irf`).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.numerics.sphere import separation

__all__ = ["exposure_cube", "pixel_offsets", "pointing_in", "require"]

_Part = TypeVar("_Part")


def require(part: _Part | None, observation: Observation, name: str) -> _Part:
    """Give a part of an observation back if it is there.

    Parameters
    ----------
    part :
        The part, or None.
    observation, name :
        Where it belongs and what it is, for the message.

    Raises
    ------
    ValueError
        If there is no such part.
    """
    if part is None:
        raise ValueError(f"observation {observation.obs_id} has no {name}")
    return part


def pointing_in(observation: Observation, frame: str) -> tuple[float, float]:
    """Direction in which the telescope pointed, in deg in a frame (``icrs`` or ``galactic``)."""
    pointing = observation.pointing
    lon, lat = convert(np.asarray(pointing.lon), np.asarray(pointing.lat), "icrs", frame)
    return float(lon), float(lat)


def pixel_offsets(observation: Observation, geom: WcsGeom | RegionGeom) -> np.ndarray:
    """Separation of pixel centres from the pointing in deg, shape ``(y, x)``.

    Pixels outside the projection are put at the antipode.
    """
    offsets = separation(*pointing_in(observation, geom.frame), *geom.coords())
    return np.nan_to_num(offsets, nan=180.0)


def exposure_cube(
    observation: Observation, geom: WcsGeom | RegionGeom, energy_true: MapAxis
) -> np.ndarray:
    r"""Compute the exposure :math:`A_\mathrm{eff}(E_t, \theta_p)\,t_\mathrm{live}`.

    The effective area is taken at the centres :math:`E_t` of the true-energy bins and at the offset
    :math:`\theta_p` of the pixel centres.

    Parameters
    ----------
    observation :
        Where effective area, pointing and live time come from.
    geom :
        Sky geometry.
    energy_true :
        Axis of true energy.

    Returns
    -------
    Exposure in cm2 s, shape ``(etrue, y, x)``.

    Raises
    ------
    ValueError
        If the observation has no effective area.
    """
    area = require(observation.aeff, observation, "effective area").evaluate(
        energy_true=energy_true.center[:, None, None], offset=pixel_offsets(observation, geom)[None]
    )
    return area * float(observation.livetime)
