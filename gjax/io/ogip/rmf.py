"""Redistribution matrices in OGIP files (RMF): the probability of each channel per true energy.

Rows are compressed: runs of channels, each with its first channel and its length, and the values of
all runs one after the other. Columns have fixed or variable length.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.gadf.fits_file import FitsFile, FitsTable, guarded
from gjax.io.ogip.energies import ebounds_to_hdu, read_axis, read_channels
from gjax.maps.axis import MapAxis

__all__ = ["ResponseMatrix", "read_rmf", "rmf_to_hdus"]

_NAMES = ("MATRIX", "SPECRESP MATRIX")
# Probabilities sum to one; a larger sum is one of areas in cm2.
_LARGEST_SUM = 2.0


@dataclass(frozen=True)
class ResponseMatrix:
    """A matrix with its axes.

    Parameters
    ----------
    matrix :
        Probabilities, or areas in cm2, shape ``(etrue, ereco)``; both energies rise.
    energy_true, energy :
        The axes.
    channels :
        Numbers of the channels in the order of the file.
    is_reversed :
        Whether energies fall with the channel.
    has_area :
        Whether the matrix includes the effective area.
    """

    matrix: np.ndarray
    energy_true: MapAxis
    energy: MapAxis
    channels: np.ndarray
    is_reversed: bool
    has_area: bool


def read_rmf(path: str | os.PathLike[str]) -> ResponseMatrix:
    """Read the redistribution matrix of a spectrum.

    Parameters
    ----------
    path :
        The file, plain or gzip.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, has no matrix or several, or a row does not fit to the channels.
    """
    file = FitsFile(path)
    found = [number for number, name in enumerate(file.names) if name.upper() in _NAMES]
    if len(found) != 1:
        problem = "several matrices, which cannot be read" if found else "there is no such HDU"
        raise FileFormatError(problem, path=file.path, hdu="MATRIX")
    bounds, table = file.table("EBOUNDS"), file.table(found[0])
    channels = read_channels(bounds)
    energy, is_reversed = read_axis(bounds, "E_MIN", "E_MAX", "energy")
    energy_true, true_is_reversed = read_axis(table, "ENERG_LO", "ENERG_HI", "energy_true")
    matrix = _expand(table, len(channels), _first_channel(table, channels))
    matrix = matrix[::-1] if true_is_reversed else matrix
    matrix = matrix[:, ::-1] if is_reversed else matrix
    unit = _area_unit(table)
    has_area = unit is not None or bool(np.max(matrix.sum(axis=1)) > _LARGEST_SUM)
    matrix = matrix * (unit or 1.0)
    return ResponseMatrix(matrix, energy_true, energy, channels, is_reversed, has_area)


def _area_unit(table: FitsTable) -> float | None:
    """Give the unit of the matrix in cm2; None if it is no area."""
    try:
        return table.factor("MATRIX", "cm2")
    except FileFormatError:  # no unit, or "photons" and the like
        return None


def _first_channel(table: FitsTable, channels: np.ndarray) -> int:
    """Give the number of the first channel in F_CHAN: TLMIN of its column, else as in EBOUNDS."""
    if "F_CHAN" not in table.columns:
        raise table.error(f"column is missing, there are {', '.join(table.columns)}", "F_CHAN")
    written = table.number(f"TLMIN{table.columns.index('F_CHAN') + 1}")
    return int(channels[0] if written is None else written)


def _expand(table: FitsTable, n_channels: int, first: int) -> np.ndarray:
    """Write out the runs of all rows."""
    number, start, length, values = (
        table.raw(name) for name in ("N_GRP", "F_CHAN", "N_CHAN", "MATRIX")
    )
    matrix = np.zeros((len(table), n_channels))
    for row in range(len(table)):
        with guarded(table.path, table.hdu, "MATRIX"):
            n_groups = int(number[row])
            starts, lengths = (
                np.atleast_1d(np.asarray(column[row])).astype(int)[: max(n_groups, 0)]
                for column in (start, length)
            )
            numbers = np.atleast_1d(np.asarray(values[row], float)).ravel()
        _check_row(table, row, n_groups, starts - first, lengths, n_channels, numbers)
        done = 0
        for begin, size in zip(starts - first, lengths, strict=True):
            matrix[row, begin : begin + size] = numbers[done : done + size]
            done += size
    if np.any(~np.isfinite(matrix) | (matrix < 0)):
        row = int(np.flatnonzero(np.any(~np.isfinite(matrix) | (matrix < 0), axis=1))[0])
        raise table.error(f"row {row} has values that are negative or not finite", "MATRIX")
    return matrix


def _check_row(
    table: FitsTable,
    row: int,
    n_groups: int,
    starts: np.ndarray,
    lengths: np.ndarray,
    n_channels: int,
    values: np.ndarray,
) -> None:
    if n_groups < 0 or len(starts) < n_groups or len(lengths) < n_groups:
        raise table.error(f"row {row} has {n_groups} groups, but {len(starts)} starts", "N_GRP")
    used = lengths > 0
    if np.any(lengths < 0) or np.any(starts[used] < 0) or np.any((starts + lengths) > n_channels):
        raise table.error(f"row {row} reaches beyond the {n_channels} channels", "F_CHAN")
    if int(lengths.sum()) > len(values):
        raise table.error(
            f"row {row} has {len(values)} values for {int(lengths.sum())} channels", "MATRIX"
        )


def rmf_to_hdus(
    matrix: np.ndarray, energy_true: MapAxis, energy: MapAxis, unit: str, factor: float
) -> fits.HDUList:
    """Make the HDUs of a redistribution matrix, with channels from zero.

    Parameters
    ----------
    matrix :
        Probabilities, shape ``(etrue, ereco)``.
    energy_true, energy :
        The axes.
    unit, factor :
        Unit of energies in the file, and the factor that leads to it from TeV.
    """
    edges = factor * np.asarray(energy_true.edges)
    runs = [_runs(row) for row in np.asarray(matrix, float)]
    starts, lengths, values = (_objects([run[i] for run in runs]) for i in range(3))
    columns = [
        fits.Column("ENERG_LO", "D", unit, array=edges[:-1]),
        fits.Column("ENERG_HI", "D", unit, array=edges[1:]),
        fits.Column("N_GRP", "I", array=[len(run[0]) for run in runs]),
        fits.Column("F_CHAN", "PI()", array=starts),
        fits.Column("N_CHAN", "PI()", array=lengths),
        fits.Column("MATRIX", "PD()", array=values),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="MATRIX")
    hdu.header.update(
        {
            "TELESCOP": "unknown",
            "INSTRUME": "unknown",
            "FILTER": "None",
            "CHANTYPE": "PHA",
            "DETCHANS": energy.nbin,
            "HDUCLASS": "OGIP",
            "HDUCLAS1": "RESPONSE",
            "HDUCLAS2": "RSP_MATRIX",
            "HDUCLAS3": "REDIST",
            "HDUVERS": "1.3.0",
            "NUMGRP": sum(len(run[0]) for run in runs),
            "NUMELT": sum(len(run[2]) for run in runs),
            "TLMIN4": 0,
            "TLMAX4": energy.nbin - 1,
        }
    )
    return fits.HDUList([fits.PrimaryHDU(), hdu, ebounds_to_hdu(energy, unit, factor)])


def _runs(row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give first channels, lengths and values of the runs of a row; an empty run if all is zero."""
    filled = np.flatnonzero(row)
    if not filled.size:
        return np.zeros(1, np.int16), np.zeros(1, np.int16), np.zeros(0)
    borders = np.flatnonzero(np.diff(filled) > 1) + 1
    groups = np.split(filled, borders)
    starts = np.array([group[0] for group in groups], np.int16)
    lengths = np.array([len(group) for group in groups], np.int16)
    return starts, lengths, row[filled]


def _objects(rows: list[Any]) -> np.ndarray:
    """Put arrays of different lengths into one array; numpy would make a matrix of equal ones."""
    array = np.empty(len(rows), object)
    for number, row in enumerate(rows):
        array[number] = row
    return array
