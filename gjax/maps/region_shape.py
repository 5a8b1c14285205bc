"""Shapes on the sky as hashable values, and what their area is.

A shape here is what `regions` calls a sky region, without its objects: a kind and numbers in deg.
Sets of shapes that act as one bin are in `gjax.maps.region_geom`. The package `regions` is imported
where it is used: it brings matplotlib with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gjax.maps.frames import lonlat
from gjax.numerics import sphere, vector

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

__all__ = ["KINDS", "RegionShape", "mean_direction", "shapes_of"]

#: Numbers (in deg) that define each kind; a polygon has as many pairs as it has corners.
KINDS: dict[str, tuple[str, ...]] = {
    "point": ("lon", "lat"),
    "circle": ("lon", "lat", "radius"),
    "annulus": ("lon", "lat", "inner_radius", "outer_radius"),
    "ellipse": ("lon", "lat", "width", "height", "angle"),
    "rectangle": ("lon", "lat", "width", "height", "angle"),
    "polygon": (),
}


@dataclass(frozen=True)
class RegionShape:
    """One shape on the sky.

    Parameters
    ----------
    kind :
        One of `KINDS`.
    values :
        Its numbers in deg, in the order given there; ``(lon, lat, lon, lat, ...)`` of the corners
        of a polygon. Widths are full widths; the angle turns anticlockwise from increasing
        longitude, as in the package `regions`.
    frame :
        ``"icrs"`` or ``"galactic"``.
    """

    kind: str
    values: tuple[float, ...]
    frame: str = "icrs"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown shape {self.kind!r}; there are: {', '.join(KINDS)}")
        names, number = KINDS[self.kind], len(self.values)
        is_wrong = number != len(names) if names else number < 6 or number % 2
        if is_wrong:
            wanted = ", ".join(names) or "three or more pairs lon, lat"
            raise ValueError(f"a {self.kind} needs {wanted}; got {number} numbers")
        if not np.isfinite(self.values).all():
            raise ValueError(f"a {self.kind} has numbers that are not finite: {self.values}")
        sizes = self.values[2:4] if self.kind not in ("polygon", "point") else ()
        if sizes and (min(sizes) < 0 or max(sizes) == 0):
            raise ValueError(f"a {self.kind} needs positive sizes, got {self.values[2:]} deg")

    @classmethod
    def from_region(cls, region: Any, frame: str) -> RegionShape:
        """Make a shape from a sky region of the package `regions`.

        Raises
        ------
        ValueError
            If the region is of another kind than those of `KINDS`, or of pixels.
        """
        kind = _kind_of(region)
        if kind == "polygon":
            lon, lat = lonlat(region.vertices, frame)
            pairs = np.stack([lon, lat], axis=-1).ravel()
            return cls(kind, tuple(float(value) for value in pairs), frame)
        center = tuple(float(value) for value in lonlat(region.center, frame))
        sizes = tuple(float(getattr(region, name).to_value("deg")) for name in KINDS[kind][2:])
        if kind in ("ellipse", "rectangle"):
            turn = _frame_turn(region.center, frame)
            sizes = (*sizes[:2], (sizes[2] + turn) % 360.0)
        return cls(kind, (*center, *sizes), frame)

    @property
    def center(self) -> tuple[float, float]:
        """Longitude and latitude in deg; the mean direction of the corners of a polygon."""
        if self.kind != "polygon":
            return self.values[0], self.values[1]
        return mean_direction(*np.reshape(self.values, (-1, 2)).T)

    @property
    def reach(self) -> float:
        """Radius in deg around the centre that holds the shape."""
        if self.kind == "polygon":
            corners = np.reshape(self.values, (-1, 2))
            return float(np.max(sphere.separation(*self.center, corners[:, 0], corners[:, 1])))
        if self.kind in ("ellipse", "rectangle"):
            return float(np.hypot(self.values[2], self.values[3])) / 2
        return max((0.0, *self.values[2:]))

    @property
    def region(self) -> Any:
        """The sky region of the package `regions`."""
        import regions
        from astropy import units as u
        from astropy.coordinates import SkyCoord

        if self.kind == "polygon":
            lon, lat = np.reshape(self.values, (-1, 2)).T
            return regions.PolygonSkyRegion(SkyCoord(lon, lat, unit="deg", frame=self.frame))
        center = SkyCoord(*self.values[:2], unit="deg", frame=self.frame)
        make = getattr(regions, _CLASSES[self.kind])
        return make(center, *(value * u.deg for value in self.values[2:]))


_CLASSES = {
    "point": "PointSkyRegion",
    "circle": "CircleSkyRegion",
    "annulus": "CircleAnnulusSkyRegion",
    "ellipse": "EllipseSkyRegion",
    "rectangle": "RectangleSkyRegion",
    "polygon": "PolygonSkyRegion",
}


def _kind_of(region: Any) -> str:
    import regions

    for kind, name in _CLASSES.items():
        if type(region) is getattr(regions, name):
            return kind
    raise ValueError(
        f"{type(region).__name__} cannot be used as a region of the sky; use one of "
        f"{', '.join(_CLASSES.values())}"
    )


def _frame_turn(center: SkyCoord, frame: str) -> float:
    """Angle in deg by which the north of the region's own frame is turned in another."""
    if center.frame.name == frame:
        return 0.0
    from astropy import units as u

    north = center.directional_offset_by(0 * u.deg, 1e-3 * u.deg)
    here, there = center.transform_to(frame), north.transform_to(frame)
    return float(here.position_angle(there).to_value("deg"))


def mean_direction(lon: np.ndarray, lat: np.ndarray) -> tuple[float, float]:
    """Give longitude and latitude in deg of the mean of the unit vectors to positions in deg."""
    mean_lon, mean_lat = vector.to_lonlat(np.mean(vector.from_lonlat(lon, lat), axis=0))
    return float(mean_lon), float(mean_lat)


def shapes_of(region: Any, frame: str) -> tuple[RegionShape, ...]:
    """List the shapes of a region, a union of regions, a sequence of them, or text in DS9 format.

    Raises
    ------
    ValueError
        For compound regions other than unions, and as `RegionShape.from_region`.
    """
    import regions

    if isinstance(region, str):
        region = regions.Regions.parse(region, format="ds9")
    if isinstance(region, regions.CompoundSkyRegion):
        if region.operator.__name__ != "or_":
            raise ValueError("only unions of regions can be used, not their intersections")
        return (*shapes_of(region.region1, frame), *shapes_of(region.region2, frame))
    if hasattr(region, "__len__"):
        return tuple(shape for part in region for shape in shapes_of(part, frame))
    return (RegionShape.from_region(region, frame),)
