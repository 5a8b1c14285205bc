"""Projection of the point spread function on the sky.

Lives here: the PSF of an observation in each pixel of a coarse geometry. Does not live here: the
shapes of PSFs (`gjax.irf.psf`) and the kernels made from the map (`gjax.predict`).
"""

from __future__ import annotations

import numpy as np

from gjax.dataset.response import PSFMap
from gjax.events.observation import Observation
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom
from gjax.reduce.exposure import exposure_cube, pixel_offsets, require

__all__ = ["RAD_AXIS", "psf_map"]

#: Radial axis of a PSF map unless another one is asked for.
RAD_AXIS = MapAxis.from_bounds(0.0, 0.66, 66, "rad", "deg", "lin")


def psf_map(
    observation: Observation, geom: WcsGeom, energy_true: MapAxis, rad: MapAxis = RAD_AXIS
) -> PSFMap:
    r"""Sample the PSF at the pixel centres and normalise it.

    The profile is taken at the centres of the energy and rad bins and divided by
    :math:`\sum_r 2\pi r f(r) \Delta r`, so that what reaches beyond the rad axis is not lost.

    Parameters
    ----------
    observation :
        Where PSF, effective area and pointing come from.
    geom :
        The coarse sky geometry.
    energy_true, rad :
        Axis of true energy and radial axis in deg.

    Raises
    ------
    ValueError
        If the observation has no PSF or no effective area.
    """
    values = require(observation.psf, observation, "PSF").evaluate(
        energy_true=energy_true.center[:, None, None, None],
        rad=rad.center[:, None, None],
        offset=pixel_offsets(observation, geom)[None, None],
    )
    # Rings are flat: radii and widths in radians give a solid angle in sr.
    ring = 2 * np.pi * np.deg2rad(rad.center) * np.deg2rad(np.diff(rad.edges))
    total = np.einsum("eryx,r->eyx", values, ring)[:, None]
    normalised = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
    exposure = exposure_cube(observation, geom, energy_true)
    return PSFMap(normalised, exposure, geom, energy_true, rad)
