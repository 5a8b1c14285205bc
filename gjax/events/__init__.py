"""What an observation is made of: events, good time, pointing and responses.

Times are float64 seconds since a static reference epoch (MJD, TT), directions ICRS degrees,
energies TeV. Files are opened in `gjax.io.gadf` only.
"""

from gjax.events.event_list import EventList
from gjax.events.gti import GTI
from gjax.events.observation import Observation
from gjax.events.pointing import Pointing

__all__ = ["GTI", "EventList", "Observation", "Pointing"]
