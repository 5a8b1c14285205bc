"""One observation: events, good time, pointing and responses, all in memory.

How observations are found and read lives in `gjax.io.gadf`, how they become datasets in
`gjax.reduce`.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from gjax.events.event_list import EventList
from gjax.events.gti import GTI
from gjax.events.pointing import Pointing
from gjax.irf.aeff import EffectiveArea
from gjax.irf.background import Background
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import PSF3Gauss, PSFKing, PSFTable
from gjax.irf.rad_max import RadMax
from gjax.typing import ArrayLike

__all__ = ["Observation"]


class Observation(eqx.Module):
    """A time of data taking with constant pointing and responses.

    Parameters
    ----------
    obs_id :
        Number of the observation.
    gti :
        Good time intervals; all rows count.
    pointing :
        Where the telescopes pointed.
    events :
        Reconstructed events, or None.
    aeff, edisp, psf, bkg, rad_max :
        Responses; those that are missing are None.
    deadtime_fraction :
        Part of the good time in which no event could be recorded, 0 to 1 (``1 - DEADC``).
    meta :
        Pairs of keys (as in the file, in lower case) and values: object, telescope, instrument, ...

    Raises
    ------
    ValueError
        If the dead-time fraction is not between 0 and 1, or the epochs of events and good time
        differ.
    """

    obs_id: int = eqx.field(static=True)
    gti: GTI
    pointing: Pointing
    events: EventList | None = None
    aeff: EffectiveArea | None = None
    edisp: EnergyDispersion | None = None
    psf: PSFTable | PSF3Gauss | PSFKing | None = None
    bkg: Background | None = None
    rad_max: RadMax | None = None
    deadtime_fraction: ArrayLike = eqx.field(
        converter=lambda value: np.asarray(value, float), default=0.0
    )
    meta: tuple[tuple[str, Any], ...] = eqx.field(static=True, default=())

    def __check_init__(self) -> None:
        if not np.all((self.deadtime_fraction >= 0) & (self.deadtime_fraction <= 1)):
            raise ValueError(
                f"observation {self.obs_id}: the dead-time fraction must be between 0 and 1, "
                f"got {self.deadtime_fraction}"
            )
        if self.events is not None and self.events.reference != self.gti.reference:
            raise ValueError(
                f"observation {self.obs_id}: times of events count from MJD "
                f"{self.events.reference}, good time from MJD {self.gti.reference}"
            )

    @property
    def ontime(self) -> float:
        """Good time in s, dead time included: the sum of all intervals."""
        return self.gti.total

    @property
    def livetime(self) -> float:
        """Good time in s without the dead time, ``ontime * (1 - deadtime_fraction)``."""
        return self.gti.total * (1.0 - float(self.deadtime_fraction))

    @property
    def telescope(self) -> str:
        """The telescope as written in the file, or an empty string."""
        return str(dict(self.meta).get("telescop", ""))

    @property
    def instrument(self) -> str:
        """The instrument as written in the file, or an empty string."""
        return str(dict(self.meta).get("instrume", ""))

    def select_time(self, start: Any, stop: Any) -> Observation:
        """Cut events and good time down to ``[start, stop)``; the responses are kept.

        Parameters
        ----------
        start, stop :
            Astropy times, or s since the reference epoch.
        """
        events = None if self.events is None else self.events.select_time(start, stop)
        return Observation(
            obs_id=self.obs_id,
            gti=self.gti.select_time(start, stop),
            pointing=self.pointing,
            events=events,
            aeff=self.aeff,
            edisp=self.edisp,
            psf=self.psf,
            bkg=self.bkg,
            rad_max=self.rad_max,
            deadtime_fraction=self.deadtime_fraction,
            meta=self.meta,
        )
