"""Counts in OGIP files (PHA and BKG): one number per channel, and what it takes to compare them.

What the names of other files in the header lead to is in `gjax.io.ogip.read`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.events.gti import GTI
from gjax.io.dataset_tables import meta_from_hdus
from gjax.io.gadf.events import read_gti
from gjax.io.gadf.fits_file import FitsFile, FitsTable, guarded
from gjax.io.gadf.write_irf import table_hdu
from gjax.io.ogip.energies import read_axis, read_channels
from gjax.io.regions import region_from_hdu
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom

__all__ = ["Spectrum", "pha_to_hdu", "read_pha"]

_UNKNOWN = ("", "none", "unknown", "dummy", "n/a")


@dataclass(frozen=True)
class Spectrum:
    """Counts per channel as a file has them, in the order of the file.

    Parameters
    ----------
    table :
        The table, for errors.
    channels, counts :
        Number and counts of each channel, shape ``(n,)``.
    is_good :
        Whether the quality of a channel is good.
    backscal, areascal :
        Factors of background and effective area of each channel.
    exposure :
        Live time in s.
    energy, is_reversed :
        Energies of the channels and whether they fall; None if they are only in the response.
    mask_fit :
        Channels wanted in a fit, where gjax has written them.
    region, gti :
        Where and when the counts were taken, where the file says.
    """

    table: FitsTable
    channels: np.ndarray
    counts: np.ndarray
    is_good: np.ndarray
    backscal: np.ndarray
    areascal: np.ndarray
    exposure: float
    energy: MapAxis | None
    is_reversed: bool
    mask_fit: np.ndarray | None
    region: RegionGeom | None
    gti: GTI | None
    meta: dict[str, Any]

    def text(self, key: str) -> str:
        """Give a keyword as text; empty for the many words for nothing."""
        text = self.table.text(key)
        return "" if text.lower() in _UNKNOWN else text


def read_pha(path: str | os.PathLike[str]) -> Spectrum:
    """Read the counts of a spectrum.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, is no spectrum of counts, or holds several spectra.
    """
    file = FitsFile(path)
    table = file.table("SPECTRUM")
    if table.text("HDUCLAS2").upper() == "NET":
        raise table.error("a background was subtracted: these are no counts", "HDUCLAS2")
    counts, exposure = _read_counts(table)
    channels = read_channels(table)
    n_channels = len(channels)
    quality = _factor(table, "QUALITY", 0.0, n_channels, positive=False)
    energy, is_reversed = None, False
    if "EBOUNDS" in file:
        energy, is_reversed = read_axis(file.table("EBOUNDS"), "E_MIN", "E_MAX", "energy")
        if energy.nbin != n_channels:
            raise FileFormatError(
                f"{energy.nbin} bins for {n_channels} channels", path=file.path, hdu="EBOUNDS"
            )
    mask_fit = None
    if "MASK_FIT" in table.columns:
        mask_fit = _factor(table, "MASK_FIT", 1.0, n_channels, positive=False) != 0
    return Spectrum(
        table=table,
        channels=channels,
        counts=counts,
        is_good=quality == 0,
        backscal=_factor(table, "BACKSCAL", 1.0, n_channels),
        areascal=_factor(table, "AREASCAL", 1.0, n_channels),
        exposure=exposure,
        energy=energy,
        is_reversed=is_reversed,
        mask_fit=mask_fit,
        region=region_from_hdu(file.hdus["REGION"], file.path) if "REGION" in file else None,
        gti=_read_gti(file),
        meta=_read_meta(file),
    )


def _read_counts(table: FitsTable) -> tuple[np.ndarray, float]:
    """Read counts, or rates times live time, and the live time in s."""
    exposure = table.number("EXPOSURE")
    if exposure is None or exposure <= 0:
        raise table.error(f"the live time is {exposure}, expected a positive number", "EXPOSURE")
    name = "RATE" if "COUNTS" not in table.columns and "RATE" in table.columns else "COUNTS"
    counts = table.column(name)
    if counts.ndim != 1:
        raise table.error("several spectra in one table (type II), which cannot be read", name)
    if name == "RATE":
        # Such files say counts/s; a product of single precision is an integer only nearly.
        counts = counts * exposure
        whole = np.round(counts)
        counts = np.where(np.abs(counts - whole) < 1e-4 * np.maximum(whole, 1.0), whole, counts)
    wrong = np.flatnonzero(~np.isfinite(counts) | (counts < 0))
    if wrong.size:
        raise table.error(f"row {wrong[0]} has {counts[wrong[0]]} counts", name)
    return counts, exposure


def _factor(
    table: FitsTable, name: str, default: float, n_channels: int, positive: bool = True
) -> np.ndarray:
    """Read what is a column, or a keyword with one number for all channels."""
    if name in table.columns:
        values = table.column(name)
        if values.shape != (n_channels,):
            raise table.error(f"expected one number per row, found shape {values.shape}", name)
    else:
        number = table.number(name, default)
        # Writers put zero where a column was meant to be.
        values = np.full(n_channels, default if positive and not number else number, float)
    wrong = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if wrong.size:
        raise table.error(
            f"channel {wrong[0]} has {values[wrong[0]]}, expected zero or a positive number", name
        )
    return values


def _read_gti(file: FitsFile) -> GTI | None:
    """Read good time, if the epoch of the times is known."""
    for name in ("GTI", "STDGTI"):
        if name in file:
            table = file.table(name)
            is_dated = "MJDREFI" in table.header or "MJDREF" in table.header
            return read_gti(table) if len(table) and is_dated else None
    return None


def _read_meta(file: FitsFile) -> dict[str, Any]:
    with guarded(file.path, "META_TABLE"):
        return meta_from_hdus(file.hdus)


def pha_to_hdu(columns: dict[str, np.ndarray], header: dict[str, Any]) -> fits.BinTableHDU:
    """Make the table of counts, with channels from zero.

    Parameters
    ----------
    columns :
        COUNTS, and others by their name. Whole counts are stored as integers.
    header :
        Keywords that differ from those of a file of total counts without responses.
    """
    counts = np.asarray(columns["COUNTS"], float)
    if np.all(counts == np.round(counts)) and np.all(counts < 2**31):
        counts = counts.astype(np.int32)
    named = {"CHANNEL": np.arange(len(counts), dtype=np.int16), **columns, "COUNTS": counts}
    hdu = table_hdu("SPECTRUM", [(name, values, None) for name, values in named.items()])
    hdu.header.update(
        {
            "TELESCOP": "unknown",
            "INSTRUME": "unknown",
            "FILTER": "None",
            "EXPOSURE": 0.0,
            "BACKFILE": "none",
            "CORRFILE": "none",
            "CORRSCAL": 1.0,
            "RESPFILE": "none",
            "ANCRFILE": "none",
            "HDUCLASS": "OGIP",
            "HDUCLAS1": "SPECTRUM",
            "HDUCLAS2": "TOTAL",
            "HDUCLAS3": "COUNT",
            "HDUCLAS4": "TYPE:I",
            "HDUVERS": "1.2.1",
            "POISSERR": True,
            "CHANTYPE": "PHA",
            "DETCHANS": len(counts),
            "GROUPING": 0,
            "AREASCAL": 1.0,
        }
        | header
    )
    return hdu
