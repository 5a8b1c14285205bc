"""Residual background rate in the field of view.

How the rate becomes counts on a sky map (solid angle, on time, rotation of the field) lives in
`gjax.reduce`.

The rate is tabulated in detector coordinates: latitude to the north (or up, if aligned with the
horizon), and longitude to the west, except in the first H.E.S.S. files (`detector_lon`).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import equinox as eqx
import numpy as np

from gjax.irf.table import LOG_FLOOR, Table
from gjax.maps.axis import MapAxis
from gjax.numerics.quadrature import segments_loglog
from gjax.numerics.sphere import separation
from gjax.typing import ArrayLike

__all__ = [
    "BACKGROUND_FLOOR",
    "FOV_ALIGNMENTS",
    "Background",
    "Background2D",
    "Background3D",
    "detector_lon",
    "interpolate_missing",
    "pad_offset",
]

#: Smallest normal single-precision number in s-1 MeV-1 sr-1 (the unit of files), in s-1 TeV-1 sr-1.
BACKGROUND_FLOOR = LOG_FLOOR * 1e6

#: How the detector frame may be aligned: with the celestial axes, with the horizon, and with the
#: celestial axes with longitude to the east.
FOV_ALIGNMENTS = ("RADEC", "ALTAZ", "REVERSE_LON_RADEC")


def _integral(table: Table, energy_edges: Any, ndim: int, **place: Any) -> np.ndarray:
    """Integrate over energy bins with a power law between the rates at their edges.

    Cells without events enter with the floor of the table, not with zero, so that the first bin
    with a rate is not lost (as in Gammapy).
    """
    edges = np.asarray(energy_edges, float)
    if edges.ndim != 1:
        raise ValueError(f"energy edges must be 1D, got shape {edges.shape}")
    edges = edges.reshape((-1,) + (1,) * ndim)
    rate = table.cut(table.interpolate(energy=edges, **place), energy=edges, **place)
    return segments_loglog(edges, rate, axis=0)


def _check_alignment(alignment: str) -> None:
    if alignment not in FOV_ALIGNMENTS:
        raise ValueError(f"fov_alignment must be one of {FOV_ALIGNMENTS}, got {alignment!r}")


class Background2D(eqx.Module):
    """Background rate that depends on energy and offset only.

    Parameters
    ----------
    table :
        Axes ``(energy, offset)`` in TeV and deg, values in TeV-1 s-1 sr-1, log scale.
    fov_alignment :
        Alignment of the detector frame; of no effect here.
    is_pointlike :
        Whether a cut on the direction has been applied.
    """

    table: Table
    fov_alignment: str = eqx.field(static=True, default="RADEC")
    is_pointlike: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        _check_alignment(self.fov_alignment)

    def evaluate(self, energy: Any, fov_lon: Any, fov_lat: Any) -> np.ndarray:
        """Give the rate in TeV-1 s-1 sr-1.

        Parameters
        ----------
        energy, fov_lon, fov_lat :
            TeV, and detector coordinates in deg; they broadcast.
        """
        offset = separation(0.0, 0.0, np.asarray(fov_lon, float), np.asarray(fov_lat, float))
        return self.table.evaluate(energy=energy, offset=offset)

    def integrate(self, energy_edges: Any, fov_lon: Any, fov_lat: Any) -> np.ndarray:
        """Integrate the rate over energy bins, with a power law between the edges of each.

        A bin that begins or ends outside the energy axis has none.

        Parameters
        ----------
        energy_edges :
            n + 1 edges in TeV.
        fov_lon, fov_lat :
            Detector coordinates in deg; they broadcast.

        Returns
        -------
        Rate per bin in s-1 sr-1, shape ``(n, *shape of the coordinates)``.
        """
        offset = separation(0.0, 0.0, np.asarray(fov_lon, float), np.asarray(fov_lat, float))
        return _integral(self.table, energy_edges, np.ndim(offset), offset=offset)


class Background3D(eqx.Module):
    """Background rate that depends on energy and the place in the field of view.

    Parameters
    ----------
    table :
        Axes ``(energy, fov_lon, fov_lat)`` in TeV, deg and deg; values in TeV-1 s-1 sr-1, on the
        log scale.
    fov_alignment :
        Alignment of the detector frame, one of `FOV_ALIGNMENTS`.
    is_pointlike :
        Whether a cut on the direction has been applied.
    """

    table: Table
    fov_alignment: str = eqx.field(static=True, default="RADEC")
    is_pointlike: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        _check_alignment(self.fov_alignment)

    def evaluate(self, energy: Any, fov_lon: Any, fov_lat: Any) -> np.ndarray:
        """Give the rate in TeV-1 s-1 sr-1.

        Parameters
        ----------
        energy, fov_lon, fov_lat :
            TeV, and detector coordinates in deg; they broadcast.
        """
        return self.table.evaluate(energy=energy, fov_lon=fov_lon, fov_lat=fov_lat)

    def integrate(self, energy_edges: Any, fov_lon: Any, fov_lat: Any) -> np.ndarray:
        """Integrate the rate over energy bins, with a power law between the edges of each.

        A bin that begins or ends outside the energy axis has none.

        Parameters
        ----------
        energy_edges :
            n + 1 edges in TeV.
        fov_lon, fov_lat :
            Detector coordinates in deg; they broadcast.

        Returns
        -------
        Rate per bin in s-1 sr-1, shape ``(n, *shape of the coordinates)``.
        """
        ndim = np.broadcast(fov_lon, fov_lat).ndim
        return _integral(self.table, energy_edges, ndim, fov_lon=fov_lon, fov_lat=fov_lat)


Background: TypeAlias = Background2D | Background3D


def detector_lon(background: Background, fov_lon: Any) -> np.ndarray:
    """Turn a longitude that increases to the east into the detector longitude of a background.

    Parameters
    ----------
    background :
        The background; its alignment decides the direction.
    fov_lon :
        Longitude about the pointing in deg, increasing with right ascension (or azimuth), as
        `gjax.numerics.sphere.fov_offsets` gives it.
    """
    sign = 1.0 if background.fov_alignment == "REVERSE_LON_RADEC" else -1.0
    return sign * np.asarray(fov_lon, float)


def interpolate_missing(background: Background) -> Background:
    """Fill cells without events from the neighbouring energies.

    Cells that are zero or not finite are interpolated along energy, linearly in the number of the
    bin and in the logarithm of the rate, between the nearest cells of the same place that are
    positive. Cells below the first or above the last positive one stay as they are.

    Returns
    -------
    A new background; the given one is unchanged.
    """
    data = np.asarray(background.table.data, float)
    flat = data.reshape(data.shape[0], -1)
    missing = ~np.isfinite(flat) | (flat == 0)
    number = np.arange(len(flat))[:, None]
    # Number of the nearest valid bin at or below, and at or above, each bin.
    below = np.maximum.accumulate(np.where(missing, -1, number), axis=0)
    above = np.minimum.accumulate(np.where(missing, len(flat), number)[::-1], axis=0)[::-1]
    fill = missing & (below >= 0) & (above < len(flat))
    if not fill.any():
        return background
    low, high = np.maximum(below, 0), np.minimum(above, len(flat) - 1)
    logarithm = np.log(np.where(missing, 1.0, np.maximum(flat, background.table.floor)))
    start = np.take_along_axis(logarithm, low, axis=0)
    stop = np.take_along_axis(logarithm, high, axis=0)
    weight = (number - low) / np.maximum(high - low, 1)
    filled = np.where(fill, np.exp(start + weight * (stop - start)), flat).reshape(data.shape)
    return _with_table(background, filled, background.table.axes)


def pad_offset(background: Background2D) -> Background2D:
    """Repeat the first and last offset bin beyond the axis, so that the rate goes on flat there.

    The axis grows by one bin of the same width on either side, which makes the interpolation
    constant, not sloping, between the outer centres and the old edges.
    """
    energy, offset = background.table.axes
    edges = np.asarray(offset.edges, float)
    edges = np.concatenate([[2 * edges[0] - edges[1]], edges, [2 * edges[-1] - edges[-2]]])
    axis = MapAxis.from_edges(edges, "offset", unit=offset.unit, interp=offset.interp)
    data = np.pad(np.asarray(background.table.data), ((0, 0), (1, 1)), mode="edge")
    return _with_table(background, data, (energy, axis))


def _with_table(background: Any, data: ArrayLike, axes: tuple[MapAxis, ...]) -> Any:
    old = background.table
    table = Table(data, axes, old.unit, old.scale, old.floor)
    return type(background)(table, background.fov_alignment, background.is_pointlike)
