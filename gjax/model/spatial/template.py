"""A morphology given as a map of the sky."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from gjax.maps.axis import MapAxis
from gjax.maps.healpix import HealpixMap
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.model.spatial.abstract import AbstractSpatial
from gjax.numerics.interpolate import interpolate_grid
from gjax.numerics.sphere import separation
from gjax.numerics.vector import to_lonlat
from gjax.parameters import param
from gjax.typing import Array, ArrayLike, Scalar

__all__ = ["TemplateMap"]

# What a logarithm sees in place of zero.
_TINY = 1e-300


@final
class TemplateMap(AbstractSpatial):
    r"""A map of the sky, with or without an axis of true energy.

    The logarithm of the map is interpolated linearly in pixel coordinates and in the logarithm of
    energy, as Gammapy does; outside the map the value is zero, and so are negative values. Look-ups
    happen on the host: a template is evaluated once, when a prediction is prepared, and its place
    cannot be fitted.

    Parameters
    ----------
    data :
        Values, shape ``(y, x)`` or ``(etrue, y, x)``.
    geom :
        Pixels on the sky.
    energy :
        Axis of true energy, or None.
    normalize :
        Whether the map is divided, at each energy, by its sum and then by the solid angle of the
        pixels. Otherwise its values count as they are: in sr-1, or with a dimensionless spectrum in
        cm-2 s-1 TeV-1 sr-1.
    filename :
        Where the map comes from, for models files.
    lon_0, lat_0 :
        Where the centre of the map is put, in deg. Longitudes and latitudes are shifted by plain
        subtraction.

    Raises
    ------
    ValueError
        If data and axes disagree or nothing in the map is positive.
    """

    data: ArrayLike
    geom: WcsGeom = eqx.field(static=True)
    energy: MapAxis | None = eqx.field(static=True, default=None)
    normalize: bool = eqx.field(static=True, default=True)
    filename: str = eqx.field(static=True, default="")
    lon_0: Scalar = param(0.0, unit="deg", frozen=True, scale=0.1)
    lat_0: Scalar = param(0.0, unit="deg", min=-90.0, max=90.0, frozen=True, scale=0.1)
    is_point: ClassVar[bool] = False
    is_energy_dependent: ClassVar[bool] = True
    is_tabulated: ClassVar[bool] = True

    def __check_init__(self) -> None:
        shape = self.geom.shape if self.energy is None else (self.energy.nbin, *self.geom.shape)
        if tuple(self.data.shape) != shape:
            raise ValueError(f"template has shape {tuple(self.data.shape)}, expected {shape}")

    @classmethod
    def create(
        cls,
        template: Map | HealpixMap,
        *,
        normalize: bool = True,
        filename: str = "",
        lon_0: Any = None,
        lat_0: Any = None,
    ) -> TemplateMap:
        """Build from a map, at the place of the map unless ``lon_0`` and ``lat_0`` are given.

        A map in HEALPix pixels is brought to a plate carrée map of all its sky with pixels that are
        not larger than its own (`gjax.maps.healpix.HealpixMap.to_wcs`); values are taken per solid
        angle.

        Raises
        ------
        ImportError
            For a HEALPix map without astropy-healpix.
        ValueError
            If the map has other axes than true energy, or nothing positive.
        """
        if isinstance(template, HealpixMap):
            template = _flattened(template, normalize)
        if len(template.axes) > 1 or any("energy" not in axis.name for axis in template.axes):
            names = ", ".join(axis.name for axis in template.axes)
            raise ValueError(f"a template has at most an axis of true energy, got {names}")
        data = np.nan_to_num(np.asarray(template.data, float), posinf=0.0, neginf=0.0)
        if not (data > 0).any():
            raise ValueError(f"template {filename or template.name!r} has no positive value")
        axis = template.axes[0] if template.axes else None
        lon, lat = template.geom.center
        # The frame is that of the map, no field.
        return cls(  # pyright: ignore[reportCallIssue]
            data=data,
            geom=template.geom,
            energy=axis,
            normalize=normalize,
            filename=str(filename),
            lon_0=float(lon) if lon_0 is None else lon_0,
            lat_0=float(lat) if lat_0 is None else lat_0,
        )

    @property
    def frame(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Sky frame of the map."""
        return self.geom.frame

    @property
    def position(self) -> tuple[Scalar, Scalar]:
        """Longitude and latitude of the centre in deg."""
        return self.lon_0, self.lat_0

    @property
    def evaluation_radius(self) -> float:
        """Distance of the farthest corner of the map from its centre, in deg."""
        nx, ny = self.geom.npix
        lon, lat = self.geom.center
        x, y = self.geom.coord_to_pix(lon + 180.0, -lat)
        if abs(x - (nx - 1) / 2) <= nx / 2 and abs(y - (ny - 1) / 2) <= ny / 2:
            return 180.0
        x, y = np.array([0, nx, 0, nx]) - 0.5, np.array([0, 0, ny, ny]) - 0.5
        away = separation(lon, lat, *self.geom.pix_to_coord(x, y))
        return float(np.nan_to_num(away, nan=180.0).max())

    @property
    def evaluation_bin_size(self) -> float:
        """The smaller side of the map's pixels, in deg."""
        return float(np.min(self.geom.pixel_scale))

    def density(
        self,
        direction: ArrayLike,
        resolution: ArrayLike = 0.0,
        energy: ArrayLike | None = None,
    ) -> Array:
        """Look up the density in sr-1 (or the unit of a map that is not normalised).

        Raises
        ------
        TypeError
            Within a transformation of JAX: only the host can look up.
        ValueError
            If the map depends on energy and none is given.
        """
        if any(isinstance(value, Tracer) for value in (self.data, direction, energy)):
            raise TypeError("a template map is looked up on the host, not inside a JAX function")
        if energy is None and self.energy is not None:
            raise ValueError("the template depends on energy: give one, in TeV")
        energies = np.ones(1) if energy is None else np.reshape(np.asarray(energy, float), 1)
        lon, lat = (np.asarray(angle) for angle in to_lonlat(np.asarray(direction)))
        return jnp.asarray(self.look_up(lon, lat, energies)[0])

    def look_up(self, lon: np.ndarray, lat: np.ndarray, energy: np.ndarray) -> np.ndarray:
        """Look up the density at positions for several true energies, on the host.

        Parameters
        ----------
        lon, lat :
            In deg, of the same shape.
        energy :
            In TeV, shape ``(n,)``.

        Returns
        -------
        density :
            Shape ``(n, *lon.shape)``.
        """
        lon_c, lat_c = (float(c) for c in self.geom.center)
        x, y = self.geom.coord_to_pix(
            lon - (float(self.lon_0) - lon_c), lat - (float(self.lat_0) - lat_c)
        )
        ny, nx = self.geom.shape
        with np.errstate(invalid="ignore"):
            inside = (x >= -0.5) & (x < nx - 0.5) & (y >= -0.5) & (y < ny - 0.5)
        points = np.where(inside, y, 0.0), np.where(inside, x, 0.0)
        grid = np.arange(ny, dtype=float), np.arange(nx, dtype=float)
        result = np.zeros((len(energy), *inside.shape))
        for i, at in enumerate(energy):
            if (values := self._at_energy(float(at))) is not None:
                log = interpolate_grid(values, grid, points)
                is_positive = inside & (log > 0.5 * np.log(_TINY))
                result[i] = np.where(is_positive, np.exp(np.minimum(log, 700.0)), 0.0)
        return result

    def _at_energy(self, energy: float) -> np.ndarray | None:
        """Give the logarithm of the map at an energy; None beyond the axis."""
        if self.energy is None:
            return self._log(slice(None))
        if self.energy.coord_to_idx(np.asarray(energy)) < 0:
            return None
        if self.energy.nbin == 1:
            return self._log(0)
        pixel = float(np.squeeze(self.energy.coord_to_pix(np.asarray(energy))))
        low = int(np.clip(np.floor(pixel), 0, self.energy.nbin - 2))
        weight = pixel - low
        return (1.0 - weight) * self._log(low) + weight * self._log(low + 1)

    def _log(self, plane: int | slice) -> np.ndarray:
        values = np.asarray(self.data, float)[plane]
        if self.normalize:
            total = values.sum()
            values = values / (total if total != 0 else 1.0) / self.geom.solid_angle()
        return np.log(np.clip(np.nan_to_num(values), _TINY, None))


def _flattened(healpix: HealpixMap, normalize: bool) -> Map:
    """Bring a HEALPix map to pixels of a WCS."""
    flat = healpix.to_wcs()
    if not normalize:
        return flat
    # What is to be normalised counts per pixel, and only those of HEALPix are of equal size.
    area = np.nan_to_num(flat.geom.solid_angle())
    return dataclasses.replace(flat, data=np.asarray(flat.data) * area)
