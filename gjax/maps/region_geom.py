"""A region of the sky as the one pixel of a geometry: where spectra are extracted.

Like `gjax.maps.wcs.WcsGeom` it is a value, static and hashable. Cubes on it have shape
``(energy, 1, 1)``. Single shapes are in `gjax.maps.region_shape`; masks of regions on images in
`gjax.maps.region`. The package `regions`, which brings matplotlib, is imported
where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gjax.maps.frames import convert, lonlat
from gjax.maps.region_shape import RegionShape, mean_direction, shapes_of
from gjax.maps.wcs import WcsGeom
from gjax.numerics import sphere
from gjax.typing import ArrayLike
from gjax.units import to_internal

__all__ = ["RegionGeom"]


@dataclass(frozen=True)
class RegionGeom:
    """The union of shapes on the sky, as a geometry with one pixel.

    Angles are in deg and, where no frame is named, in the frame of the geometry.

    Parameters
    ----------
    shapes :
        The shapes, all in ``frame``; they should not overlap.
    frame :
        ``"icrs"`` or ``"galactic"``.

    Examples
    --------
    >>> geom = RegionGeom.circle(83.63, 22.01, 0.11)
    >>> geom.shape, bool(geom.contains(83.63, 22.1))
    ((1, 1), True)
    """

    shapes: tuple[RegionShape, ...]
    frame: str = "icrs"

    def __post_init__(self) -> None:
        if not self.shapes:
            raise ValueError("a region geometry needs at least one shape")
        if any(shape.frame != self.frame for shape in self.shapes):
            raise ValueError(f"all shapes must be in the frame of the geometry, {self.frame!r}")

    @classmethod
    def create(cls, region: Any, frame: str | None = None) -> RegionGeom:
        """Make a geometry from regions.

        Parameters
        ----------
        region :
            A sky region of the package `regions`, a union or a sequence of them, or DS9 text.
        frame :
            Frame of the geometry; that of the first region if not given.

        Raises
        ------
        ValueError
            If a region is of a kind that is not known.
        """
        if isinstance(region, str):
            from regions import Regions

            region = Regions.parse(region, format="ds9")
        return cls(*_in_frame(region, frame))

    @classmethod
    def circle(cls, lon: Any, lat: Any, radius: Any, frame: str = "icrs") -> RegionGeom:
        """Make a circle; numbers in deg or angles with units."""
        values = (*_position(lon, lat, frame), to_internal(radius, "deg", "radius"))
        return cls((RegionShape("circle", tuple(float(v) for v in values), frame),), frame)

    @classmethod
    def point(cls, lon: Any, lat: Any, frame: str = "icrs") -> RegionGeom:
        """Make a point, whose aperture comes with the response (RAD_MAX)."""
        return cls((RegionShape("point", _position(lon, lat, frame), frame),), frame)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape ``(1, 1)`` of an image."""
        return 1, 1

    @property
    def npix(self) -> tuple[int, int]:
        """Number of pixels ``(1, 1)``."""
        return 1, 1

    @property
    def is_point(self) -> bool:
        """Whether this is a single point, without an area."""
        return len(self.shapes) == 1 and self.shapes[0].kind == "point"

    @property
    def center(self) -> tuple[float, float]:
        """Longitude and latitude in deg: of the shape, or the mean direction of several."""
        if len(self.shapes) == 1:
            return self.shapes[0].center
        return mean_direction(*np.transpose([shape.center for shape in self.shapes]))

    @property
    def reach(self) -> float:
        """Radius in deg around the centre that holds all shapes."""
        lon, lat = self.center
        return max(
            float(sphere.separation(lon, lat, *shape.center)) + shape.reach for shape in self.shapes
        )

    @property
    def regions(self) -> list[Any]:
        """The shapes as sky regions of the package `regions`."""
        return [shape.region for shape in self.shapes]

    @property
    def text(self) -> str:
        """The shapes as text in DS9 format."""
        from regions import Regions

        return str(Regions(self.regions).serialize(format="ds9", precision=10))

    def coords(self) -> tuple[np.ndarray, np.ndarray]:
        """Longitude and latitude of the centre in deg, each of shape ``(1, 1)``."""
        lon, lat = self.center
        return np.full((1, 1), lon), np.full((1, 1), lat)

    def coords_in(self, frame: str) -> tuple[np.ndarray, np.ndarray]:
        """Centre in another frame, each of shape ``(1, 1)``."""
        return convert(*self.coords(), self.frame, frame)

    def separation(self, lon: ArrayLike, lat: ArrayLike) -> np.ndarray:
        """Angular distance in deg of a position from the centre, shape ``(1, 1)``."""
        return np.asarray(sphere.separation(*self.coords(), lon, lat))

    def contains(self, lon: ArrayLike, lat: ArrayLike) -> np.ndarray:
        """Tell which positions are inside any of the shapes; a point contains nothing.

        Circles and annuli are taken on the sphere, the others in a tangent plane at their centre.
        """
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        inside = np.zeros(lon.shape, bool)
        for shape in self.shapes:
            inside |= _contains(shape, lon, lat)
        return inside

    def solid_angle(self) -> np.ndarray:
        """Solid angle of all shapes in sr, shape ``(1, 1)``; zero for a point."""
        return np.full((1, 1), sum(_solid_angle(shape) for shape in self.shapes))

    def wcs_geom(self, binsz: Any = 0.01, margin: Any = 0.0) -> WcsGeom:
        """Make an image (tangential projection) that holds the region.

        Parameters
        ----------
        binsz :
            Pixel size in deg.
        margin :
            Room around the region in deg.
        """
        size = to_internal(binsz, "deg", "binsz")
        radius = self.reach + to_internal(margin, "deg", "margin")
        # An odd number, so that the centre of the region is that of a pixel.
        npix = 2 * int(np.ceil(radius / size)) + 1
        return WcsGeom.create(self.center, size, npix=npix, proj="TAN", frame=self.frame)


def _position(lon: Any, lat: Any, frame: str) -> tuple[float, float]:
    x, y = lonlat((lon, lat), frame)
    return float(x), float(y)


def _in_frame(region: Any, frame: str | None) -> tuple[tuple[RegionShape, ...], str]:
    if frame is None:
        first = region
        while True:
            if hasattr(first, "region1"):
                first = first.region1
            elif hasattr(first, "__len__") and len(first):
                first = first[0]
            else:
                break
        at = getattr(first, "center", getattr(first, "vertices", None))
        frame = "galactic" if at is not None and at.frame.name == "galactic" else "icrs"
    return shapes_of(region, frame), frame


def _contains(shape: RegionShape, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    if shape.kind == "point":
        return np.zeros(lon.shape, bool)
    away = np.asarray(sphere.separation(*shape.center, lon, lat))
    if shape.kind == "circle":
        return away < shape.values[2]
    if shape.kind == "annulus":
        return (away >= shape.values[2]) & (away < shape.values[3])
    # Beyond that the tangent plane ends, and no shape reaches.
    near = away <= min(shape.reach * 1.5 + 1.0, 80.0)
    geom = WcsGeom.create(shape.center, 0.01, npix=1, proj="TAN", frame=shape.frame)
    x, y = geom.coord_to_pix(lon[near], lat[near])
    inside = np.zeros(lon.shape, bool)
    inside[near] = _contains_pixels(shape, geom, x, y)
    return inside


def _contains_pixels(shape: RegionShape, geom: WcsGeom, x: Any, y: Any) -> np.ndarray:
    from regions import PixCoord

    return shape.region.to_pixel(geom.wcs).contains(PixCoord(x, y))


def _solid_angle(shape: RegionShape) -> float:
    if shape.kind == "point":
        return 0.0
    if shape.kind in ("circle", "annulus"):
        # 1 - cos(r) written so that small circles keep their digits.
        caps = [4 * np.pi * np.sin(np.radians(radius) / 2) ** 2 for radius in shape.values[2:]]
        return float(caps[-1] - (caps[0] if shape.kind == "annulus" else 0.0))
    return _plane_solid_angle(shape)


def _plane_solid_angle(shape: RegionShape) -> float:
    """Sum the solid angles of small pixels inside; 1000 across the shape."""
    size = 2 * shape.reach / 1000
    geom = WcsGeom.create(shape.center, size, npix=1001, proj="TAN", frame=shape.frame)
    x, y = np.meshgrid(np.arange(1001), np.arange(1001))
    return float(geom.solid_angle()[_contains_pixels(shape, geom, x, y)].sum())
