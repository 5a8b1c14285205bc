"""Lists of reconstructed events.

Lives here: the columns that an analysis needs, and selections on them. Selection by sky region
needs map geometry and lives in `gjax.reduce`; reading, in `gjax.io.gadf`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import numpy as np

from gjax.events.epoch import SECONDS_PER_DAY, as_seconds, as_time
from gjax.numerics.sphere import separation
from gjax.typing import ArrayLike
from gjax.units import to_internal

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

__all__ = ["EventList"]


_COLUMNS = ("energy", "lon", "lat", "time", "event_id")


def _column(values: Any) -> np.ndarray:
    return np.atleast_1d(np.asarray(values, float))


class EventList(eqx.Module):
    """Reconstructed events; every field has one entry per event.

    Parameters
    ----------
    energy :
        Reconstructed energy in TeV.
    lon, lat :
        Reconstructed direction, right ascension and declination (ICRS) in deg.
    time :
        Arrival time in s since ``reference``.
    event_id :
        Number of the event in its observation.
    reference :
        The reference epoch, MJD in TT.
    phase :
        Phase of a pulsar at the arrival time, 0 to 1, or None.

    Raises
    ------
    ValueError
        If the columns differ in length.
    """

    energy: ArrayLike = eqx.field(converter=_column)
    lon: ArrayLike = eqx.field(converter=_column)
    lat: ArrayLike = eqx.field(converter=_column)
    time: ArrayLike = eqx.field(converter=_column)
    event_id: ArrayLike = eqx.field(
        converter=lambda values: np.atleast_1d(np.asarray(values, np.int64))
    )
    reference: float = eqx.field(static=True, default=51544.0, converter=float)
    phase: ArrayLike | None = eqx.field(
        converter=lambda values: None if values is None else _column(values), default=None
    )

    def __check_init__(self) -> None:
        sizes = {name: getattr(self, name).shape for name in _COLUMNS}
        if self.phase is not None:
            sizes["phase"] = self.phase.shape
        if len(set(sizes.values())) != 1 or self.energy.ndim != 1:
            raise ValueError(f"event columns differ in shape: {sizes}")

    def __len__(self) -> int:
        return len(self.energy)

    @property
    def skycoord(self) -> SkyCoord:
        """Directions as astropy coordinates (ICRS)."""
        from astropy.coordinates import SkyCoord

        return SkyCoord(self.lon, self.lat, unit="deg", frame="icrs")

    @property
    def arrival(self) -> Time:
        """Arrival times as astropy times (TT)."""
        return as_time(self.time, self.reference)

    def select(self, mask: ArrayLike) -> EventList:
        """Keep the events where ``mask`` is true (or those with the given indices)."""
        mask = np.asarray(mask)
        return EventList(
            self.energy[mask],
            self.lon[mask],
            self.lat[mask],
            self.time[mask],
            self.event_id[mask],
            self.reference,
            None if self.phase is None else self.phase[mask],
        )

    def select_energy(self, energy_min: Any, energy_max: Any) -> EventList:
        """Keep the energies in ``[energy_min, energy_max)``, TeV or quantities."""
        low = to_internal(energy_min, "TeV", "energy_min")
        high = to_internal(energy_max, "TeV", "energy_max")
        return self.select((self.energy >= low) & (self.energy < high))

    def select_time(self, start: Any, stop: Any) -> EventList:
        """Keep the times in ``[start, stop)``: astropy times, or s since ``reference``."""
        low, high = as_seconds(start, self.reference), as_seconds(stop, self.reference)
        return self.select((self.time >= low) & (self.time < high))

    def select_offset(
        self, lon: Any, lat: Any, offset_max: Any, offset_min: Any = 0.0
    ) -> EventList:
        """Keep the events whose distance from a position is in ``[offset_min, offset_max)``.

        Parameters
        ----------
        lon, lat :
            The position (ICRS), usually the pointing, in deg.
        offset_max, offset_min :
            Limits of the distance in deg.
        """
        offset = separation(
            to_internal(lon, "deg", "lon"), to_internal(lat, "deg", "lat"), self.lon, self.lat
        )
        low = to_internal(offset_min, "deg", "offset_min")
        high = to_internal(offset_max, "deg", "offset_max")
        return self.select((offset >= low) & (offset < high))

    def to_reference(self, reference: float) -> EventList:
        """Express the same times in s since another epoch (MJD, TT)."""
        shift = (self.reference - float(reference)) * SECONDS_PER_DAY
        return dataclasses.replace(self, time=self.time + shift, reference=reference)

    @staticmethod
    def stack(lists: Sequence[EventList]) -> EventList:
        """Concatenate lists; times in s since the epoch of the first, phases if all have them."""
        if not lists:
            raise ValueError("nothing to stack: no event list given")
        same = [events.to_reference(lists[0].reference) for events in lists]
        columns = {
            name: np.concatenate([getattr(events, name) for events in same]) for name in _COLUMNS
        }
        phases = [events.phase for events in lists if events.phase is not None]
        if len(phases) == len(lists):
            columns["phase"] = np.concatenate(phases)
        return EventList(**columns, reference=lists[0].reference)
