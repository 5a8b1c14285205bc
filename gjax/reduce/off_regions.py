r"""Regions of the field of view in which the background is as in the on region.

The acceptance of a camera depends mostly on the distance from the pointing. So off regions are the
on region turned about the pointing, where they neither touch it, nor each other, nor a known
source. Angles and distances are in the tangent plane at the pointing.

Lives here: finding them. Does not live here: counting in them (`gjax.reduce.reflected`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import astropy.units as u
import numpy as np
from regions import PixCoord

from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.maps.region_shape import RegionShape
from gjax.maps.wcs import WcsGeom
from gjax.numerics.sphere import separation
from gjax.reduce.aperture import is_points
from gjax.units import to_internal

__all__ = ["reflected_regions", "wobble_regions"]

#: Room in deg around the circle on which off regions lie, when they are looked for.
_MARGIN = 0.3
_DEFAULT_ANGLE = float(np.rad2deg(0.1))


def reflected_regions(
    region: RegionGeom,
    pointing: tuple[float, float],
    exclusion_mask: Map | None = None,
    *,
    angle_increment: Any = _DEFAULT_ANGLE,
    min_distance: Any = 0.0,
    min_distance_input: Any = _DEFAULT_ANGLE,
    max_region_number: int = 10000,
    binsz: Any = 0.01,
) -> list[RegionGeom]:
    r"""Turn a region about the pointing as often as it finds room.

    The search begins at the angle :math:`\delta + d + d_\mathrm{in}` from the region, with its
    angular size :math:`\delta` as seen from the pointing, the minimum distance d and that from the
    on region :math:`d_\mathrm{in}`, and ends as far before the full circle. After a hit it goes on
    by :math:`\delta + d`, after a miss by ``angle_increment``. The same regions as Gammapy's
    ``ReflectedRegionsFinder``.

    Parameters
    ----------
    region :
        The on region.
    pointing :
        ``(lon, lat)`` in deg in the frame of the region.
    exclusion_mask :
        An image, true where there is no source. What it does not cover is not excluded.
    angle_increment, min_distance, min_distance_input :
        Angles about the pointing in deg or as a Quantity; 0.1 rad, 0 and 0.1 rad by default.
    max_region_number :
        Most regions to give.
    binsz :
        Pixel size in deg of the image on which the angular size of the region and excluded pixels
        are found.

    Returns
    -------
    The off regions; none if the pointing is in the region or everything is excluded.

    Raises
    ------
    ValueError
        If the region is a point, smaller than a pixel of the search, or the increment is not
        positive.
    """
    if is_points(region):
        raise ValueError("a point has no size to reflect; use wobble regions")
    increment, apart, apart_on = (
        float(np.deg2rad(to_internal(value, "deg", name)))
        for name, value in (
            ("angle_increment", angle_increment),
            ("min_distance", min_distance),
            ("min_distance_input", min_distance_input),
        )
    )
    if not increment > 0:
        raise ValueError(f"angle_increment must be positive, got {angle_increment}")
    plane = _Plane(region, pointing, exclusion_mask, binsz)
    step = plane.angular_size() + apart
    angle, stop, angles = step + apart_on, 2 * np.pi - step - apart_on, []
    while angle < stop and len(angles) < max_region_number:
        if plane.is_excluded(angle):
            angle += increment
        else:
            angles.append(angle)
            angle += step
    return plane.regions(angles)


def wobble_regions(
    region: RegionGeom,
    pointing: tuple[float, float],
    exclusion_mask: Map | None = None,
    *,
    n_off_regions: int = 1,
    binsz: Any = 0.01,
) -> list[RegionGeom]:
    """Turn a region about the pointing by equal angles.

    Parameters
    ----------
    region :
        The on region.
    pointing :
        ``(lon, lat)`` in deg in the frame of the region.
    exclusion_mask :
        An image, true where there is no source; excluded regions are left out.
    n_off_regions :
        Number of off regions; one is the mirror position.
    binsz :
        Pixel size in deg of the image on which overlaps and excluded pixels are found.

    Returns
    -------
    The off regions; none if they overlap. Points are not checked: their size is that of RAD_MAX
    (see `gjax.reduce.reflected`).

    Raises
    ------
    ValueError
        If there are to be less than one region.
    """
    if n_off_regions < 1:
        raise ValueError(f"n_off_regions must be at least 1, got {n_off_regions}")
    plane = _Plane(region, pointing, exclusion_mask, binsz)
    turns = 2 * np.pi * np.arange(1, n_off_regions + 1) / (n_off_regions + 1)
    angles = [float(angle) for angle in turns if not plane.is_excluded(angle)]
    return [] if plane.overlap(angles) else plane.regions(angles)


class _Plane:
    """A region in pixels of the tangent plane at the pointing."""

    def __init__(
        self,
        region: RegionGeom,
        pointing: tuple[float, float],
        exclusion_mask: Map | None,
        binsz: Any,
    ) -> None:
        self.region = region
        distance = float(separation(*pointing, *region.center))
        self.image = WcsGeom.create(
            pointing, binsz, 4 * distance + _MARGIN, proj="TAN", frame=region.frame
        )
        self.wcs = self.image.wcs
        x, y = self.image.coord_to_pix(*pointing)
        self.axis = PixCoord(float(x), float(y))
        self.shapes = [shape.region.to_pixel(self.wcs) for shape in region.shapes]
        self.excluded = PixCoord(np.zeros(0), np.zeros(0))
        if exclusion_mask is not None:
            data = exclusion_mask.sum_over_axes().data.astype(bool)
            mask = Map(data, exclusion_mask.geom)
            rows, columns = np.nonzero(~mask.interp_to_geom(self.image, fill_value=True).data)
            self.excluded = PixCoord(columns, rows)

    def _inside(self, x: np.ndarray, y: np.ndarray, angle: float = 0.0) -> np.ndarray:
        """Tell which pixel coordinates are in the region turned by an angle in rad."""
        # Turning positions back is the same as turning shapes, without making new ones.
        cosine, sine = np.cos(angle), np.sin(angle)
        dx, dy = x - self.axis.x, y - self.axis.y
        at = PixCoord(self.axis.x + cosine * dx + sine * dy, self.axis.y + cosine * dy - sine * dx)
        inside = np.zeros(np.shape(x), bool)
        for shape, sky in zip(self.shapes, self.region.shapes, strict=True):
            if sky.kind == "point":
                inside |= np.hypot(at.x - shape.center.x, at.y - shape.center.y) < 1
            else:
                inside |= shape.contains(at)
        return inside

    def _pixels(self) -> tuple[np.ndarray, np.ndarray]:
        x, y = np.meshgrid(np.arange(self.image.npix[0]), np.arange(self.image.npix[1]))
        return x, y

    def is_excluded(self, angle: float) -> bool:
        """Whether the region turned by an angle in rad holds an excluded pixel."""
        if not np.size(self.excluded.x):
            return False
        return bool(self._inside(self.excluded.x, self.excluded.y, angle).any())

    def angular_size(self) -> float:
        """Angle in rad under which the pixels of the region are seen from the pointing."""
        x, y = self._pixels()
        inside = self._inside(x, y)
        if not inside.any():
            raise ValueError("the region holds no pixel of the search; use a smaller binsz")
        angles = np.arctan2(self.axis.x - x[inside], self.axis.y - y[inside])
        size = np.ptp(angles)
        return float(
            np.ptp(np.where(angles > 0, angles - 2 * np.pi, angles)) if size > np.pi else size
        )

    def overlap(self, angles: Iterable[float]) -> bool:
        """Whether regions turned by these angles in rad share a pixel."""
        if is_points(self.region):
            return False
        x, y = self._pixels()
        return bool(np.any(sum(self._inside(x, y, angle).astype(int) for angle in angles) > 1))

    def regions(self, angles: list[float]) -> list[RegionGeom]:
        """Give the region turned by each of the angles in rad."""
        turned = [self._turned(number, np.array(angles)) for number in range(len(self.shapes))]
        return [RegionGeom(shapes, self.region.frame) for shapes in zip(*turned, strict=True)]

    def _turned(self, number: int, angles: np.ndarray) -> list[RegionShape]:
        shape, sky = self.shapes[number], self.region.shapes[number]
        if sky.kind in ("ellipse", "rectangle", "polygon"):
            turned = (shape.rotate(self.axis, angle * u.rad).to_sky(self.wcs) for angle in angles)
            return [_as_large(RegionShape.from_region(one, sky.frame), sky) for one in turned]
        dx, dy = shape.center.x - self.axis.x, shape.center.y - self.axis.y
        lon, lat = self.image.pix_to_coord(
            self.axis.x + np.cos(angles) * dx - np.sin(angles) * dy,
            self.axis.y + np.sin(angles) * dx + np.cos(angles) * dy,
        )
        return [
            RegionShape(sky.kind, (float(a), float(b), *sky.values[2:]), sky.frame)
            for a, b in zip(lon, lat, strict=True)
        ]


def _as_large(shape: RegionShape, original: RegionShape) -> RegionShape:
    """Give a turned shape the size of the original, without the distortion of the plane."""
    if shape.kind == "polygon":
        return shape
    values = (*shape.values[:2], *original.values[2:4], shape.values[4])
    return RegionShape(shape.kind, values, shape.frame)
