"""Axes of maps as FITS tables: Gammapy's BANDS, and EBOUNDS and ENERGIES of the Fermi tools.

The axes of a file run with the fastest first, those of gjax in the order of the data; the functions
here take and give the order of gjax.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.maps.axis import MapAxis

__all__ = ["axes_header", "axes_to_hdu", "read_axes"]

_MAX_AXES = 5  # of the format


def _columns(axis: MapAxis) -> tuple[str, str, str]:
    """Give the names of the columns of centre, lower and upper edge."""
    name = axis.name.upper()
    return (
        ("ENERGY", "E_MIN", "E_MAX") if name == "ENERGY" else (name, f"{name}_MIN", f"{name}_MAX")
    )


def axes_header(axes: tuple[MapAxis, ...]) -> dict[str, str]:
    """Give the keywords AXCOLSn and INTERPn that describe the axes."""
    header = {}
    for i, axis in enumerate(reversed(axes), start=1):
        center, low, high = _columns(axis)
        header[f"AXCOLS{i}"] = f"{low},{high}" if axis.node_type == "edges" else center
        header[f"INTERP{i}"] = axis.interp
    return header


def axes_to_hdu(axes: tuple[MapAxis, ...], name: str) -> fits.BinTableHDU:
    """Make the BANDS table of the axes: one row for each combination of bins.

    Raises
    ------
    ValueError
        If there are more axes than the format has room for.
    """
    if len(axes) > _MAX_AXES:
        raise ValueError(f"the format has room for {_MAX_AXES} axes, got {len(axes)}")
    stored = tuple(reversed(axes))
    grids = np.meshgrid(*(np.arange(axis.nbin) for axis in stored))
    columns = [fits.Column("CHANNEL", "K", array=np.arange(grids[0].size))]
    for axis, grid in zip(stored, grids, strict=True):
        edges, index = axis.edges, grid.ravel()
        for label, values in zip(_columns(axis), (axis.center, edges[:-1], edges[1:]), strict=True):
            columns.append(fits.Column(label, "D", unit=axis.unit or None, array=values[index]))
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header.update(axes_header(axes))
    return hdu


def read_axes(
    hdu: fits.BinTableHDU, path: str | os.PathLike[str] | None = None
) -> tuple[MapAxis, ...]:
    """Read the axes of a BANDS, EBOUNDS or ENERGIES table, in the order of the data.

    Raises
    ------
    FileFormatError
        If a column is missing, or its values make no axis.
    """
    if not isinstance(hdu, fits.BinTableHDU):
        raise FileFormatError("not a table of axes", path=path, hdu=hdu.name)
    names = {name.upper(): name for name in hdu.columns.names}
    # The Fermi tools have one axis; what Gammapy adds to their tables does not say its scale.
    if hdu.name == "ENERGIES" and "ENERGY" in names:
        return (_read_axis(hdu, names["ENERGY"], "log", path, name="energy_true", unit="MeV"),)
    if hdu.name == "EBOUNDS" and {"E_MIN", "E_MAX"} <= set(names):
        return (_read_axis(hdu, f"{names['E_MIN']},{names['E_MAX']}", "log", path),)
    if "AXCOLS1" in hdu.header:
        described = [
            (str(hdu.header[f"AXCOLS{i}"]), str(hdu.header.get(f"INTERP{i}", "lin")))
            for i in range(1, _MAX_AXES + 1)
            if f"AXCOLS{i}" in hdu.header
        ]
        return tuple(_read_axis(hdu, *one, path) for one in reversed(described))
    raise FileFormatError(
        "no AXCOLS1 keyword and no energy columns: the axes are unknown", path=path, hdu=hdu.name
    )


def _read_axis(
    hdu: fits.BinTableHDU, axcols: str, interp: str, path: Any, *, name: str = "", unit: str = ""
) -> MapAxis:
    """Read one axis; ``name`` and ``unit`` are for tables that do not say."""
    columns = [column.strip() for column in axcols.split(",")]
    written = columns[0].removesuffix("_MIN").lower()
    # As older versions of Gammapy wrote it: theta.
    name = name or {"e": "energy", "theta": "rad"}.get(written, written)
    # The rows are all combinations of bins: an axis is what is left without the repetitions.
    values: list[Any] = [np.unique(_column(hdu, column, path, unit)) for column in columns]
    place = {"path": path, "hdu": hdu.name, "column": axcols}
    try:
        if len(values) == 1:
            return MapAxis.from_nodes(values[0], name, interp=interp)
        low, high = values
        if low.shape != high.shape or np.any(abs(low[1:] - high[:-1]) > 1e-5 * (high - low)[1:]):
            raise FileFormatError("the bins of the axis are not contiguous", **place)
        return MapAxis.from_edges(np.append(low, high[-1]), name, interp=interp)
    except (ValueError, u.UnitConversionError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"the axis {name!r} cannot be made: {error}", **place) from error


def _column(hdu: fits.BinTableHDU, name: str, path: Any, unit: str = "") -> u.Quantity:
    place = {"path": path, "hdu": hdu.name, "column": name}
    if name not in hdu.columns.names:
        found = ", ".join(hdu.columns.names)
        raise FileFormatError(f"the column is missing; there are {found}", **place)
    values = np.asarray(hdu.data[name])
    if values.dtype.kind not in "iuf":
        raise FileFormatError("axes of labels are not supported", **place)
    try:
        return u.Quantity(values.astype(float), hdu.columns[name].unit or unit)
    except (ValueError, TypeError) as error:
        raise FileFormatError(f"the unit is not known: {error}", **place) from error
