"""Templates on the pixels of a dataset: looked up once, on the host, when a fit is prepared."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom
from gjax.numerics.quadrature import gauss_legendre
from gjax.predict.options import Folding
from gjax.predict.sky_grid import goes_around
from gjax.predict.source import Window

__all__ = ["template_density", "window_start"]

_MAX_OVERSAMPLING = 16

#: Nodes in log energy in a bin of true energy.
_N_ENERGY = 4


def window_start(
    geom: WcsGeom, pad: int, window: Window, at: tuple[float, float]
) -> tuple[int, int]:
    """Centre a window on a position in the frame of the geometry.

    Returns
    -------
    row, column :
        Of its first pixel in the padded map; a window that does not move is centred on the map.
    """
    pixel = [float(np.squeeze(c)) for c in geom.coord_to_pix(*(np.asarray(c) for c in at))]
    starts = []
    for size, moves, pixels, place in zip(*window, geom.shape, pixel[::-1], strict=True):
        room = pixels + 2 * pad
        if moves and math.isfinite(place):
            starts.append(min(max(math.floor(place + pad + 0.5) - size // 2, 0), room - size))
        else:
            starts.append((room - size) // 2)
    return starts[0], starts[1]


def template_density(
    spatial: Any,
    geom: WcsGeom,
    start: tuple[int, int],
    shape: tuple[int, int],
    energy_true: MapAxis,
    folding: Folding,
) -> np.ndarray:
    """Average a template over the pixels of a window.

    Where its pixels are finer than those of the geometry, the mean over sub-pixels is taken. A
    template that is not normalised is a spectrum in every pixel, and is averaged over the bins of
    true energy as well.

    Parameters
    ----------
    start :
        Row and column of the window's first pixel; negative ones are beyond the border.
    shape :
        Rows and columns of the window.

    Returns
    -------
    density :
        Shape ``(etrue or 1, h, w)``, in the unit of the template.
    """
    n = 1
    if folding.spatial_oversampling > 1:
        ratio = float(np.max(geom.pixel_scale)) / spatial.evaluation_bin_size
        n = min(math.ceil(ratio - 1e-6), _MAX_OVERSAMPLING)
    nodes = (np.arange(n) + 0.5) / n - 0.5
    y, x = np.mgrid[start[0] : start[0] + shape[0], start[1] : start[1] + shape[1]].astype(float)
    if goes_around(geom):
        x %= geom.npix[0]
    energy, weight = _energy_nodes(spatial, energy_true, folding)
    total = np.zeros((len(energy), *shape))
    for dy in nodes:
        for dx in nodes:
            lon, lat = geom.pix_to_coord(x + dx, y + dy)
            away = ~np.isfinite(lon + lat)
            place = convert(
                np.where(away, 0.0, lon), np.where(away, 0.0, lat), geom.frame, spatial.frame
            )
            density = spatial.look_up(*(np.asarray(c) for c in place), energy.ravel())
            density = density.reshape(*energy.shape, *shape)
            total += np.where(away, 0.0, np.einsum("en,enyx->eyx", weight, density))
    return total / n**2


def _energy_nodes(
    spatial: Any, energy_true: MapAxis, folding: Folding
) -> tuple[np.ndarray, np.ndarray]:
    """Give energies and weights in each bin of true energy, shape ``(etrue or 1, node)``."""
    if spatial.energy is None:
        return np.ones((1, 1)), np.ones((1, 1))
    if spatial.normalize or folding.template_energy == "center":
        center = energy_true.center[:, None]
        return center, np.ones_like(center)
    x, w = (np.asarray(a) for a in gauss_legendre(_N_ENERGY))
    low, high = np.log(energy_true.edges[:-1, None]), np.log(energy_true.edges[1:, None])
    energy = np.exp(0.5 * (high + low) + 0.5 * (high - low) * x)
    weight = w * energy
    return energy, weight / weight.sum(axis=1, keepdims=True)
