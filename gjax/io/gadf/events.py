"""Events, good time and pointing in the format of gamma-astro-data-formats (GADF) 0.2 and 0.3."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from astropy import units as u

from gjax.errors import FileFormatError
from gjax.events.epoch import as_time, epoch_mjd
from gjax.events.event_list import EventList
from gjax.events.gti import GTI
from gjax.events.pointing import Pointing
from gjax.io.gadf.fits_file import FitsTable, guarded

__all__ = [
    "read_deadtime_fraction",
    "read_events",
    "read_gti",
    "read_location",
    "read_meta",
    "read_pointing",
    "read_reference",
]

log = logging.getLogger(__name__)

#: Header keys of the events that an observation keeps.
META_KEYS = (
    "TELESCOP",
    "INSTRUME",
    "ORIGIN",
    "OBSERVER",
    "OBJECT",
    "RA_OBJ",
    "DEC_OBJ",
    "OBS_MODE",
    "EV_CLASS",
    "N_TELS",
    "TELLIST",
    "MUONEFF",
    "CALDB",
    "IRF",
)


def read_reference(table: FitsTable) -> float:
    """Give the epoch of the times in a table, as MJD in TT."""
    if "MJDREFI" not in table.header and "MJDREF" in table.header:
        integer, fraction = table.required_number("MJDREF"), 0.0
    else:
        integer, fraction = table.required_number("MJDREFI"), table.number("MJDREFF", 0.0)
    try:
        return epoch_mjd(integer, fraction or 0.0, table.text("TIMESYS", "TT"))
    except ValueError as error:
        raise table.error(str(error), "TIMESYS") from None


def _seconds(table: FitsTable, name: str) -> np.ndarray:
    """Read times in s: the unit of the column, else TIMEUNIT, else s."""
    values = table.column(name, "s", table.text("TIMEUNIT", "s") or "s")
    if not np.isfinite(values).all():
        raise table.error("times contain NaN or infinity", name)
    return values


def read_gti(table: FitsTable) -> GTI:
    """Read good time intervals.

    Raises
    ------
    FileFormatError
        If there is none, one ends before it begins, or a column or the epoch is missing.
    """
    start, stop = _seconds(table, "START"), _seconds(table, "STOP")
    if start.ndim != 1 or not start.size:
        raise table.error("there is no good time interval", "START")
    negative = np.flatnonzero(stop < start)
    if negative.size:
        raise table.error(f"interval {int(negative[0])} ends before it begins", "STOP")
    return GTI(start, stop, read_reference(table))


def read_events(table: FitsTable, reference: float) -> EventList:
    """Read the events.

    Parameters
    ----------
    table :
        The binary table.
    reference :
        Epoch (MJD, TT) in which times are given back; that of the good time.

    Raises
    ------
    FileFormatError
        If a column, a unit or the epoch is missing, or a value is not finite.
    """
    columns = {
        "ENERGY": table.column("ENERGY", "TeV"),
        "RA": table.column("RA", "deg"),
        "DEC": table.column("DEC", "deg"),
        "TIME": _seconds(table, "TIME"),
    }
    for name, values in columns.items():
        if values.ndim != 1:
            raise table.error(f"there is more than one value per event: {values.shape}", name)
        # A sum is finite only if all of its terms are.
        if values.size and not np.isfinite(values.sum()):
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise table.error(f"event {row} has {values[row]}", name)
    if "EVENT_ID" in table.columns:
        with guarded(table.path, table.hdu, "EVENT_ID"):
            event_id = np.asarray(table.raw("EVENT_ID"), np.int64).reshape(len(table))
    else:
        event_id = np.arange(len(table))
    phase = None
    if "PHASE" in table.columns:
        # Phases are plain numbers; some events may have none (NaN).
        with guarded(table.path, table.hdu, "PHASE"):
            phase = np.asarray(table.raw("PHASE"), float).reshape(len(table))
    events = EventList(
        energy=columns["ENERGY"],
        lon=columns["RA"],
        lat=columns["DEC"],
        time=columns["TIME"],
        event_id=event_id,
        reference=read_reference(table),
        phase=phase,
    )
    return events if events.reference == reference else events.to_reference(reference)


def read_location(table: FitsTable) -> tuple[float, float, float] | None:
    """Give longitude and latitude in deg and height in m of the observatory, or None."""
    lon, lat = table.number("GEOLON"), table.number("GEOLAT")
    height = table.number("GEOALT", table.number("ALTITUDE"))
    if lon is None or lat is None:
        return None
    return (lon, lat, 0.0 if height is None else height)


def read_pointing(table: FitsTable, gti: GTI) -> Pointing:
    """Read the pointing from the header of the events.

    Every mode but DRIFT (WOBBLE, for example) is fixed on the sky. In drift mode the celestial
    position is computed for the middle of the good time.

    Raises
    ------
    FileFormatError
        If the position is missing.
    """
    location = read_location(table)
    alt, az = table.number("ALT_PNT", np.nan), table.number("AZ_PNT", np.nan)
    mode = "DRIFT" if table.text("OBS_MODE").upper() == "DRIFT" else "POINTING"
    try:
        if mode == "POINTING":
            lon, lat = table.required_number("RA_PNT"), table.required_number("DEC_PNT")
        else:
            alt, az = table.required_number("ALT_PNT"), table.required_number("AZ_PNT")
            if location is None:
                raise table.error("drift mode needs the place of the observatory", "GEOLON")
            lon, lat = _drift_position(table, alt, az, location, gti)
        return Pointing(lon, lat, alt, az, mode, location)
    except FileFormatError:
        raise
    except ValueError as error:  # what the pointing itself refuses
        raise table.error(str(error), "RA_PNT") from None


def _drift_position(
    table: FitsTable, alt: float, az: float, location: tuple[float, float, float], gti: GTI
) -> tuple[float, float]:
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord
    from astropy.utils import iers

    place = EarthLocation.from_geodetic(location[0], location[1], location[2] * u.m)
    with (
        guarded(table.path, table.hdu, "ALT_PNT"),
        # Earth rotation tables of the installation must do: reading a file never goes online.
        iers.conf.set_temp("auto_download", False),
        iers.conf.set_temp("iers_degraded_accuracy", "ignore"),
    ):
        frame = AltAz(obstime=as_time(gti.mid, gti.reference), location=place)
        icrs = SkyCoord(az=az * u.deg, alt=alt * u.deg, frame=frame).icrs
        return float(icrs.ra.deg), float(icrs.dec.deg)


def read_deadtime_fraction(table: FitsTable) -> float:
    """Give ``1 - DEADC``, else ``1 - LIVETIME / ONTIME``, else 0 with a warning in the log."""
    live = table.number("DEADC")
    if live is None:
        livetime, ontime = table.number("LIVETIME"), table.number("ONTIME")
        if livetime is not None and ontime:
            live = livetime / ontime
        else:
            log.warning("%s: no DEADC keyword, dead time is taken as zero", table.path)
            live = 1.0
    if not 0 <= live <= 1:
        raise table.error(f"is {live}, expected a number from 0 to 1", "DEADC")
    return 1.0 - live


def read_meta(table: FitsTable) -> tuple[tuple[str, Any], ...]:
    """Give what else an observation keeps of the header, as pairs of lower-case key and value."""
    pairs = []
    for key in META_KEYS:
        with guarded(table.path, table.hdu, key):
            value = table.header.get(key)
        # Numbers that are not finite would make two equal observations differ.
        finite = not isinstance(value, float) or np.isfinite(value)
        if isinstance(value, (str, int, float)) and finite:
            value = value.strip() if isinstance(value, str) else value
            # The two plain modes are known to the pointing.
            if value not in ("", "POINTING", "DRIFT"):
                pairs.append((key.lower(), value))
    return tuple(pairs)
