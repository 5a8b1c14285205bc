"""The pixels of a sky geometry as unit vectors, padded beyond the border of the map.

A window around a source may reach beyond the map; the padding gives it real directions there, so
that emission from outside is predicted as well as any other. Sub-pixel directions follow from the
vectors along the two sides of each pixel.
"""

from __future__ import annotations

import equinox as eqx
import jax
import numpy as np

from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom
from gjax.numerics import vector
from gjax.typing import ArrayLike

__all__ = ["Locator", "SkyGrid", "goes_around", "locator", "rotation", "sky_grid"]

#: Bytes of grids that are kept.
_MAX_BYTES = 128_000_000


class SkyGrid(eqx.Module):
    """Directions of the pixels of a padded geometry.

    Parameters
    ----------
    center, step_x, step_y :
        Unit vector of each pixel centre and vectors from one side of the pixel to the other, in the
        frame of the geometry; shape ``(3, y, x)``.
    solid_angle :
        In sr, shape ``(y, x)``; zero where the projection has no sky.
    """

    center: ArrayLike
    step_x: ArrayLike
    step_y: ArrayLike
    solid_angle: ArrayLike


class Locator(eqx.Module):
    """A linear map from directions near a reference to pixels of the padded geometry.

    It places windows, which are a few pixels larger than they must be; it is exact at its
    reference.

    Parameters
    ----------
    direction :
        Unit vector of the reference, shape ``(3,)``.
    pixel :
        Its pixel coordinates ``(x, y)`` in the padded geometry.
    inverse :
        Pixels per unit vector displacement, shape ``(2, 3)``.
    rotation :
        Rotation from the frame of the model to that of the geometry, shape ``(3, 3)``.
    """

    direction: ArrayLike
    pixel: ArrayLike
    inverse: ArrayLike
    rotation: ArrayLike


_kept: dict[tuple[WcsGeom, int, bool], SkyGrid] = {}


def sky_grid(geom: WcsGeom, pad: int, beyond_border: bool = True) -> SkyGrid:
    """Tabulate the directions of a geometry with ``pad`` more pixels on every side.

    Unless ``beyond_border``, the added pixels have no solid angle, and so no emission. The last
    grids are kept, for datasets with one geometry and for the next preparation; they are read only.
    """
    key = (geom, pad, beyond_border)
    grid = _kept.pop(key, None) or _tabulate(geom, pad, beyond_border)
    _kept[key] = grid
    while len(_kept) > 1 and sum(map(_size, _kept.values())) > _MAX_BYTES:
        _kept.pop(next(iter(_kept)))
    return grid


def _size(grid: SkyGrid) -> int:
    return sum(np.asarray(array).nbytes for array in jax.tree.leaves(grid))


def _tabulate(geom: WcsGeom, pad: int, beyond_border: bool) -> SkyGrid:
    nx, ny = geom.npix
    x, y = np.arange(-pad, nx + pad, dtype=float), np.arange(-pad, ny + pad, dtype=float)
    around = goes_around(geom)

    def direction(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # Beyond the seam is the other side of the map, which the projection itself does not know.
        return vector.from_lonlat(*geom.pix_to_coord(*np.meshgrid(x % nx if around else x, y)))

    def edges(centers: np.ndarray) -> np.ndarray:
        return np.append(centers - 0.5, centers[-1] + 0.5)

    center = direction(x, y)
    step_x = np.diff(direction(edges(x), y), axis=1)
    step_y = np.diff(direction(x, edges(y)), axis=0)
    solid_angle = np.linalg.norm(np.cross(step_x, step_y), axis=-1) * beyond_border
    # The geometry's own solid angles are exact (spherical quadrilaterals): use them where they are.
    inner = slice(pad, pad + ny), slice(pad, pad + nx)
    solid_angle[inner] = geom.solid_angle()
    valid = np.isfinite(solid_angle) & np.isfinite(center).all(axis=-1)
    # Where the projection has no sky, look away from the map: no source contributes there.
    away = -vector.from_lonlat(*(np.asarray(c) for c in geom.center))

    def tidy(array: np.ndarray, fill: np.ndarray | float) -> np.ndarray:
        return np.moveaxis(np.where(valid[..., None], np.nan_to_num(array), fill), -1, 0).copy()

    grid = SkyGrid(
        center=tidy(center, away),
        step_x=tidy(step_x, 0.0),
        step_y=tidy(step_y, 0.0),
        solid_angle=np.where(valid, np.nan_to_num(solid_angle), 0.0),
    )
    for array in (grid.center, grid.step_x, grid.step_y, grid.solid_angle):
        np.asarray(array).flags.writeable = False
    return grid


def goes_around(geom: WcsGeom) -> bool:
    """Tell whether the left and the right border of a map are the same meridian."""
    nx, ny = geom.npix
    y = np.full(3, 0.5 * (ny - 1))
    lon, lat = geom.pix_to_coord(np.array([-0.5, nx - 0.5, 0.5 * (nx - 1)]), y)
    if not np.isfinite(lon + lat).all():
        return False
    left, right, center = np.asarray(vector.from_lonlat(lon, lat))
    return bool(np.sum((left - right) ** 2) < 1e-12 < np.sum((left - center) ** 2))


def rotation(frame_from: str, frame_to: str) -> np.ndarray:
    """Give the matrix that rotates unit vectors between celestial frames."""
    if frame_from == frame_to:
        return np.eye(3)
    lon, lat = convert(np.array([0.0, 90.0, 0.0]), np.array([0.0, 0.0, 90.0]), frame_from, frame_to)
    return np.asarray(vector.from_lonlat(lon, lat)).T


def locator(geom: WcsGeom, pad: int, lon: float, lat: float, frame: str) -> Locator:
    """Make the locator of a padded geometry at a position of a model in its own frame."""
    matrix = rotation(frame, geom.frame)
    direction = matrix @ np.asarray(vector.from_lonlat(lon, lat))
    own_lon, own_lat = (np.asarray(c) for c in vector.to_lonlat(direction))
    x, y = (float(np.squeeze(c)) for c in geom.coord_to_pix(own_lon, own_lat))
    if not np.isfinite([x, y]).all():
        # The far side of the projection: any pixel far outside does, nothing is predicted there.
        x, y = -10.0 * geom.npix[0], -10.0 * geom.npix[1]
        return Locator(direction, np.array([x, y]), np.zeros((2, 3)), matrix)
    half = 0.5
    ends = vector.from_lonlat(
        *geom.pix_to_coord(
            np.array([x + half, x - half, x, x]), np.array([y, y, y + half, y - half])
        )
    )
    steps = np.nan_to_num(np.stack([ends[0] - ends[1], ends[2] - ends[3]], axis=-1))
    return Locator(
        direction=direction,
        pixel=np.array([x + pad, y + pad]),
        inverse=np.linalg.pinv(steps),
        rotation=matrix,
    )
