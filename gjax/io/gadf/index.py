"""The two tables that index a store of observations: what there is (hdu-index), and when and where
(obs-index).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from astropy.table import Table

from gjax.errors import FileFormatError
from gjax.io.gadf.fits_file import FitsFile, FitsTable, expand_path, guarded

__all__ = ["HDULocation", "find_index_files", "read_hdu_index", "read_obs_index"]

HDU_INDEX_NAMES = ("hdu-index.fits.gz", "hdu-index.fits")
OBS_INDEX_NAMES = ("obs-index.fits.gz", "obs-index.fits")


@dataclass(frozen=True)
class HDULocation:
    """Where one HDU of an observation is: one row of the hdu-index."""

    hdu_type: str
    hdu_class: str
    path: Path
    hdu_name: str


def find_index_files(path: str | os.PathLike[str]) -> tuple[Path, Path | None]:
    """Find the two index files.

    Parameters
    ----------
    path :
        A folder with ``hdu-index.fits.gz`` (or ``.fits``), or the hdu-index file itself; the
        obs-index is expected beside it, or in the same file.

    Returns
    -------
    Paths of the hdu-index and of the obs-index; the latter None if there is none.

    Raises
    ------
    FileNotFoundError
        If there is no hdu-index.
    """
    path = expand_path(path)
    if path.is_dir():
        found = [path / name for name in HDU_INDEX_NAMES if (path / name).is_file()]
        if not found:
            raise FileNotFoundError(f"{path}: no {' or '.join(HDU_INDEX_NAMES)} in this folder")
        path = found[0]
    elif not path.is_file():
        raise FileNotFoundError(f"{path}: no such folder or file")
    beside = (path.parent / name for name in OBS_INDEX_NAMES)
    return path, next((each for each in beside if each.is_file()), None)


def _index_table(file: FitsFile, name: str) -> FitsTable:
    """Give the table of that name, else the first one: not all writers name it correctly."""
    return file.table(name if name in file else 1)


def read_hdu_index(path: Path) -> dict[int, tuple[HDULocation, ...]]:
    """Read the hdu-index: the HDUs of each observation, in the order of the file.

    File paths are relative to the index; where nothing is there, to the working folder (or
    absolute). Environment variables in them are expanded.

    Raises
    ------
    FileFormatError
        If a column is missing.
    """
    table = _index_table(FitsFile(path), "HDU_INDEX")
    with guarded(path, table.hdu, "OBS_ID"):
        ids = [int(value) for value in table.raw("OBS_ID")]
    names = ("HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
    columns = [table.strings(name) for name in names]
    index: dict[int, list[HDULocation]] = {}
    for obs_id, hdu_type, hdu_class, folder, name, hdu in zip(ids, *columns, strict=True):
        location = HDULocation(
            hdu_type.lower(), hdu_class.lower(), _resolve(path.parent, folder, name), hdu
        )
        index.setdefault(obs_id, []).append(location)
    return {obs_id: tuple(index[obs_id]) for obs_id in sorted(index)}


def _resolve(base: Path, folder: str, name: str) -> Path:
    relative = Path(os.path.expandvars(folder)) / os.path.expandvars(name)
    return base / relative if (base / relative).exists() or not relative.exists() else relative


def read_obs_index(hdu_index: Path, obs_index: Path | None) -> Table:
    """Read the obs-index as an astropy table, one row per observation.

    Raises
    ------
    FileFormatError
        If it is missing or has no column ``OBS_ID``.
    """
    file = FitsFile(hdu_index if obs_index is None else obs_index)
    if obs_index is None and "OBS_INDEX" not in file:
        raise FileFormatError("there is no obs-index beside this hdu-index", path=hdu_index)
    index = _index_table(file, "OBS_INDEX")
    index.raw("OBS_ID")
    with guarded(index.path, index.hdu):
        table = Table({name: index.raw(name) for name in index.columns})
        for name in index.columns:
            if index.has_unit(name):
                table[name].unit = index.unit(name)
        table.meta.update({key: index.header[key] for key in index.header if key.strip()})
    return table
