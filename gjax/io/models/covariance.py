"""The covariance file beside a models file: a fixed-width table, one row for each parameter."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from gjax.errors import FileFormatError
from gjax.io.atomic import atomic_write

__all__ = ["covariance_path", "read_covariance", "write_covariance"]

_NAMES = "Parameters"
_FORMAT = "ascii.fixed_width"


def covariance_path(path: str | os.PathLike[str]) -> Path:
    """Give the name of the covariance file of a models file: ``<stem>_covariance.dat``."""
    path = Path(path)
    return path.with_name(f"{path.stem}_covariance.dat")


def read_covariance(path: str | os.PathLike[str], n: int) -> np.ndarray:
    """Read a covariance matrix, in the units of the models file.

    Parameters
    ----------
    path :
        The file.
    n :
        Number of parameters of the models.

    Returns
    -------
    covariance :
        Shape ``(n, n)``.

    Raises
    ------
    gjax.errors.FileFormatError
        If it is no such table, not of this size, or has other things than numbers.
    """
    from astropy.table import Table  # takes long, and few models come with a covariance

    try:
        table = Table.read(path, format=_FORMAT, delimiter="|")
    except Exception as error:  # astropy raises its own kinds for each way to be malformed
        raise FileFormatError(f"not a covariance table: {error}", path=path) from None
    columns = [name for name in table.colnames if name != _NAMES]
    if len(columns) == len(table.colnames):
        raise FileFormatError("there is no column of names", path=path, column=_NAMES)
    if (len(table), len(columns)) != (n, n):
        raise FileFormatError(
            f"{len(table)} rows and {len(columns)} columns for {n} parameters", path=path
        )
    covariance = np.zeros((n, n))
    for j, name in enumerate(columns):
        try:
            covariance[:, j] = np.asarray(table[name], float)
        except ValueError as error:
            raise FileFormatError(str(error), path=path, column=name) from None
    return covariance


def write_covariance(
    path: str | os.PathLike[str], names: list[str], covariance: np.ndarray, *, overwrite: bool
) -> None:
    """Write a covariance matrix with the names of its rows.

    Parameters
    ----------
    path :
        The file.
    names :
        One name for each row.
    covariance :
        Shape ``(n, n)``.
    overwrite :
        Whether an existing file may be replaced.
    """
    from astropy.table import Table

    table = Table()
    table[_NAMES] = names
    for j in range(len(names)):
        table[str(j)] = covariance[:, j]
    with atomic_write(path, overwrite=overwrite) as temporary:
        table.write(temporary, format=_FORMAT, delimiter="|")
