"""Writing observations, and the index files of a store, in the format of GADF 0.3."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.events.epoch import as_time
from gjax.events.observation import Observation
from gjax.io.atomic import atomic_write
from gjax.io.gadf.data_store import IRF_TYPES
from gjax.io.gadf.fits_file import expand_path
from gjax.io.gadf.write_irf import HEADER, Column, compact, irf_hdu, table_hdu
from gjax.maps.frames import convert

__all__ = ["write_data_store", "write_observation"]


def _creator() -> str:
    try:
        return f"gjax {version('gjax')}"
    except PackageNotFoundError:
        return "gjax"


def _time_header(reference: float) -> dict[str, Any]:
    integer = math.floor(reference)
    return {
        "MJDREFI": integer,
        "MJDREFF": reference - integer,
        "TIMEUNIT": "s",
        "TIMESYS": "TT",
        "TIMEREF": "LOCAL",
    }


def _pointing_header(observation: Observation) -> dict[str, Any]:
    pointing = observation.pointing
    mode = str(dict(observation.meta).get("obs_mode", pointing.mode))
    header: dict[str, Any] = {"OBS_MODE": "DRIFT" if pointing.mode == "DRIFT" else mode}
    numbers = {
        "RA_PNT": pointing.lon,
        "DEC_PNT": pointing.lat,
        "ALT_PNT": pointing.alt,
        "AZ_PNT": pointing.az,
    }
    header.update({key: float(value) for key, value in numbers.items() if np.isfinite(value)})
    if pointing.location is not None:
        header.update(zip(("GEOLON", "GEOLAT", "ALTITUDE"), pointing.location, strict=True))
    return header


def _events_hdu(observation: Observation) -> fits.BinTableHDU:
    events, gti = observation.events, observation.gti
    if events is None:
        columns = dict.fromkeys(("TIME", "RA", "DEC", "ENERGY"), np.zeros(0))
        event_id = np.zeros(0, np.int64)
    else:
        columns = {
            "TIME": events.time,
            "RA": compact(events.lon),
            "DEC": compact(events.lat),
            "ENERGY": compact(events.energy),
        }
        event_id = events.event_id
    units = {"TIME": "s", "RA": "deg", "DEC": "deg", "ENERGY": "TeV"}
    table: list[tuple[str, np.ndarray, str | None]] = [
        (name, values, units[name]) for name, values in columns.items()
    ]
    if events is not None and events.phase is not None:
        table.append(("PHASE", events.phase, None))
    hdu = table_hdu("EVENTS", [("EVENT_ID", event_id, None), *table])
    hdu.header.update(HEADER)
    hdu.header["HDUCLAS1"] = "EVENTS"
    hdu.header["OBS_ID"] = observation.obs_id
    for key in ("ORIGIN", "TELESCOP", "INSTRUME"):
        hdu.header[key] = ""
    for key, value in observation.meta:
        hdu.header[key.upper()] = value
    hdu.header["CREATOR"] = _creator()
    hdu.header.update(_time_header(gti.reference))
    hdu.header.update(_pointing_header(observation))
    hdu.header["RADECSYS"], hdu.header["EQUINOX"] = "ICRS", 2000.0
    hdu.header["TSTART"], hdu.header["TSTOP"] = float(gti.start.min()), float(gti.stop.max())
    hdu.header["ONTIME"], hdu.header["LIVETIME"] = observation.ontime, observation.livetime
    hdu.header["DEADC"] = 1.0 - float(observation.deadtime_fraction)
    return hdu


def _gti_hdu(observation: Observation) -> fits.BinTableHDU:
    gti = observation.gti
    hdu = table_hdu("GTI", [("START", gti.start, "s"), ("STOP", gti.stop, "s")])
    hdu.header.update(HEADER)
    hdu.header["HDUCLAS1"] = "GTI"
    hdu.header.update(_time_header(gti.reference))
    return hdu


def _hdus(observation: Observation) -> list[tuple[str, str, fits.BinTableHDU]]:
    """Make all HDUs of an observation, each with its type and class for the index."""
    if not observation.gti.start.size:
        raise ValueError(f"observation {observation.obs_id} has no good time, cannot be written")
    hdus = [
        ("events", "events", _events_hdu(observation)),
        ("gti", "gti", _gti_hdu(observation)),
    ]
    for name in IRF_TYPES:
        irf = getattr(observation, name)
        if irf is not None and not (name == "rad_max" and _has_rad_max_keyword(observation)):
            hdu, hdu_class = irf_hdu(irf)
            hdus.append((name, hdu_class, hdu))
    return hdus


def _has_rad_max_keyword(observation: Observation) -> bool:
    """Tell whether a fixed direction cut is a keyword of the responses, where it belongs."""
    rad_max = observation.rad_max
    keywords = [irf.rad_max for irf in (observation.aeff, observation.edisp) if irf is not None]
    return rad_max is not None and rad_max.is_fixed and any(k is not None for k in keywords)


def _write(hdus: Sequence[fits.BinTableHDU], path: Path, overwrite: bool) -> None:
    with atomic_write(path, overwrite=overwrite) as temporary:
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(temporary)


def write_observation(
    observation: Observation, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write one observation, with its events, good time and responses, to one FITS file.

    Numbers that were read in single precision are written so; all others in double precision.

    Parameters
    ----------
    observation :
        The observation.
    path :
        The file (``.fits`` or ``.fits.gz``).
    overwrite :
        Whether an existing file may be replaced.

    Returns
    -------
    The path.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is false.
    """
    path = expand_path(path)
    _write([hdu for _, _, hdu in _hdus(observation)], path, overwrite)
    return path


def write_data_store(
    observations: Sequence[Observation],
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
) -> Path:
    """Write observations to a folder, with the index files that make it a data store.

    Each observation goes to ``obs_<number>.fits``; ``hdu-index.fits.gz`` and ``obs-index.fits.gz``
    come last, so that a store is found only once it is complete.

    Parameters
    ----------
    observations :
        At least one, with different numbers.
    folder :
        Where to write; made if it does not exist.
    overwrite :
        Whether existing files may be replaced.

    Returns
    -------
    The folder.

    Raises
    ------
    FileExistsError
        If one of the files exists and ``overwrite`` is false; nothing is written then.
    ValueError
        If there is no observation, or two have the same number.
    """
    folder = expand_path(folder)
    ids = [observation.obs_id for observation in observations]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"a data store needs observations with different numbers, got {ids}")
    names = {obs_id: f"obs_{obs_id:06d}.fits" for obs_id in ids}
    indices = ("hdu-index.fits.gz", "obs-index.fits.gz")
    existing = [name for name in (*names.values(), *indices) if (folder / name).exists()]
    if existing and not overwrite:
        raise FileExistsError(
            f"{folder} has {', '.join(existing[:3])} already; pass overwrite=True to replace"
        )
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[int, str, str, str, str]] = []
    for observation in observations:
        hdus = _hdus(observation)
        name = names[observation.obs_id]
        _write([hdu for _, _, hdu in hdus], folder / name, overwrite)
        rows += [(observation.obs_id, kind, cls, name, hdu.name) for kind, cls, hdu in hdus]
    _write([_hdu_index(rows)], folder / indices[0], overwrite)
    _write([_obs_index(observations)], folder / indices[1], overwrite)
    return folder


def _text_column(name: str, values: Sequence[str]) -> Column:
    encoded = [value.encode("ascii", "replace") for value in values]
    return (name, np.array(encoded, f"S{max(1, *(len(value) for value in encoded))}"), None)


def _hdu_index(rows: Sequence[tuple[int, str, str, str, str]]) -> fits.BinTableHDU:
    ids, kinds, classes, files, hdus = zip(*rows, strict=True)
    columns = [
        ("OBS_ID", np.array(ids, np.int64), None),
        _text_column("HDU_TYPE", kinds),
        _text_column("HDU_CLASS", classes),
        _text_column("FILE_DIR", ["."] * len(ids)),
        _text_column("FILE_NAME", files),
        _text_column("HDU_NAME", hdus),
    ]
    index = table_hdu("HDU_INDEX", columns)
    index.header.update(HEADER)
    index.header["HDUCLAS1"], index.header["HDUCLAS2"] = "INDEX", "HDU"
    return index


def _obs_index(observations: Sequence[Observation]) -> fits.BinTableHDU:
    reference = observations[0].gti.reference
    gtis = [observation.gti.to_reference(reference) for observation in observations]
    lon, lat, alt, az = (
        np.array([float(getattr(each.pointing, name)) for each in observations])
        for name in ("lon", "lat", "alt", "az")
    )
    glon, glat = convert(lon, lat, "icrs", "galactic")
    start = np.array([gti.start.min() for gti in gtis])
    stop = np.array([gti.stop.max() for gti in gtis])
    numbers = {
        "RA_PNT": (lon, "deg"),
        "DEC_PNT": (lat, "deg"),
        "GLON_PNT": (glon, "deg"),
        "GLAT_PNT": (glat, "deg"),
        "ZEN_PNT": (90.0 - alt, "deg"),
        "ALT_PNT": (alt, "deg"),
        "AZ_PNT": (az, "deg"),
        "ONTIME": (np.array([each.ontime for each in observations]), "s"),
        "LIVETIME": (np.array([each.livetime for each in observations]), "s"),
        "DEADC": (np.array([1 - float(each.deadtime_fraction) for each in observations]), None),
        "TSTART": (start, "s"),
        "TSTOP": (stop, "s"),
    }
    metas = [dict(each.meta) for each in observations]
    counts = [0 if each.events is None else len(each.events) for each in observations]
    ids = np.array([each.obs_id for each in observations], np.int64)
    columns: list[Column] = [("OBS_ID", ids, None)]
    columns += [(name, values, unit) for name, (values, unit) in numbers.items()]
    columns += [
        _text_column(key, [str(meta.get(key.lower(), "")) for meta in metas])
        for key in ("OBJECT", "TELESCOP", "INSTRUME")
    ]
    for key, times in (("DATE-OBS", start), ("DATE-END", stop)):
        columns.append(_text_column(key, as_time(times, reference).utc.isot.tolist()))
    columns.append(("EVENT_COUNT", np.array(counts, np.int64), None))
    index = table_hdu("OBS_INDEX", columns)
    index.header.update(HEADER)
    index.header["HDUCLAS1"], index.header["HDUCLAS2"] = "INDEX", "OBS"
    index.header.update(_time_header(reference))
    return index
