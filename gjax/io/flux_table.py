"""Flux points as tables: the columns of ``gadf-sed`` and ``lightcurve``, in and out of memory.

A row is a band of energy; in a light curve it is an interval of time, and the columns hold a vector
of bands. Files are opened in `gjax.io.flux_points` and `gjax.io.light_curve`. Any astropy table can
be read here, whatever file it came from.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import Table

from gjax.errors import FileFormatError
from gjax.estimate.points import FluxPoints
from gjax.model.spectral import PowerLaw

__all__ = ["SED_TYPES", "Columns", "flux_points_from_table", "flux_points_to_table"]

#: How fluxes may be written.
SED_TYPES = ("likelihood", "dnde", "e2dnde", "flux", "eflux")

_ERRORS = ("", "_err", "_errn", "_errp", "_ul", "_sensitivity")
_REFERENCES = {
    "ref_dnde": ("cm-2 s-1 TeV-1", "cm-2 s-1 TeV-1"),
    "ref_flux": ("cm-2 s-1", "cm-2 s-1"),
    "ref_eflux": ("TeV cm-2 s-1", "erg cm-2 s-1"),
}
_PER_DATASET = ("npred", "npred_excess", "counts")
_NUMBERS = ("stat", "stat_null", "n_dof")
#: Radio astronomers give frequencies for energies.
_FREQUENCY = [(u.Hz, u.TeV, lambda nu: nu * (1.0 * u.Hz).to_value("TeV", u.spectral()))]
#: What a spectrum is compared with where a file names no reference, as in Gammapy.
_DEFAULT_REFERENCE = PowerLaw(index=2.0, amplitude=1e-12, reference=1.0)


def flux_points_from_table(
    table: Table,
    *,
    sed_type: str | None = None,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    reference: Any = None,
    n_sigma: float | None = None,
    n_sigma_ul: float | None = None,
    path: str | os.PathLike[str] | None = None,
) -> FluxPoints:
    r"""Make flux points of a table of the ``gadf-sed`` format, or of one that is made to look so.

    Fluxes that are not written as norms become norms of a reference spectrum. A table that has test
    statistics only gets them as its ``stat_null``, with a ``stat`` of zero. Log-likelihoods
    (``loglike``, ``loglike_null``, ``dloglike_scan``) become statistics :math:`-2 \ln L`.

    Parameters
    ----------
    table :
        A Table or QTable. Energies may also be frequencies; photons in units of fluxes are left
        out.
    sed_type :
        How fluxes are written, where the table does not say so or says it wrongly.
    columns :
        Names in the table of the format's columns, such as ``{"dnde": "Differential_Flux"}``.
    units :
        Units of columns of the format that have none in the table.
    reference :
        Spectral model for tables without norms: the assumed shape, which relates fluxes of bands to
        differential fluxes. A power law of index 2 by default, as in Gammapy.
    n_sigma, n_sigma_ul :
        Widths of errors and limits in standard deviations, where the table does not say so or says
        it wrongly. ``UL_CONF`` counts as two-sided (0.95 is 1.96), as in Gammapy.
    path :
        The file, for messages.

    Raises
    ------
    gjax.errors.FileFormatError
        If a column is missing or has a wrong unit, or the table is of another kind.

    Examples
    --------
    >>> from astropy.table import Table
    >>> table = Table({"E": [1.0, 10.0], "F": [3e-11, 2e-13], "dF": [3e-12, 4e-14]})
    >>> points = flux_points_from_table(
    ...     table,
    ...     sed_type="dnde",
    ...     columns={"e_ref": "E", "dnde": "F", "dnde_err": "dF"},
    ...     units={"e_ref": "TeV", "dnde": "cm-2 s-1 TeV-1", "dnde_err": "cm-2 s-1 TeV-1"},
    ... )
    >>> float(points.dnde[1].value)
    2e-13
    """
    reader = Columns(table, path, columns or {}, units or {})
    for name, what in (("time_min", "a light curve"), ("x_min", "a profile in space")):
        if reader.has(name):
            raise FileFormatError(f"the table holds {what}, not one spectrum", path=path)
    meta = reader.meta(sed_type, n_sigma, n_sigma_ul)
    return FluxPoints(**meta, **reader.quantities(meta["sed_type"], reference))


def flux_points_to_table(points: FluxPoints, sed_type: str | None = None) -> Table:
    """Make a table of the ``gadf-sed`` format.

    Parameters
    ----------
    points :
        The flux points.
    sed_type :
        How fluxes are written; by default as the points were read. Only ``"likelihood"`` keeps
        everything.

    Raises
    ------
    ValueError
        For an unknown ``sed_type``, or fluxes of bands if there are no bands.
    """
    sed_type = points.sed_type if sed_type is None else sed_type
    if sed_type not in SED_TYPES:
        raise ValueError(f"sed_type {sed_type!r} is none of {', '.join(SED_TYPES)}")
    has_bands = bool(np.isfinite(points.e_min).all() and np.isfinite(points.e_max).all())
    if sed_type in ("flux", "eflux") and not has_bands:
        raise ValueError(f"fluxes of bands ({sed_type!r}) need e_min and e_max of the bands")
    table = Table()
    table.meta |= _written_meta(points, sed_type)
    for name in ("e_ref", "e_min", "e_max") if has_bands else ("e_ref",):
        table[name] = getattr(points, name) * u.TeV
    kind = "norm" if sed_type == "likelihood" else sed_type
    if kind == "norm":
        for name, (internal, written) in _REFERENCES.items():
            if name == "ref_dnde" or np.isfinite(getattr(points, name)).any():
                table[name] = (getattr(points, name) * u.Unit(internal)).to(written)
    for name in points.names(kind):
        column = points.column(name)
        table[name] = column.value if kind == "norm" else column
    for name in ("ts", "sqrt_ts", "npred", "npred_excess", "stat", "stat_null", "counts", "n_dof"):
        values = getattr(points, name)
        if values is not None:
            table[name] = values
    if points.norm_ul is not None or points.is_limit is not None:
        table["is_ul"] = np.asarray(points.is_ul, bool)
    if points.success is not None:
        table["success"] = np.asarray(points.success, bool)
    if points.norm_scan is not None and points.stat_scan is not None:
        table["norm_scan"] = np.broadcast_to(points.norm_scan, points.stat_scan.shape)
        table["stat_scan"] = points.stat_scan
    return table


def _written_meta(points: FluxPoints, sed_type: str) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "SED_TYPE": sed_type,
        "UL_CONF": round(math.erf(points.n_sigma_ul / math.sqrt(2.0)), 7),
        "N_SIGMA": points.n_sigma,
    }
    names = {"OBJECT": points.source, "TELESCOP": points.telescope, "INSTRUME": points.instrument}
    return meta | {key: value for key, value in names.items() if value}


class Columns:
    """The columns of a table as plain arrays; what is wrong is said with file and column.

    Parameters
    ----------
    table, path, columns, units :
        As in `flux_points_from_table`.
    is_light_curve :
        Whether a row is an interval of time; then numbers have shape ``(row, band, ...)``.
    """

    def __init__(
        self,
        table: Table,
        path: str | os.PathLike[str] | None,
        columns: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        *,
        is_light_curve: bool = False,
    ) -> None:
        self.table, self.path = table, None if path is None else Path(path)
        self.columns, self.units = columns or {}, units or {}
        self.leading = 2 if is_light_curve else 1

    def error(self, problem: str, name: str) -> FileFormatError:
        """Say what is wrong with a column."""
        return FileFormatError(problem, path=self.path, column=self.columns.get(name, name))

    def has(self, name: str) -> bool:
        """Tell whether there is a column."""
        return self.columns.get(name, name) in self.table.colnames

    def numbers(self, name: str, unit: str = "") -> np.ndarray:
        """Give a column in a unit; masked values are NaN."""
        if not self.has(name):
            raise self.error("the column is missing", name)
        column = self.table[self.columns.get(name, name)]
        given = self.units.get(name) or getattr(column, "unit", None)
        try:
            values = np.ma.filled(np.ma.asarray(getattr(column, "value", column), float), np.nan)
            if unit or given is not None:
                quantity = u.Quantity(values, _without_photons(given))
                values = quantity.to_value(unit, equivalencies=_FREQUENCY)
        except (u.UnitsError, TypeError, ValueError) as error:
            raise self.error(" ".join(str(error).split()), name) from error
        values = np.asarray(values, float)
        return values[:, None] if values.ndim < self.leading else values

    def flags(self, name: str) -> np.ndarray | None:
        """Give a column of yes and no, None if there is none; masked values are no."""
        if not self.has(name):
            return None
        values = np.ma.filled(self.table[self.columns.get(name, name)].data, False)
        values = np.asarray(values, bool)
        return values[:, None] if values.ndim < self.leading else values

    def meta(
        self, sed_type: str | None, n_sigma: float | None, n_sigma_ul: float | None
    ) -> dict[str, Any]:
        """Read what is said of the whole table."""
        known = {str(key).upper(): value for key, value in self.table.meta.items()}
        sed_type = sed_type or known.get("SED_TYPE") or self._guess()
        if sed_type not in SED_TYPES:
            raise FileFormatError(
                f"SED_TYPE {sed_type!r} is none of {', '.join(SED_TYPES)}",
                path=self.path,
                column="SED_TYPE",
            )
        if n_sigma_ul is None:
            confidence = self._header_number(known, "UL_CONF", 0.0)
            # Rounded as the confidence is in files.
            n_sigma_ul = round(NormalDist().inv_cdf((1 + confidence) / 2), 3) if confidence else 2.0
        return {
            "sed_type": sed_type,
            "n_sigma": self._header_number(known, "N_SIGMA", 1.0) if n_sigma is None else n_sigma,
            "n_sigma_ul": n_sigma_ul,
            "source": str(known.get("OBJECT", "")),
            "telescope": str(known.get("TELESCOP", "")),
            "instrument": str(known.get("INSTRUME", "")),
        }

    def quantities(self, sed_type: str, reference: Any = None) -> dict[str, Any]:
        """Read energies, fluxes as norms, and statistics."""
        parts = self._energies()
        parts |= self._references() if sed_type == "likelihood" else _assumed(parts, reference)
        kind = "norm" if sed_type == "likelihood" else sed_type
        unit, scale = {
            "norm": ("", 1.0),
            "dnde": ("cm-2 s-1 TeV-1", parts["ref_dnde"]),
            "e2dnde": ("TeV cm-2 s-1", parts["e_ref"] ** 2 * parts["ref_dnde"]),
            "flux": ("cm-2 s-1", parts["ref_flux"]),
            "eflux": ("TeV cm-2 s-1", parts["ref_eflux"]),
        }[kind]
        if kind in ("flux", "eflux") and not np.isfinite(scale).all():
            raise self.error(f"fluxes of bands ({kind}) need the ends of the bands", "e_min")
        for error in _ERRORS:
            if not error or self.has(kind + error):
                parts["norm" + error] = self.numbers(kind + error, unit) / scale
        return parts | self._statistics()

    def _header_number(self, known: dict[str, Any], key: str, default: float) -> float:
        try:
            return float(known.get(key) or default)
        except (TypeError, ValueError):
            raise FileFormatError(
                f"{known[key]!r} is not a number", path=self.path, column=key
            ) from None

    def _guess(self) -> str:
        """Tell the kind of a table from its columns, in Gammapy's order."""
        for kind in (*SED_TYPES[1:], "likelihood"):
            if self.has("norm" if kind == "likelihood" else kind):
                return kind
        return ""

    def _energies(self) -> dict[str, Any]:
        if self.has("e_min") and self.has("e_max"):
            low, high = self._shared("e_min", "TeV"), self._shared("e_max", "TeV")
            center = self._shared("e_ref", "TeV") if self.has("e_ref") else np.sqrt(low * high)
        else:
            center = self._shared("e_ref", "TeV")
            low = high = np.full(center.shape, np.nan)
        if not (center > 0).all():
            raise self.error("energies must be positive numbers", "e_ref")
        return {"e_ref": center, "e_min": low, "e_max": high}

    def _shared(self, name: str, unit: str) -> np.ndarray:
        """Give a column that is the same in all intervals of a light curve, shape ``(band,)``."""
        values = self.numbers(name, unit)
        if self.leading == 1:
            return values
        if not len(values) or not np.allclose(values, values[0], rtol=1e-9, atol=0.0):
            raise self.error("the intervals of a light curve must share their bands", name)
        return values[0]

    def _references(self) -> dict[str, Any]:
        none = np.full(self.numbers("ref_dnde", _REFERENCES["ref_dnde"][0]).shape, np.nan)
        found = {
            name: self.numbers(name, unit) if self.has(name) else none
            for name, (unit, _) in _REFERENCES.items()
        }
        return {name: _collapse(values, self.leading - 1) for name, values in found.items()}

    def _statistics(self) -> dict[str, Any]:
        """Read what a table has besides energies and fluxes."""
        found: dict[str, Any] = {n: self.numbers(n) for n in _NUMBERS if self.has(n)}
        for name, logarithm in (("stat", "loglike"), ("stat_null", "loglike_null")):
            if name not in found and self.has(logarithm):
                found[name] = -2.0 * self.numbers(logarithm)
        if not {"stat", "stat_null"} <= set(found) and (self.has("ts") or self.has("sqrt_ts")):
            ts = self.numbers("ts") if self.has("ts") else self.numbers("sqrt_ts") ** 2
            found.setdefault("stat", np.zeros_like(ts))
            found["stat_null"] = found["stat"] + ts
        for name in _PER_DATASET:
            if self.has(name):
                values = self.numbers(name)
                found[name] = values.reshape(*values.shape[: self.leading], -1)
        flags = {"is_limit": self.flags("is_ul"), "success": self.flags("success")}
        return found | self._scans(found.get("stat")) | flags

    def _scans(self, stat: np.ndarray | None) -> dict[str, Any]:
        if not self.has("norm_scan"):
            return {}
        if self.has("stat_scan"):
            scan = self.numbers("stat_scan")
        elif self.has("dloglike_scan"):
            # Relative to a likelihood that differs between programs: let the best be the fit's.
            scan = -2.0 * self.numbers("dloglike_scan")
            scan = scan - np.nanmin(scan, axis=-1, keepdims=True)
            scan = scan + (0.0 if stat is None else stat[..., None])
        else:
            return {}
        return {"norm_scan": _collapse(self.numbers("norm_scan"), self.leading), "stat_scan": scan}


def _collapse(values: np.ndarray, axes: int) -> np.ndarray:
    """Drop leading axes along which nothing changes."""
    first = values[(0,) * axes] if values.size else values
    return first if np.array_equal(np.broadcast_to(first, values.shape), values, True) else values


def _without_photons(unit: Any) -> u.UnitBase:
    """Leave out photons, which older files count in units of fluxes."""
    unit = u.Unit(unit or "")
    for base, power in zip(unit.bases, unit.powers, strict=True):
        if base == u.ph:
            unit = unit / u.ph**power
    return unit


def _assumed(energies: dict[str, Any], reference: Any) -> dict[str, Any]:
    """Evaluate the reference spectrum of points that have none of their own."""
    spectral = _DEFAULT_REFERENCE if reference is None else reference
    center, low, high = (energies[name] for name in ("e_ref", "e_min", "e_max"))
    return {
        "ref_dnde": np.asarray(spectral(center), float),
        "ref_flux": np.asarray(spectral.integral(low, high), float),
        "ref_eflux": np.asarray(spectral.energy_flux(low, high), float),
    }
