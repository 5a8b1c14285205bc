"""Instrument responses in the format of gamma-astro-data-formats (GADF) 0.2 and 0.3.

Reading is forgiving where files in use deviate from the standard (transposed backgrounds, missing
background units, short class names); how, is written at each place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gjax.errors import FileFormatError
from gjax.io.gadf.fits_file import FitsTable
from gjax.irf.aeff import EffectiveArea
from gjax.irf.background import (
    BACKGROUND_FLOOR,
    FOV_ALIGNMENTS,
    Background2D,
    Background3D,
)
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import PSF3Gauss, PSFKing, PSFTable
from gjax.irf.rad_max import RadMax
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis

__all__ = ["IRF_CLASSES", "read_irf"]

log = logging.getLogger(__name__)

#: Axes by the prefix of their columns: unit in memory, scale.
AXES = {
    "ENERG": ("TeV", "log"),
    "THETA": ("deg", "lin"),
    "RAD": ("deg", "lin"),
    "DETX": ("deg", "lin"),
    "DETY": ("deg", "lin"),
    "MIGRA": ("", "lin"),
}

BACKGROUND_UNIT = "TeV-1 s-1 sr-1"

#: Edges of neighbouring bins may differ by this part of a bin (they are single precision in files).
GAP_TOLERANCE = 0.05


def read_irf(table: FitsTable, hdu_class: str) -> Any:
    """Read one response.

    Parameters
    ----------
    table :
        The binary table.
    hdu_class :
        What it should be: one of `IRF_CLASSES`.

    Raises
    ------
    FileFormatError
        If it is something else, incomplete or inconsistent.
    """
    reader = IRF_CLASSES.get(hdu_class)
    if reader is None:
        raise table.error(
            f"responses of class {hdu_class!r} are not supported, only {', '.join(IRF_CLASSES)}"
        )
    _check_class(table, hdu_class)
    try:
        return reader(table)
    except FileFormatError:
        raise
    except ValueError as error:  # what the responses themselves refuse
        raise table.error(str(error)) from error


def _check_class(table: FitsTable, hdu_class: str) -> None:
    """Compare with HDUCLAS4, which may be missing, or lack the type of response (CTA-1DC)."""
    written = table.text("HDUCLAS4").lower()
    if written and written not in (hdu_class, hdu_class.split("_", 1)[1]):
        raise table.error(f"is {written!r}, expected {hdu_class!r}", "HDUCLAS4")


def _is_pointlike(table: FitsTable) -> bool:
    return table.text("HDUCLAS3").upper() == "POINT-LIKE"


def _axis(table: FitsTable, prefix: str, name: str) -> MapAxis:
    """Read an axis from the columns of its lower and upper edges; nodes if those are equal."""
    if prefix == "ENERG" and name == "energy_true" and "ENERG_LO" not in table.columns:
        unit, interp = AXES["ENERG"]
        prefix = "ETRUE"
    else:
        unit, interp = AXES[prefix]
    low, high = (table.cell(f"{prefix}_{end}", unit).ravel() for end in ("LO", "HI"))
    column = f"{prefix}_LO"
    if low.shape != high.shape:
        raise table.error(f"there are {low.size} lower and {high.size} upper edges", column)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise table.error("axis contains NaN or infinity", column)
    nodes = np.allclose(low, high)
    edges = high if nodes else np.append(low, high[-1])
    if np.any(np.diff(edges) <= 0):
        raise table.error("edges of the axis do not increase", column)
    if interp == "log" and edges[0] <= 0:
        raise table.error(f"energies must be positive, the first is {edges[0]} TeV", column)
    if not nodes and np.any(np.abs(low[1:] - high[:-1]) > GAP_TOLERANCE * np.diff(edges)[:-1]):
        raise table.error("bins of the axis overlap or leave gaps", column)
    make = MapAxis.from_nodes if nodes else MapAxis.from_edges
    return make(edges, name, unit=unit, interp=interp)


def _values(
    table: FitsTable,
    column: str,
    axes: Sequence[MapAxis],
    unit: str = "",
    transposable: bool = False,
) -> np.ndarray:
    """Read values, stored with the first axis running fastest, in the order of the axes."""
    expected = tuple(axis.nbin for axis in axes)
    stored = table.cell(column, unit)
    if stored.T.shape == expected:
        return stored.T
    if transposable and stored.shape == expected:
        return stored
    # Axes of one bin may be dropped by the writer, and TDIM may be missing altogether.
    squeezed = tuple(n for n in expected if n != 1)
    flat = stored.ndim == 1 and stored.size == int(np.prod(expected))
    if flat or tuple(n for n in stored.T.shape if n != 1) == squeezed:
        return stored.reshape(expected[::-1]).T
    names = ", ".join(axis.name for axis in axes)
    raise table.error(
        f"values have shape {stored.T.shape}, the axes ({names}) have {expected}", column
    )


def _read_aeff(table: FitsTable) -> EffectiveArea:
    axes = (_axis(table, "ENERG", "energy_true"), _axis(table, "THETA", "offset"))
    return EffectiveArea(
        Table(_values(table, "EFFAREA", axes, "cm2"), axes, "cm2"),
        is_pointlike=_is_pointlike(table),
        energy_min=table.number("LO_THRES"),
        energy_max=table.number("HI_THRES"),
        rad_max=table.number("RAD_MAX"),
    )


def _read_edisp(table: FitsTable) -> EnergyDispersion:
    axes = (
        _axis(table, "ENERG", "energy_true"),
        _axis(table, "MIGRA", "migra"),
        _axis(table, "THETA", "offset"),
    )
    return EnergyDispersion(
        Table(_values(table, "MATRIX", axes), axes),
        is_pointlike=_is_pointlike(table),
        rad_max=table.number("RAD_MAX"),
    )


def _read_psf_table(table: FitsTable) -> PSFTable:
    axes = (
        _axis(table, "ENERG", "energy_true"),
        _axis(table, "THETA", "offset"),
        _axis(table, "RAD", "rad"),
    )
    values = _values(table, "RPSF", axes, "sr-1")
    return PSFTable(Table(values, axes, "sr-1"), _is_pointlike(table))


def _width(table: FitsTable, column: str, axes: Sequence[MapAxis]) -> np.ndarray:
    """Read a width; zero stands for "no such component" and must not pull down its neighbours."""
    values = _values(table, column, axes, "deg")
    return np.where(values == 0, 1.0, values)


def _read_psf_3gauss(table: FitsTable) -> PSF3Gauss:
    axes = (_axis(table, "ENERG", "energy_true"), _axis(table, "THETA", "offset"))
    return PSF3Gauss(
        sigma_1=_width(table, "SIGMA_1", axes),
        sigma_2=_width(table, "SIGMA_2", axes),
        sigma_3=_width(table, "SIGMA_3", axes),
        # SCALE is written with or without sr-1; only its ratios count, so its unit does not.
        scale=_values(table, "SCALE", axes),
        ampl_2=_values(table, "AMPL_2", axes),
        ampl_3=_values(table, "AMPL_3", axes),
        energy_true=axes[0],
        offset=axes[1],
        is_pointlike=_is_pointlike(table),
    )


def _read_psf_king(table: FitsTable) -> PSFKing:
    axes = (_axis(table, "ENERG", "energy_true"), _axis(table, "THETA", "offset"))
    return PSFKing(
        gamma=_values(table, "GAMMA", axes),
        sigma=_width(table, "SIGMA", axes),
        energy_true=axes[0],
        offset=axes[1],
        is_pointlike=_is_pointlike(table),
    )


def _background_table(table: FitsTable, axes: tuple[MapAxis, ...]) -> Table:
    """Read the rate: in column BKG or BGD, in either order of axes, its unit possibly missing."""
    column = "BKG" if "BKG" in table.columns or "BGD" not in table.columns else "BGD"
    factor = 1e6  # from s-1 MeV-1 sr-1
    if table.has_unit(column):
        factor = table.factor(column, BACKGROUND_UNIT)
    else:
        log.warning(
            "%s, HDU %r, column %r: no known unit, taken as s-1 MeV-1 sr-1",
            table.path,
            table.hdu,
            column,
        )
    values = _values(table, column, axes, transposable=True) * factor
    return Table(values, axes, BACKGROUND_UNIT, "log", BACKGROUND_FLOOR)


def _alignment(table: FitsTable) -> str:
    written = table.text("FOVALIGN", "RADEC").upper() or "RADEC"
    if written not in FOV_ALIGNMENTS:
        raise table.error(f"is {written!r}, expected one of {FOV_ALIGNMENTS}", "FOVALIGN")
    return written


def _read_bkg_2d(table: FitsTable) -> Background2D:
    axes = (_axis(table, "ENERG", "energy"), _axis(table, "THETA", "offset"))
    return Background2D(_background_table(table, axes), _alignment(table), _is_pointlike(table))


def _read_bkg_3d(table: FitsTable) -> Background3D:
    axes = (
        _axis(table, "ENERG", "energy"),
        _axis(table, "DETX", "fov_lon"),
        _axis(table, "DETY", "fov_lat"),
    )
    return Background3D(_background_table(table, axes), _alignment(table), _is_pointlike(table))


def _read_rad_max(table: FitsTable) -> RadMax:
    axes = (_axis(table, "ENERG", "energy"), _axis(table, "THETA", "offset"))
    return RadMax(Table(_values(table, "RAD_MAX", axes, "deg"), axes, "deg"))


#: The response classes that can be read, by their GADF name.
IRF_CLASSES: dict[str, Callable[[FitsTable], Any]] = {
    "aeff_2d": _read_aeff,
    "edisp_2d": _read_edisp,
    "psf_table": _read_psf_table,
    "psf_3gauss": _read_psf_3gauss,
    "psf_king": _read_psf_king,
    "bkg_2d": _read_bkg_2d,
    "bkg_3d": _read_bkg_3d,
    "rad_max_2d": _read_rad_max,
}
