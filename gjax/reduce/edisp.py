"""Projection of the energy dispersion on the sky, and its look-up at a position.

Lives here: the energy dispersion of an observation in each pixel of a coarse geometry, as a map of
migra distributions or of kernels. Does not live here: the tables (`gjax.irf.edisp`) and how a
kernel is applied (`gjax.predict`).
"""

from __future__ import annotations

import numpy as np

from gjax.dataset.response import EDispKernelMap, EDispMap
from gjax.events.observation import Observation
from gjax.irf.edisp import integrate_migra
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.reduce.exposure import exposure_cube, pixel_offsets, require

__all__ = ["MIGRA_AXIS", "edisp_kernel_map", "edisp_map", "kernel_at"]

#: Migra axis of a map of migra distributions, unless another one is asked for.
MIGRA_AXIS = MapAxis.from_bounds(0.2, 5.0, 48, "migra", "", "lin")


def _migra_densities(
    observation: Observation, geom: WcsGeom | RegionGeom, energy_true: MapAxis, migra: MapAxis
) -> np.ndarray:
    """Normalised migra distributions at the pixel centres, shape ``(etrue, migra, y, x)``."""
    values = require(observation.edisp, observation, "energy dispersion").evaluate(
        energy_true=energy_true.center[:, None, None, None],
        migra=migra.center[:, None, None],
        offset=pixel_offsets(observation, geom)[None, None],
    )
    total = np.einsum("emyx,m->eyx", values, np.diff(migra.edges))[:, None]
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def edisp_map(
    observation: Observation,
    geom: WcsGeom | RegionGeom,
    energy_true: MapAxis,
    migra: MapAxis = MIGRA_AXIS,
) -> EDispMap:
    """Sample the energy dispersion at the pixel centres and normalise it along migra.

    Parameters
    ----------
    observation :
        Where energy dispersion, effective area and pointing come from.
    geom :
        The coarse sky geometry.
    energy_true, migra :
        Axis of true energy and axis of energy / energy_true.

    Raises
    ------
    ValueError
        If the observation has no energy dispersion or no effective area.
    """
    density = _migra_densities(observation, geom, energy_true, migra)
    exposure = exposure_cube(observation, geom, energy_true)
    return EDispMap(density, exposure, geom, energy_true, migra)


def edisp_kernel_map(
    observation: Observation, geom: WcsGeom | RegionGeom, energy_true: MapAxis, energy: MapAxis
) -> EDispKernelMap:
    """Integrate the energy dispersion at the pixel centres over reconstructed energy bins.

    The distribution keeps the migra bins of its table, so that nothing is lost by resampling it.

    Parameters
    ----------
    observation :
        Where energy dispersion, effective area and pointing come from.
    geom :
        The coarse sky geometry.
    energy_true, energy :
        Axes of true and reconstructed energy.

    Raises
    ------
    ValueError
        If the observation has no energy dispersion or no effective area.
    """
    migra = require(observation.edisp, observation, "energy dispersion").table.axis("migra")
    density = _migra_densities(observation, geom, energy_true, migra)
    kernel = integrate_migra(density, migra, energy_true, energy)
    exposure = exposure_cube(observation, geom, energy_true)
    return EDispKernelMap(kernel, exposure, geom, energy_true, energy)


def kernel_at(
    edisp: EDispMap | EDispKernelMap, lon: float, lat: float, energy: MapAxis
) -> np.ndarray:
    """Give the kernel of the pixel at a position, or of the nearest one that has any response.

    Parameters
    ----------
    edisp :
        The map.
    lon, lat :
        Position in deg in the frame of the map; a region has one kernel everywhere.
    energy :
        Axis of reconstructed energy (that of the map, if it holds kernels).

    Returns
    -------
    Probabilities, shape ``(etrue, ereco)``.
    """
    data = np.asarray(edisp.data)
    if isinstance(edisp.geom, RegionGeom):
        iy = ix = 0
    else:
        iy, ix = _nearest_response(data, edisp.geom, lon, lat)
    here = data[:, :, iy, ix]
    if isinstance(edisp, EDispKernelMap):
        return here
    return integrate_migra(here, edisp.migra, edisp.energy_true, energy)


def _nearest_response(data: np.ndarray, geom: WcsGeom, lon: float, lat: float) -> tuple[int, int]:
    """Pixel ``(y, x)`` of a position, or the nearest one that has any response."""
    valid = np.any(data > 0, axis=(0, 1))
    x, y = geom.coord_to_pix(np.asarray(lon), np.asarray(lat))
    # A position that the projection does not have counts as the corner of the map.
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    ix = np.clip(np.rint(x).astype(int), 0, geom.npix[0] - 1)
    iy = np.clip(np.rint(y).astype(int), 0, geom.npix[1] - 1)
    if not valid[iy, ix] and valid.any():
        rows, columns = np.nonzero(valid)
        best = np.argmin((rows - y) ** 2 + (columns - x) ** 2)
        iy, ix = rows[best], columns[best]
    return int(iy), int(ix)
