"""Responses at the position of a source: the PSF profile and the energy dispersion matrix.

Done on the host, once per preparation: within a fit the responses of a source are those at the
place where it was prepared, so that the likelihood is a smooth function of position.
"""

from __future__ import annotations

import numpy as np

from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.irf.edisp import integrate_migra
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom

__all__ = [
    "containment_radius",
    "diagonal_kernel",
    "edisp_kernel",
    "psf_profile",
]


def _pixel_weights(
    geom: WcsGeom | RegionGeom, exposure: np.ndarray, lon: float, lat: float, lookup: str
) -> list[tuple[int, int, float]]:
    """List the pixels ``(iy, ix, weight)`` of a coarse map that give the response at a position.

    Pixels without exposure have no response; a position outside the valid area takes the nearest
    valid pixel.
    """
    if isinstance(geom, RegionGeom):
        return [(0, 0, 1.0)]
    valid = np.asarray(exposure).sum(axis=0) > 0
    if not valid.any():
        valid = np.ones_like(valid)
    ny, nx = valid.shape
    x, y = (float(np.squeeze(c)) for c in geom.coord_to_pix(np.asarray(lon), np.asarray(lat)))
    if lookup == "linear" and np.isfinite([x, y]).all():
        x0 = int(np.clip(np.floor(x), 0, max(nx - 2, 0)))
        y0 = int(np.clip(np.floor(y), 0, max(ny - 2, 0)))
        fx, fy = np.clip(x - x0, 0.0, 1.0), np.clip(y - y0, 0.0, 1.0)
        corners = [
            (
                min(y0 + j, ny - 1),
                min(x0 + i, nx - 1),
                (fx if i else 1 - fx) * (fy if j else 1 - fy),
            )
            for j in (0, 1)
            for i in (0, 1)
        ]
        corners = [(j, i, w) for j, i, w in corners if w > 0 and valid[j, i]]
        total = sum(w for _, _, w in corners)
        if total > 0.25:
            return [(j, i, w / total) for j, i, w in corners]
    if np.isfinite([x, y]).all():
        jx, jy = round(x), round(y)
        if 0 <= jx < nx and 0 <= jy < ny and valid[jy, jx]:
            return [(jy, jx, 1.0)]
    separation = np.where(valid, geom.separation(lon, lat), np.inf)
    iy, ix = np.unravel_index(int(np.nanargmin(separation)), separation.shape)
    return [(int(iy), int(ix), 1.0)]


def psf_profile(
    psf: PSFMap | RecoPSFMap, lon: float, lat: float, lookup: str = "linear"
) -> np.ndarray:
    """Look up the radial profile at a position in the frame of the map.

    Returns
    -------
    profile :
        In sr-1 at the centres of the rad axis, shape ``(energy, rad)``. Bilinear between the pixels
        of the map for either ``lookup``.
    """
    exposure = np.ones((1, *psf.geom.shape)) if psf.exposure is None else psf.exposure
    weights = _pixel_weights(psf.geom, exposure, lon, lat, "linear")
    profile = sum(w * np.asarray(psf.data[:, :, iy, ix], float) for iy, ix, w in weights)
    return np.clip(np.nan_to_num(np.asarray(profile)), 0.0, None)


def containment_radius(profile: np.ndarray, rad: MapAxis, fraction: float) -> np.ndarray:
    r"""Find the radius that contains a fraction of the PSF, per energy, in deg.

    The cumulative integral :math:`\sum 2\pi r_i f_i \Delta r` at the upper edges of the rad bins is
    interpolated linearly on twentieths of the bins, and the nearest of these is taken; that is
    Gammapy's definition, accurate to a fortieth of a bin.
    """
    edges, center = np.radians(rad.edges), np.radians(rad.center)
    cumulative = np.cumsum(profile * 2 * np.pi * center * np.diff(edges), axis=-1)
    fine = np.linspace(edges[0], edges[-1], 20 * rad.nbin + 1)
    fine = 0.5 * (fine[1:] + fine[:-1])
    upper = edges[1:]
    radius = np.empty(len(profile))
    for i, row in enumerate(cumulative):
        # Below the first upper edge the line through the first two points is continued.
        slope = (row[1] - row[0]) / (upper[1] - upper[0])
        inside = np.clip(row[0] + slope * (fine - upper[0]), 0.0, None)
        values = np.where(fine < upper[0], inside, np.interp(fine, upper, row))
        radius[i] = fine[np.argmin(np.abs(values - fraction))]
    return np.degrees(radius)


def diagonal_kernel(energy_true: MapAxis, energy: MapAxis) -> np.ndarray:
    """Give the matrix of a perfect energy measurement: the overlap of the bins in linear energy."""
    true, reco = energy_true.edges, energy.edges
    low = np.maximum(true[:-1, None], reco[None, :-1])
    high = np.minimum(true[1:, None], reco[None, 1:])
    return np.clip(high - low, 0.0, None) / np.diff(true)[:, None]


def edisp_kernel(
    edisp: EDispMap | EDispKernelMap | None,
    energy_true: MapAxis,
    energy: MapAxis,
    position: tuple[float, float],
    lookup: str = "linear",
) -> np.ndarray:
    """Look up the energy dispersion matrix at a position in the frame of the map.

    Returns
    -------
    kernel :
        Probability of each reconstructed bin, shape ``(etrue, ereco)``.

    Raises
    ------
    ValueError
        If the axes of the response are not those of the dataset.
    """
    if edisp is None:
        return diagonal_kernel(energy_true, energy)
    if not edisp.energy_true.is_allclose(energy_true):
        raise ValueError(
            f"the energy dispersion has {edisp.energy_true.nbin} true energy bins, "
            f"the dataset {energy_true.nbin}, or their edges differ"
        )
    weights = _pixel_weights(edisp.geom, edisp.exposure, *position, lookup)
    data = sum(w * np.asarray(edisp.data[:, :, iy, ix], float) for iy, ix, w in weights)
    if isinstance(edisp, EDispMap):
        return integrate_migra(np.asarray(data), edisp.migra, energy_true, energy)
    if not edisp.energy.is_allclose(energy):
        raise ValueError(
            f"the energy dispersion kernel has {edisp.energy.nbin} energy bins, "
            f"the dataset {energy.nbin}, or their edges differ"
        )
    return np.clip(np.nan_to_num(np.asarray(data)), 0.0, None)
