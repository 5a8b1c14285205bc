"""Energy axes in OGIP files: columns of lower and upper edges.

Files of the X-ray band have habits that an axis does not: energies that fall with the channel, a
lowest energy of zero, and edges in single precision that nearly touch.
"""

from __future__ import annotations

import numpy as np
from astropy.io import fits

from gjax.io.gadf.fits_file import FitsTable
from gjax.io.gadf.write_irf import table_hdu
from gjax.maps.axis import MapAxis

__all__ = ["ebounds_to_hdu", "energies_match", "read_axis", "read_channels"]

# Edges in a file must touch within this part of a bin, or within single precision.
_GAP = 1e-3
_SINGLE = 4 * float(np.finfo(np.float32).eps)
# What stands for a lowest energy of zero, as a part of the upper edge of that bin.
_LOWEST = 1e-3


def read_axis(table: FitsTable, low: str, high: str, name: str) -> tuple[MapAxis, bool]:
    """Read an axis of energies, in keV where the file does not say.

    Parameters
    ----------
    table :
        The table, one row per bin.
    low, high :
        Names of the columns.
    name :
        Name of the axis.

    Returns
    -------
    axis : MapAxis
        Rising edges in TeV. A lowest energy of zero becomes a thousandth of its upper edge.
    is_reversed : bool
        Whether energies fall in the file.

    Raises
    ------
    FileFormatError
        If a column or unit is missing, or the bins do not touch.
    """
    lower, upper = (table.column(column, "TeV", "keV") for column in (low, high))
    if lower.ndim != 1 or not lower.size:
        raise table.error(f"expected one energy per row, found shape {lower.shape}", low)
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        raise table.error("energies are not finite", low)
    is_reversed = bool(lower[0] > lower[-1])
    if is_reversed:
        lower, upper = lower[::-1], upper[::-1]
    if np.any(upper <= lower) or lower[0] < 0:
        raise table.error("energies are negative, or end before they begin", low)
    gap = np.abs(lower[1:] - upper[:-1])
    if np.any(gap > np.maximum(_GAP * (upper - lower)[1:], _SINGLE * upper[:-1])):
        row = int(np.argmax(gap)) + 1
        raise table.error(f"the bins do not touch at row {row}", low)
    edges = np.append(lower, upper[-1])
    if edges[0] == 0.0:
        edges[0] = _LOWEST * edges[1]
    if np.any(np.diff(edges) <= 0):
        raise table.error("energies do not rise", low)
    return MapAxis.from_edges(edges, name, "TeV", interp="log"), is_reversed


def read_channels(table: FitsTable) -> np.ndarray:
    """Read the numbers of the channels, which must rise by one from row to row.

    Raises
    ------
    FileFormatError
        If the column is missing, or has other numbers.
    """
    values = table.column("CHANNEL")
    if values.ndim != 1 or not values.size:
        raise table.error(f"expected one channel per row, found shape {values.shape}", "CHANNEL")
    if not np.isfinite(values).all() or np.any(np.diff(values) != 1):
        raise table.error("the channels are not consecutive", "CHANNEL")
    return values.astype(int)


def energies_match(one: MapAxis, other: MapAxis) -> bool:
    """Tell whether two axes are the same grid, in the precision of files."""
    if one.nbin != other.nbin:
        return False
    edges, width = one.edges, np.diff(one.edges)
    allowed = np.maximum(_GAP * np.append(width, width[-1]), _SINGLE * edges)
    return bool(np.all(np.abs(edges - other.edges) <= allowed))


def ebounds_to_hdu(axis: MapAxis, unit: str, factor: float) -> fits.BinTableHDU:
    """Make the table EBOUNDS, with channels from zero; ``factor`` leads from TeV to the unit."""
    edges = factor * np.asarray(axis.edges)
    columns = [
        ("CHANNEL", np.arange(axis.nbin, dtype=np.int16), None),
        ("E_MIN", edges[:-1], unit),
        ("E_MAX", edges[1:], unit),
    ]
    hdu = table_hdu("EBOUNDS", columns)
    hdu.header.update(
        {
            "TELESCOP": "unknown",
            "INSTRUME": "unknown",
            "FILTER": "None",
            "CHANTYPE": "PHA",
            "DETCHANS": axis.nbin,
            "HDUCLASS": "OGIP",
            "HDUCLAS1": "RESPONSE",
            "HDUCLAS2": "EBOUNDS",
            "HDUVERS": "1.2.0",
        }
    )
    return hdu
