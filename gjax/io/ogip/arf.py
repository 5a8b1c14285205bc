"""Effective areas in OGIP files (ARF): one area per bin of true energy."""

from __future__ import annotations

import os

import numpy as np
from astropy.io import fits

from gjax.io.gadf.fits_file import FitsFile
from gjax.io.gadf.write_irf import table_hdu
from gjax.io.ogip.energies import read_axis
from gjax.maps.axis import MapAxis

__all__ = ["arf_to_hdus", "read_arf"]


def read_arf(path: str | os.PathLike[str]) -> tuple[MapAxis, np.ndarray]:
    """Read the effective area of a spectrum.

    Parameters
    ----------
    path :
        The file, plain or gzip.

    Returns
    -------
    energy_true : MapAxis
        Bins of true energy.
    area : array
        Effective area in cm2 (the unit where the file does not say), shape ``(etrue,)``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, has no SPECRESP, or an area is not finite or negative.
    """
    table = FitsFile(path).table("SPECRESP")
    axis, is_reversed = read_axis(table, "ENERG_LO", "ENERG_HI", "energy_true")
    area = table.column("SPECRESP", "cm2", "cm2")
    if area.shape != (axis.nbin,):
        raise table.error(
            f"expected one area per row, found shape {area.shape}; files of several spectra "
            "cannot be read",
            "SPECRESP",
        )
    wrong = np.flatnonzero(~np.isfinite(area) | (area < 0))
    if wrong.size:
        raise table.error(f"the area of row {wrong[0]} is {area[wrong[0]]} cm2", "SPECRESP")
    return axis, area[::-1].copy() if is_reversed else area


def arf_to_hdus(
    energy_true: MapAxis, area: np.ndarray, energy: tuple[str, float], surface: tuple[str, float]
) -> fits.HDUList:
    """Make the HDUs of an effective area.

    Parameters
    ----------
    energy_true, area :
        Bins of true energy, and the area of each in cm2.
    energy, surface :
        Units in the file, with the factors that lead to them from TeV and cm2.
    """
    edges = energy[1] * np.asarray(energy_true.edges)
    columns = [
        ("ENERG_LO", edges[:-1], energy[0]),
        ("ENERG_HI", edges[1:], energy[0]),
        ("SPECRESP", surface[1] * np.asarray(area, float), surface[0]),
    ]
    hdu = table_hdu("SPECRESP", columns)
    hdu.header.update(
        {
            "TELESCOP": "unknown",
            "INSTRUME": "unknown",
            "FILTER": "None",
            "HDUCLASS": "OGIP",
            "HDUCLAS1": "RESPONSE",
            "HDUCLAS2": "SPECRESP",
            "HDUVERS": "1.1.0",
        }
    )
    return fits.HDUList([fits.PrimaryHDU(), hdu])
