"""All-sky maps in HEALPix pixels, and how they come to other geometries.

Exposures of Fermi-LAT and diffuse templates come so. Nothing is folded in HEALPix: a map is brought
to the pixels of a dataset. Needs the package astropy-healpix (extra ``healpix``). Files are read in
`gjax.io.healpix`.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from gjax.maps.axis import MapAxis
from gjax.maps.frames import convert
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.numerics import vector
from gjax.numerics.interpolate import interpolate_grid
from gjax.numerics.sphere import separation
from gjax.typing import ArrayLike

__all__ = ["HealpixMap", "disk_around"]


class HealpixMap(eqx.Module):
    r"""Values in the :math:`12\,n_{side}^2` pixels of the whole sky.

    Parameters
    ----------
    data :
        Values, shape ``(*axes, npix)``; NaN where nothing is known.
    nside :
        Pixels along the side of a base pixel.
    frame :
        ``"icrs"`` or ``"galactic"``.
    axes :
        Other axes, in the order of the data.
    nested :
        Whether pixels are numbered in the nested scheme; in rings otherwise.
    unit :
        Unit of the data, an internal one for all that gjax makes.
    name :
        Name of the map.
    disk :
        Longitude, latitude and radius in deg of the part of the sky that is known; None for all of
        it.

    References
    ----------
    K. M. Gorski et al., ApJ 622 (2005) 759.
    """

    data: ArrayLike
    nside: int = eqx.field(static=True)
    frame: str = eqx.field(static=True, default="icrs")
    axes: tuple[MapAxis, ...] = eqx.field(static=True, default=())
    nested: bool = eqx.field(static=True, default=False)
    unit: str = eqx.field(static=True, default="")
    name: str = eqx.field(static=True, default="")
    disk: tuple[float, float, float] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        expected = (*(axis.nbin for axis in self.axes), 12 * self.nside**2)
        if tuple(self.data.shape) != expected:
            raise ValueError(
                f"map {self.name!r}: data has shape {tuple(self.data.shape)}, expected "
                f"({', '.join([*(axis.name for axis in self.axes), 'pixel'])}) = {expected}"
            )

    @property
    def pixel_scale(self) -> float:
        """Root of the solid angle of a pixel in deg."""
        return float(np.degrees(np.sqrt(np.pi / 3) / self.nside))

    def interp_by_coord(self, lon: ArrayLike, lat: ArrayLike) -> np.ndarray:
        """Interpolate linearly between the four nearest pixels, at all bins of the axes.

        Parameters
        ----------
        lon, lat :
            Positions in deg, in the frame of the map.

        Returns
        -------
        values :
            Shape ``(*axes, *lon.shape)``; values that are not finite count as zero.

        Raises
        ------
        ImportError
            If astropy-healpix is not installed.
        """
        pixel, weight = _neighbours(self, lon, lat)
        data = np.nan_to_num(np.asarray(self.data, float), posinf=0.0, neginf=0.0)
        return sum(data[..., p] * w for p, w in zip(pixel, weight, strict=True))  # type: ignore[return-value]

    def interp_to_geom(
        self, geom: WcsGeom | RegionGeom, axes: tuple[MapAxis, ...] | None = None
    ) -> Map:
        """Bring the map to another geometry, and to other axes.

        Along the axes, too, values are interpolated as differential quantities: linearly in the
        scaled coordinate, and continued beyond the ends.

        Parameters
        ----------
        geom :
            The target; in any frame.
        axes :
            Target axes of the same names in the same order. None keeps those of the map.

        Raises
        ------
        ImportError
            If astropy-healpix is not installed.
        ValueError
            If the target axes have other names.
        """
        values = self.interp_by_coord(*convert(*geom.coords(), geom.frame, self.frame))
        if axes is None:
            return Map(values, geom, self.axes, self.unit, self.name)  # type: ignore[arg-type]
        names, wanted = ([axis.name for axis in group] for group in (self.axes, axes))
        if names != wanted:
            raise ValueError(f"map {self.name!r} has the axes {names}, not {wanted}")
        points = [
            own.coord_to_pix(target.center) for own, target in zip(self.axes, axes, strict=True)
        ]
        nodes = [np.arange(axis.nbin, dtype=float) for axis in self.axes]
        grid = np.meshgrid(*points, indexing="ij") if points else []
        data = np.asarray(interpolate_grid(values, nodes, grid)) if points else values
        return Map(data, geom, tuple(axes), self.unit, self.name)  # type: ignore[arg-type]

    def to_wcs(self, binsz: float | None = None, proj: str = "CAR") -> Map:
        """Bring the map to a WCS map of all its sky, with pixels of about its own size.

        Parameters
        ----------
        binsz :
            Pixel size in deg; the largest that divides the sky and is not above `pixel_scale` if
            not given.
        proj :
            FITS code of the projection.
        """
        if binsz is None:
            binsz = 180.0 / int(np.ceil(180.0 / self.pixel_scale))
        lon, lat, radius = self.disk or (0.0, 0.0, 180.0)
        # The value of a pixel acts as far as the centres of its neighbours.
        reach = radius + 2.0 * self.pixel_scale
        room = np.cos(np.radians(min(abs(lat) + reach, 90.0)))
        width = (min(2.0 * reach / max(room, 1e-3), 360.0), min(2.0 * reach, 180.0))
        geom = WcsGeom.create((lon, lat), binsz, width=width, proj=proj, frame=self.frame)
        return self.interp_to_geom(geom)


def disk_around(pixels: np.ndarray, nside: int, nested: bool) -> tuple[float, float, float]:
    """Find a disk around the centres of some pixels: longitude, latitude and radius in deg.

    Its centre is their mean direction, as in Gammapy.

    Raises
    ------
    ImportError
        If astropy-healpix is not installed.
    """
    lon, lat = _healpy().pix2ang(nside, pixels, nest=nested, lonlat=True)
    mean = np.asarray(vector.from_lonlat(lon, lat)).mean(axis=0)
    lon_c, lat_c = (float(angle) for angle in vector.to_lonlat(mean))
    return lon_c, lat_c, float(np.max(separation(lon_c, lat_c, lon, lat)))


def _healpy() -> Any:
    try:
        from astropy_healpix import healpy
    except ImportError as error:
        raise ImportError(
            "HEALPix maps need astropy-healpix: pip install 'gjax[healpix]'"
        ) from error
    return healpy


def _neighbours(map_: HealpixMap, lon: Any, lat: Any) -> tuple[np.ndarray, np.ndarray]:
    """Find the four nearest pixels of positions and their weights, each ``(4, ...)``."""
    lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
    valid = np.isfinite(lon) & np.isfinite(lat)
    pixel, weight = _healpy().get_interp_weights(
        map_.nside,
        np.where(valid, lon, 0.0),
        np.where(valid, lat, 0.0),
        nest=map_.nested,
        lonlat=True,
    )
    return np.asarray(pixel), np.asarray(weight) * valid
