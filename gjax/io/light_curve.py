"""Files of light curves in the format ``lightcurve`` of Gammapy, FITS or ECSV.

A row is an interval of time, from ``time_min`` to ``time_max`` in days (or another ``TIMEUNIT``)
since ``MJDREFI + MJDREFF`` on the scale ``TIMESYS``; the other columns are those of
`gjax.io.flux_table`, with a vector of energy bands in each row.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table
from astropy.time import Time

from gjax.errors import FileFormatError
from gjax.estimate.light_curve import LightCurve
from gjax.estimate.points import FluxPoints
from gjax.events.epoch import SECONDS_PER_DAY, as_seconds, epoch_mjd
from gjax.io.flux_points import read_table, write_table
from gjax.io.flux_table import Columns, flux_points_to_table

__all__ = ["read_light_curve", "write_light_curve"]

#: Columns that all intervals of a light curve share in memory, but not in the file.
_SHARED = ("e_ref", "e_min", "e_max", "ref_dnde", "ref_flux", "ref_eflux")


def read_light_curve(path: str | os.PathLike[str], **choices: Any) -> LightCurve:
    """Read a light curve from FITS or ECSV.

    Parameters
    ----------
    path :
        The file. A missing ``TIMESYS`` is UTC, as in Gammapy.
    **choices :
        ``sed_type``, ``columns``, ``units``, ``reference``, ``n_sigma`` and ``n_sigma_ul`` as in
        `gjax.io.flux_table.flux_points_from_table`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    gjax.errors.FileFormatError
        If the file is damaged or no light curve, a column is missing or has a wrong unit, or the
        bands differ between intervals.
    """
    table, gti = read_table(path)
    names = {key: choices.pop(key, None) for key in ("columns", "units")}
    reader = Columns(table, path, names["columns"], names["units"], is_light_curve=True)
    if not reader.has("time_min"):
        raise FileFormatError(
            "the column is missing: this is no light curve", path=path, column="time_min"
        )
    reference_spectrum = choices.pop("reference", None)
    widths = {key: choices.pop(key, None) for key in ("sed_type", "n_sigma", "n_sigma_ul")}
    if choices:
        raise TypeError(f"unknown options: {', '.join(choices)}")
    meta = reader.meta(**widths)
    points = FluxPoints(**meta, **reader.quantities(meta["sed_type"], reference_spectrum), gti=gti)
    start, stop, reference = _times(table, reader)
    try:
        return LightCurve(start, stop, points, reference)
    except ValueError as error:
        raise FileFormatError(str(error), path=path) from error


def write_light_curve(
    curve: LightCurve,
    path: str | os.PathLike[str],
    *,
    sed_type: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a light curve as FITS, or as ECSV if the name ends so.

    Parameters
    ----------
    curve :
        The light curve.
    path, sed_type, overwrite :
        As in `gjax.io.flux_points.write_flux_points`.

    Raises
    ------
    ValueError
        For another ending, an unknown ``sed_type``, or fluxes of bands if there are no bands.
    FileExistsError
        If the file exists and may not be replaced.
    """
    shape = curve.points.norm.shape
    whole = {name: np.broadcast_to(getattr(curve.points, name), shape) for name in _SHARED}
    inner = flux_points_to_table(dataclasses.replace(curve.points, **whole), sed_type)
    table = Table(meta=inner.meta)
    table["time_min"] = curve.start / SECONDS_PER_DAY
    table["time_max"] = curve.stop / SECONDS_PER_DAY
    for name in inner.colnames:
        table[name] = inner[name]
    integer = int(np.floor(curve.reference))
    table.meta |= {"MJDREFI": integer, "MJDREFF": curve.reference - integer}
    table.meta |= {"TIMESYS": "tt", "TIMEUNIT": "d"}
    return write_table(table, path, gti=curve.points.gti, overwrite=overwrite)


def _times(table: Table, reader: Columns) -> tuple[np.ndarray, np.ndarray, float]:
    """Give begin and end of the intervals in s since a reference epoch (MJD, TT)."""
    meta = table.meta
    scale = str(meta.get("TIMESYS", "utc")).strip().lower()
    try:
        integer, fraction = float(meta.get("MJDREFI", 0)), float(meta.get("MJDREFF", 0.0))
        # Times may be whole dates, since an epoch of zero.
        epoch = epoch_mjd(integer, fraction, scale) if integer or fraction else None
        per_day = u.Unit(str(meta.get("TIMEUNIT", "d")).strip()).to("d")
        if scale not in Time.SCALES:
            raise ValueError(f"unknown time scale {scale!r}")
    except (ValueError, TypeError) as error:
        raise FileFormatError(str(error), path=reader.path, column="MJDREFI") from error
    times = []
    for name in ("time_min", "time_max"):
        column = table[name] if reader.has(name) else None
        if isinstance(column, Time):
            times.append(column)
            continue
        has_unit = getattr(column, "unit", None) is not None
        days = reader.numbers(name, "d") if has_unit else reader.numbers(name) * per_day
        if not np.isfinite(days).all():
            raise reader.error("times contain NaN or infinity", name)
        whole = np.floor(days[:, 0])
        # In two parts, so that nothing is lost to the size of a date.
        rest = fraction + (days[:, 0] - whole)
        times.append(Time(integer + whole, rest, format="mjd", scale=scale))
    reference = float(np.floor(times[0].tt.mjd.min())) if epoch is None else epoch
    return as_seconds(times[0], reference), as_seconds(times[1], reference), reference
