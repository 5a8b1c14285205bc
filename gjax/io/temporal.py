"""Tables of light curves and of phase curves, as Gammapy's temporal templates have them.

A light curve has the columns TIME and NORM, its reference time in the header (MJDREFI, MJDREFF,
TIMESYS); a phase curve has PHASE and NORM.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table
from astropy.time import Time

from gjax.errors import FileFormatError
from gjax.io.atomic import atomic_write
from gjax.io.gadf.fits_file import expand_path
from gjax.model.temporal import LightCurveTemplate, TemplatePhaseCurve

__all__ = ["read_light_curve_template", "read_phase_curve", "write_temporal_table"]

Path = str | os.PathLike[str]


def read_light_curve_template(
    path: Path, *, scale: str = "utc", filename: str | None = None
) -> LightCurveTemplate:
    """Read a light curve from a table with the columns TIME and NORM.

    Parameters
    ----------
    path :
        FITS or ECSV table.
    scale :
        Time scale in which the model is to have its reference time.
    filename :
        Name to remember in place of the path.

    Raises
    ------
    gjax.errors.FileFormatError
        If it is no such table.
    """
    table = _read_table(path)
    time, norm = _column(table, "TIME", path), _column(table, "NORM", path)
    header = {str(key).upper(): value for key, value in table.meta.items()}
    unit = time.unit if isinstance(time, u.Quantity) else header.get("TIMEUNIT")
    if unit is None:
        raise FileFormatError("the unit of the times is missing", path=path, column="TIMEUNIT")
    try:
        day, part = float(header["MJDREFI"]), float(header.get("MJDREFF", 0.0))
        system = str(header.get("TIMESYS", "utc")).strip().lower()
        if system not in Time.SCALES:
            raise ValueError(f"unknown time scale {system!r}")
        epoch = Time(day, part, format="mjd", scale=system)
        return LightCurveTemplate(
            time=u.Quantity(time, unit).to_value("d"),
            norm=np.asarray(norm, float),
            t_ref=float(getattr(epoch, scale).mjd),
            scale=scale,
            filename=str(filename or path),
        )
    except KeyError as error:
        raise FileFormatError(
            "the reference time is missing", path=path, column=error.args[0]
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise FileFormatError(str(error), path=path) from None


def read_phase_curve(
    path: Path, *, filename: str | None = None, **values: Any
) -> TemplatePhaseCurve:
    """Read a phase curve from a table with the columns PHASE and NORM.

    Parameters
    ----------
    path :
        FITS or ECSV table.
    filename :
        Name to remember in place of the path.
    **values :
        Parameters and options of `gjax.model.temporal.TemplatePhaseCurve`: the timing solution is
        not in the table.

    Raises
    ------
    gjax.errors.FileFormatError
        If it is no such table.
    """
    table = _read_table(path)
    phase, norm = (np.asarray(_column(table, name, path), float) for name in ("PHASE", "NORM"))
    try:
        return TemplatePhaseCurve(phase=phase, norm=norm, **values, filename=str(filename or path))
    except ValueError as error:
        raise FileFormatError(str(error), path=path) from None


def write_temporal_table(
    path: Path, model: LightCurveTemplate | TemplatePhaseCurve, *, overwrite: bool = False
) -> None:
    """Write the table of a temporal template to a FITS file."""
    if isinstance(model, LightCurveTemplate):
        epoch = float(model.t_ref)
        table = Table({"TIME": np.asarray(model.time) * u.d, "NORM": np.asarray(model.norm)})
        table.meta |= {
            "MJDREFI": int(np.floor(epoch)),
            "MJDREFF": epoch - np.floor(epoch),
            "TIMESYS": model.scale,
            "TIMEUNIT": "d",
        }
    else:
        table = Table({"PHASE": np.asarray(model.phase), "NORM": np.asarray(model.norm)})
    with atomic_write(path, overwrite=overwrite) as temporary:
        table.write(temporary, format="fits", overwrite=True)


def _read_table(path: Path) -> Table:
    path = expand_path(path)
    kind = "ascii.ecsv" if path.suffix == ".ecsv" else "fits"
    try:
        return Table.read(path, format=kind)
    except OSError as error:
        if not path.is_file():
            raise
        raise FileFormatError(f"cannot be read: {error}", path=path) from None
    except Exception as error:  # astropy raises its own kinds for each way to be malformed
        raise FileFormatError(f"cannot be read: {error}", path=path) from None


def _column(table: Table, name: str, path: Path) -> Any:
    for column in table.colnames:
        if column.upper() == name:
            found = table[column]
            return found.quantity if found.unit is not None else np.asarray(found)
    raise FileFormatError(
        f"there is no such column, only {', '.join(table.colnames)}", path=path, column=name
    )
