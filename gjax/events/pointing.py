"""Where the telescopes pointed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import equinox as eqx
import numpy as np

from gjax.typing import ArrayLike
from gjax.units import to_internal

if TYPE_CHECKING:
    from astropy.coordinates import EarthLocation, SkyCoord

__all__ = ["Pointing"]


def _degrees(value: Any) -> np.ndarray:
    return np.asarray(to_internal(value, "deg", "pointing"), float)


class Pointing(eqx.Module):
    """The pointing of an observation, constant over its time.

    Parameters
    ----------
    lon, lat :
        Right ascension and declination (ICRS) in deg; in drift mode those at the middle of the
        observation.
    alt, az :
        Altitude and azimuth in deg (NaN if unknown); in drift mode they are constant.
    mode :
        ``"POINTING"`` (fixed on the sky, wobble observations included) or ``"DRIFT"`` (fixed to the
        ground).
    location :
        Longitude and latitude in deg and height in m of the observatory, or None.

    Raises
    ------
    ValueError
        If the mode is unknown, or the position is not a finite number.
    """

    lon: ArrayLike = eqx.field(converter=_degrees)
    lat: ArrayLike = eqx.field(converter=_degrees)
    alt: ArrayLike = eqx.field(converter=_degrees, default=np.nan)
    az: ArrayLike = eqx.field(converter=_degrees, default=np.nan)
    mode: str = eqx.field(static=True, default="POINTING")
    location: tuple[float, float, float] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.mode not in ("POINTING", "DRIFT"):
            raise ValueError(f"pointing mode must be POINTING or DRIFT, got {self.mode!r}")
        if not (np.isfinite(self.lon).all() and np.isfinite(self.lat).all()):
            raise ValueError(f"pointing must be finite, got lon {self.lon} and lat {self.lat} deg")
        if np.any(np.abs(self.lat) > 90):
            raise ValueError(f"pointing latitude must be within +-90 deg, got {self.lat}")

    @property
    def skycoord(self) -> SkyCoord:
        """The pointing as an astropy coordinate (ICRS)."""
        from astropy.coordinates import SkyCoord

        return SkyCoord(self.lon, self.lat, unit="deg", frame="icrs")

    @property
    def earth_location(self) -> EarthLocation | None:
        """The observatory as an astropy location."""
        from astropy.coordinates import EarthLocation

        if self.location is None:
            return None
        lon, lat, height = self.location
        return EarthLocation.from_geodetic(lon, lat, height)
