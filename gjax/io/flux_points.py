"""Flux points in the table format of the field, ``gadf-sed``, as Gammapy writes and reads it.

A table has a row for each band. Its ``SED_TYPE`` says how fluxes are written: as ``likelihood``
(norms of a reference spectrum, which loses nothing) or as ``dnde``, ``e2dnde``, ``flux`` or
``eflux``. It is kept as FITS (HDU ``FLUXPOINTS``) or as ECSV. Estimating is not done here, but in
`gjax.estimate`.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from scipy.special import erf, erfinv

from gjax.errors import FileFormatError
from gjax.estimate.points import FluxPoints
from gjax.io.atomic import atomic_write
from gjax.io.maps import open_fits
from gjax.model.spectral import PowerLaw

__all__ = ["SED_TYPES", "read_flux_points", "write_flux_points"]

#: How fluxes may be written.
SED_TYPES = ("likelihood", "dnde", "e2dnde", "flux", "eflux")

_HDU = "FLUXPOINTS"
_ERRORS = ("", "_err", "_errn", "_errp", "_ul")
_REFERENCES = {
    "ref_dnde": ("cm-2 s-1 TeV-1", "cm-2 s-1 TeV-1"),
    "ref_flux": ("cm-2 s-1", "cm-2 s-1"),
    "ref_eflux": ("TeV cm-2 s-1", "erg cm-2 s-1"),
}
#: What a spectrum is compared with where a file names no reference, as in Gammapy.
_DEFAULT_REFERENCE = PowerLaw(index=2.0, amplitude=1e-12, reference=1.0)


def write_flux_points(
    points: FluxPoints,
    path: str | os.PathLike[str],
    *,
    sed_type: str = "likelihood",
    overwrite: bool = False,
) -> Path:
    """Write flux points as FITS, or as ECSV if the name ends so.

    Parameters
    ----------
    points :
        The flux points.
    path :
        A name that ends with ``.fits``, ``.fits.gz`` or ``.ecsv``.
    sed_type :
        How fluxes are written; only ``"likelihood"`` keeps everything.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another ending or an unknown ``sed_type``.
    FileExistsError
        If the file exists and may not be replaced.
    """
    path = Path(path)
    table = _to_table(points, sed_type)
    if not path.name.endswith((".fits", ".fits.gz", ".ecsv")):
        raise ValueError(f"flux points are written as .fits, .fits.gz or .ecsv, not {path.name!r}")
    with atomic_write(path, overwrite=overwrite) as temporary:
        if path.suffix == ".ecsv":
            table.write(temporary, format="ascii.ecsv")
        else:
            hdus = [fits.PrimaryHDU(), fits.BinTableHDU(table, name=_HDU)]
            fits.HDUList(hdus).writeto(temporary)
    return path


def read_flux_points(path: str | os.PathLike[str], *, sed_type: str | None = None) -> FluxPoints:
    """Read flux points from FITS or ECSV.

    Fluxes that are not written as norms become norms of a power law of index 2, as in Gammapy. A
    file that has test statistics only gets them as its ``stat_null``, with a ``stat`` of zero.

    Parameters
    ----------
    path :
        The file.
    sed_type :
        How fluxes are written, where the file does not say so or says it wrongly.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    gjax.errors.FileFormatError
        If the file is damaged, or a column is missing or has a wrong unit.
    """
    path = Path(path)
    table = _read_table(path)
    names = table.colnames
    sed_type = sed_type or table.meta.get("SED_TYPE") or _guess(names)
    if sed_type not in SED_TYPES:
        raise FileFormatError(
            f"SED_TYPE {sed_type!r} is none of {', '.join(SED_TYPES)}", path=path, column="SED_TYPE"
        )
    reader = _Columns(table, path)
    parts = _energies(reader)
    parts |= _references(reader, parts) if sed_type == "likelihood" else _default(parts)
    kind = "norm" if sed_type == "likelihood" else sed_type
    unit, scale = {
        "norm": ("", 1.0),
        "dnde": ("cm-2 s-1 TeV-1", parts["ref_dnde"]),
        "e2dnde": ("TeV cm-2 s-1", parts["e_ref"] ** 2 * parts["ref_dnde"]),
        "flux": ("cm-2 s-1", parts["ref_flux"]),
        "eflux": ("TeV cm-2 s-1", parts["ref_eflux"]),
    }[kind]
    for error in _ERRORS:
        if not error or kind + error in names:
            parts["norm" + error] = reader.numbers(kind + error, unit) / scale
    return FluxPoints(
        source=str(table.meta.get("OBJECT", "")),
        n_sigma=float(table.meta.get("N_SIGMA", 1.0)),
        n_sigma_ul=_n_sigma(table.meta.get("UL_CONF")),
        **parts,
        **_statistics(reader),
    )


def _to_table(points: FluxPoints, sed_type: str) -> Table:
    """Build the table of one kind."""
    if sed_type not in SED_TYPES:
        raise ValueError(f"sed_type {sed_type!r} is none of {', '.join(SED_TYPES)}")
    table = Table()
    table.meta["SED_TYPE"] = sed_type
    table.meta["UL_CONF"] = round(float(erf(points.n_sigma_ul / np.sqrt(2.0))), 7)
    table.meta["N_SIGMA"] = points.n_sigma
    if points.source:
        table.meta["OBJECT"] = points.source
    for name in ("e_ref", "e_min", "e_max"):
        values = getattr(points, name)
        if name == "e_ref" or np.isfinite(values).all():
            table[name] = values * u.TeV
    kind = "norm" if sed_type == "likelihood" else sed_type
    if kind == "norm":
        for name, (internal, written) in _REFERENCES.items():
            table[name] = (getattr(points, name) * u.Unit(internal)).to(written)
    for name in points.names(kind):
        column = points.column(name)
        table[name] = column.value if kind == "norm" else column
    for name in ("ts", "sqrt_ts", "npred", "npred_excess", "stat", "stat_null", "counts"):
        values = getattr(points, name)
        if values is not None:
            table[name] = values
    if points.norm_ul is not None:
        table["is_ul"] = np.asarray(points.is_ul, bool)
    if points.success is not None:
        table["success"] = np.asarray(points.success, bool)
    if points.norm_scan is not None and points.stat_scan is not None:
        table["norm_scan"] = np.broadcast_to(points.norm_scan, points.stat_scan.shape)
        table["stat_scan"] = points.stat_scan
    return table


def _read_table(path: Path) -> Table:
    with path.open("rb") as file:
        start = file.read(9)
    if start.startswith((b"SIMPLE", b"\x1f\x8b")):
        with open_fits(path) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
            if not tables:
                raise FileFormatError("there is no table", path=path)
            named = [hdu for hdu in tables if hdu.name == _HDU]
            with warnings.catch_warnings():
                # Units written in other ways are checked column by column.
                warnings.simplefilter("ignore", u.UnitsWarning)
                return Table.read((named or tables)[0])
    try:
        return Table.read(path, format="ascii.ecsv")
    except (ValueError, TypeError, KeyError, IndexError, UnicodeDecodeError) as error:
        message = " ".join(str(error).split())
        raise FileFormatError(f"neither FITS nor ECSV: {message}", path=path) from error


def _guess(names: list[str]) -> str:
    """Tell the kind of a table from its columns, in Gammapy's order."""
    for kind in (*SED_TYPES[1:], "likelihood"):
        if ("norm" if kind == "likelihood" else kind) in names:
            return kind
    return ""


class _Columns:
    """The columns of a table as plain arrays; what is wrong is said with file and column."""

    def __init__(self, table: Table, path: Path) -> None:
        self.table, self.path = table, path

    def has(self, name: str) -> bool:
        return name in self.table.colnames

    def numbers(self, name: str, unit: str = "") -> np.ndarray:
        """Give a column in a unit; masked values are NaN."""
        if not self.has(name):
            raise FileFormatError("the column is missing", path=self.path, column=name)
        column = self.table[name]
        try:
            values = np.ma.filled(np.ma.asarray(column.data, float), np.nan)
            if unit or column.unit is not None:
                values = u.Quantity(values, _without_photons(column.unit)).to_value(unit)
        except (u.UnitsError, TypeError, ValueError) as error:
            raise FileFormatError(str(error), path=self.path, column=name) from error
        return np.asarray(values, float)

    def flags(self, name: str) -> np.ndarray | None:
        if not self.has(name):
            return None
        return np.asarray(np.ma.filled(self.table[name].data, False), bool)


def _without_photons(unit: Any) -> u.UnitBase:
    """Leave out photons, which older files count in units of fluxes."""
    unit = u.Unit(unit or "")
    for base, power in zip(unit.bases, unit.powers, strict=True):
        if base == u.ph:
            unit = unit / u.ph**power
    return unit


def _energies(columns: _Columns) -> dict[str, Any]:
    if not (columns.has("e_min") and columns.has("e_max")):
        center = columns.numbers("e_ref", "TeV")
        none = np.full(center.shape, np.nan)
        return {"e_ref": center, "e_min": none, "e_max": none}
    low, high = columns.numbers("e_min", "TeV"), columns.numbers("e_max", "TeV")
    center = columns.numbers("e_ref", "TeV") if columns.has("e_ref") else np.sqrt(low * high)
    return {"e_ref": center, "e_min": low, "e_max": high}


def _references(columns: _Columns, energies: dict[str, Any]) -> dict[str, Any]:
    none = np.full(energies["e_ref"].shape, np.nan)
    return {
        name: columns.numbers(name, unit) if name == "ref_dnde" or columns.has(name) else none
        for name, (unit, _) in _REFERENCES.items()
    }


def _default(energies: dict[str, Any]) -> dict[str, Any]:
    center, low, high = (energies[name] for name in ("e_ref", "e_min", "e_max"))
    return {
        "ref_dnde": np.asarray(_DEFAULT_REFERENCE(center), float),
        "ref_flux": np.asarray(_DEFAULT_REFERENCE.integral(low, high), float),
        "ref_eflux": np.asarray(_DEFAULT_REFERENCE.energy_flux(low, high), float),
    }


def _statistics(columns: _Columns) -> dict[str, Any]:
    """Read what a table has besides energies and fluxes."""
    found: dict[str, Any] = {
        name: columns.numbers(name) for name in ("stat", "stat_null") if columns.has(name)
    }
    if len(found) < 2 and (columns.has("ts") or columns.has("sqrt_ts")):
        ts = columns.numbers("ts") if columns.has("ts") else columns.numbers("sqrt_ts") ** 2
        found = {"stat": np.zeros_like(ts), "stat_null": ts}
    for name in ("npred", "npred_excess", "counts"):
        if columns.has(name):
            values = columns.numbers(name)
            found[name] = values.reshape(len(values), -1)
    if columns.has("norm_scan") and columns.has("stat_scan"):
        found["norm_scan"] = columns.numbers("norm_scan")[0]
        found["stat_scan"] = columns.numbers("stat_scan")
    found["is_limit"], found["success"] = columns.flags("is_ul"), columns.flags("success")
    return found


def _n_sigma(confidence: Any) -> float:
    """Give the width of upper limits of a confidence, rounded as the confidence is in files."""
    if confidence is None:
        return 2.0
    return round(float(np.sqrt(2.0) * erfinv(float(confidence))), 3)
