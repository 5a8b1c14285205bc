"""What an observation is made of: events, good time, pointing and responses.

Times are float64 seconds since a static reference epoch (MJD, TT), directions ICRS degrees,
energies TeV. Files are opened in `gjax.io.gadf` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.events.event_list import EventList as EventList
    from gjax.events.gti import GTI as GTI
    from gjax.events.observation import Observation as Observation
    from gjax.events.pointing import Pointing as Pointing

__all__ = ["GTI", "EventList", "Observation", "Pointing"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.events.event_list": ("EventList",),
        "gjax.events.gti": ("GTI",),
        "gjax.events.observation": ("Observation",),
        "gjax.events.pointing": ("Pointing",),
    },
)
