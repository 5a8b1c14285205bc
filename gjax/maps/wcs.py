"""Pixelisation of the sky in any FITS-WCS projection.

`WcsGeom` is a value: the number of pixels and the celestial cards, hashable and without arrays. Its
numbers agree with those of Gammapy's geometry of the same name. Other axes (energy, ...) are in
`gjax.maps.axis`, masks of regions in `gjax.maps.region`, FITS headers in `gjax.maps.cards`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gjax.maps.cards import (
    Cards,
    cached_wcs,
    cards_from_header,
    cards_from_wcs,
    frame_of,
    new_wcs,
    shifted,
)
from gjax.maps.frames import convert, lonlat
from gjax.maps.solid_angle import quadrilateral_solid_angle
from gjax.numerics import sphere
from gjax.typing import ArrayLike
from gjax.units import to_internal

if TYPE_CHECKING:
    from astropy.wcs import WCS

__all__ = ["WcsGeom", "contains", "everywhere", "pad"]

CutoutMode = Literal["trim", "strict"]

# Pixels by which a position may miss the sky through rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class WcsGeom:
    """A rectangular image of the sky.

    Pixel coordinates are 0-based, with integers at pixel centres; arrays have shape ``(ny, nx)``.
    Longitudes and latitudes are in deg and, where no frame is named, in the frame of the geometry.
    Two geometries are equal if their cards agree to 14 digits, as files keep them.

    Parameters
    ----------
    npix :
        Number of pixels ``(nx, ny)``.
    cards :
        Canonical celestial WCS keywords and values; made by `create` and `from_header`.
    """

    npix: tuple[int, int]
    cards: Cards

    def __post_init__(self) -> None:
        if len(self.npix) != 2 or min(self.npix) < 1:
            raise ValueError(f"npix must be two positive numbers (nx, ny), got {self.npix}")

    @classmethod
    def create(
        cls,
        skydir: Any = (0.0, 0.0),
        binsz: Any = 0.5,
        width: Any = None,
        npix: int | tuple[int, int] | None = None,
        proj: str = "CAR",
        frame: str = "icrs",
    ) -> WcsGeom:
        """Make a geometry centred on a position, with longitude increasing to the left.

        The reference pixel and CRVAL are the centre of the map, for every projection.

        Parameters
        ----------
        skydir :
            Centre: ``(lon, lat)`` in ``frame``, or a SkyCoord.
        binsz :
            Pixel size in deg, one number or ``(lon, lat)``.
        width :
            Size in deg, one number or ``(lon, lat)``; ``npix = rint(width / binsz)``. Without width
            and npix, the whole sky.
        npix :
            Number of pixels, one number or ``(nx, ny)``; overrides width.
        proj :
            FITS code of the projection: CAR, TAN, AIT, ...
        frame :
            ``"icrs"`` or ``"galactic"``.

        Raises
        ------
        ValueError
            If the frame or projection is unknown, or no pixel is left.
        """
        size = _pair(binsz, "binsz")
        if npix is None:
            extent = (360.0, 180.0) if width is None else _pair(width, "width")
            npix = (int(np.rint(extent[0] / size[0])), int(np.rint(extent[1] / size[1])))
        nx, ny = (npix, npix) if isinstance(npix, (int, np.integer)) else npix
        if min(nx, ny) < 1:
            raise ValueError(f"a map of {nx} x {ny} pixels is empty: width or npix is too small")
        lon, lat = lonlat(skydir, frame)
        wcs = new_wcs(
            frame, proj, (float(lon), float(lat)), ((nx + 1) / 2, (ny + 1) / 2), (-size[0], size[1])
        )
        return cls((int(nx), int(ny)), cards_from_wcs(wcs))

    @classmethod
    def from_header(cls, header: Any) -> WcsGeom:
        """Make a geometry from a FITS image header (or any mapping with its keywords).

        The image size is NAXIS1 and NAXIS2, or else the start of WCSSHAPE.

        Raises
        ------
        ValueError
            If the header has no celestial WCS or no size.
        """
        return cls(*cards_from_header(header))

    @property
    def shape(self) -> tuple[int, int]:
        """Shape ``(ny, nx)`` of an image."""
        return self.npix[1], self.npix[0]

    @property
    def frame(self) -> str:
        """Celestial frame: ``"icrs"`` or ``"galactic"`` (``"fk5"`` only as read from a file)."""
        return frame_of(self.cards)

    @property
    def projection(self) -> str:
        """FITS code of the projection."""
        return str(dict(self.cards)["CTYPE1"])[5:8]

    @property
    def wcs(self) -> WCS:
        """A new `astropy.wcs.WCS`, for plotting and for packages that want one."""
        wcs = cached_wcs(self.cards).deepcopy()
        wcs.array_shape = self.shape
        return wcs

    @property
    def center(self) -> tuple[float, float]:
        """Longitude and latitude of the centre of the image in deg."""
        lon, lat = self.pix_to_coord((self.npix[0] - 1) / 2, (self.npix[1] - 1) / 2)
        return float(lon), float(lat)

    @property
    def pixel_scale(self) -> tuple[float, float]:
        """Pixel size ``(x, y)`` in deg at the reference point of the projection."""
        matrix = cached_wcs(self.cards).pixel_scale_matrix
        scale = np.sqrt((matrix**2).sum(axis=0))
        return float(scale[0]), float(scale[1])

    def coord_to_pix(self, lon: ArrayLike, lat: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Convert positions to pixel coordinates (NaN where the projection has none)."""
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        x, y = cached_wcs(self.cards).wcs_world2pix(lon, lat, 0)
        return np.asarray(x), np.asarray(y)

    def pix_to_coord(self, x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Convert pixel coordinates to positions, lon in [0, 360); NaN outside the projection."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        lon, lat = map(np.array, cached_wcs(self.cards).wcs_pix2world(x, y, 0))
        if (outside := ~np.isfinite(lon)).any():
            # A pole or a seam must not be outside by rounding.
            center = [(n - 1) / 2 for n in self.npix]
            inward = [
                at[outside] + _ROUNDING * np.sign(middle - at[outside])
                for at, middle in zip((x, y), center, strict=True)
            ]
            lon[outside], lat[outside] = cached_wcs(self.cards).wcs_pix2world(*inward, 0)
        return lon % 360.0, lat

    def coord_to_idx(self, lon: ArrayLike, lat: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Find the pixels of positions; both indices are -1 outside the image."""
        x, y = self.coord_to_pix(lon, lat)
        with np.errstate(invalid="ignore"):
            ix, iy = np.floor(x + 0.5), np.floor(y + 0.5)
            inside = (ix >= 0) & (ix < self.npix[0]) & (iy >= 0) & (iy < self.npix[1])
        return np.where(inside, ix, -1).astype(int), np.where(inside, iy, -1).astype(int)

    def coords(self) -> tuple[np.ndarray, np.ndarray]:
        """Give longitude and latitude of all pixel centres, each of shape ``(ny, nx)``."""
        return self.nodes(np.zeros(1))

    def coords_in(self, frame: str) -> tuple[np.ndarray, np.ndarray]:
        """Give the pixel centres in another frame, each of shape ``(ny, nx)``."""
        return convert(*self.coords(), self.frame, frame)

    def nodes(self, offsets: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Give positions inside each pixel, at the same offsets along x and y.

        Parameters
        ----------
        offsets :
            Offsets from the pixel centre in pixels, between -0.5 and 0.5, shape ``(n,)``.

        Returns
        -------
        lon, lat :
            Each of shape ``(ny * n, nx * n)``; the nodes of a pixel are neighbours.
        """
        offsets = np.asarray(offsets, float)
        x, y = ((np.arange(n)[:, None] + offsets).ravel() for n in self.npix)
        return self.pix_to_coord(x[None, :], y[:, None])

    def solid_angle(self) -> np.ndarray:
        """Compute the solid angles of all pixels in sr, shape ``(ny, nx)``.

        Those of the spherical quadrilaterals between the corners of the pixels (great circles as
        sides); NaN where a corner is outside the projection.
        """
        x, y = (np.arange(n + 1) - 0.5 for n in self.npix)
        return quadrilateral_solid_angle(*self.pix_to_coord(x[None, :], y[:, None]))

    def separation(self, lon: float, lat: float) -> np.ndarray:
        """Compute separations of pixel centres from a position in deg, shape ``(ny, nx)``."""
        return sphere.separation(lon, lat, *self.coords())

    def cutout(
        self, position: Any, width: Any, mode: CutoutMode = "trim"
    ) -> tuple[WcsGeom, tuple[slice, slice]]:
        """Cut out a rectangle of whole pixels around a position.

        Parameters
        ----------
        position :
            Centre: ``(lon, lat)`` in the frame of the geometry, or a SkyCoord.
        width :
            Size in deg, one number or ``(lon, lat)``; at least one pixel.
        mode :
            ``"trim"`` drops what is outside the image, ``"strict"`` raises.

        Returns
        -------
        geom :
            The geometry of the rectangle.
        slices :
            ``(slice_y, slice_x)`` that take it from an image.

        Raises
        ------
        ValueError
            If the rectangle does not overlap with the image, or not fully with ``"strict"``.
        """
        if mode not in ("trim", "strict"):
            raise ValueError(f"mode is {mode!r}, not trim or strict")
        pixel = self.coord_to_pix(*lonlat(position, self.frame))
        slices = []
        for axis, (center, extent) in enumerate(zip(pixel, _pair(width, "width"), strict=True)):
            n = int(np.round(max(extent / self.pixel_scale[axis], 1)))
            total = self.npix[axis]
            if not np.isfinite(center):
                raise ValueError(f"position {position} is outside the projection")
            start = int(np.ceil(center - n / 2))
            if start + n <= 0 or start >= total:
                raise ValueError(
                    f"no overlap with the map: pixels {start} to {start + n} of {total}"
                )
            if mode == "strict" and (start < 0 or start + n > total):
                raise ValueError(f"not inside the map: pixels {start} to {start + n} of {total}")
            slices.append(slice(max(start, 0), min(start + n, total)))
        along_x, along_y = slices
        cards = shifted(self.cards, -along_x.start, -along_y.start)
        npix = (along_x.stop - along_x.start, along_y.stop - along_y.start)
        return WcsGeom(npix, cards), (along_y, along_x)

    def to_binsz(self, binsz: Any) -> WcsGeom:
        """Make a geometry of the same centre and width with another pixel size."""
        scale = self.pixel_scale
        width = (self.npix[0] * scale[0], self.npix[1] * scale[1])
        return WcsGeom.create(self.center, binsz, width, proj=self.projection, frame=self.frame)


def everywhere(frame: str = "icrs") -> WcsGeom:
    """Make the geometry of what is the same in all directions: two pixels, one per half sky."""
    return WcsGeom.create((0.0, 0.0), 180.0, proj="CAR", frame=frame)


def contains(geom: WcsGeom, lon: ArrayLike, lat: ArrayLike) -> np.ndarray:
    """Tell which positions (deg, in the frame of the geometry) are in the image."""
    return geom.coord_to_idx(lon, lat)[0] >= 0


def pad(geom: WcsGeom, n: int) -> WcsGeom:
    """Add n pixels on each side of an image (a negative n takes them away)."""
    return WcsGeom((geom.npix[0] + 2 * n, geom.npix[1] + 2 * n), shifted(geom.cards, n, n))


def _pair(value: Any, name: str) -> tuple[float, float]:
    """Convert one or two angles to two numbers in deg, for lon and lat."""
    if isinstance(value, (tuple, list)):
        pair = [to_internal(member, "deg", name) for member in value]
    else:
        pair = np.broadcast_to(to_internal(value, "deg", name), (2,))
    if len(pair) != 2 or not min(pair) > 0:
        raise ValueError(f"{name} must be one or two positive angles, got {value}")
    return float(pair[0]), float(pair[1])
