"""Files of flux points in the format of the field, ``gadf-sed``, as Gammapy writes and reads it.

A file is FITS (HDU ``FLUXPOINTS``, and ``GTI`` if the time is known) or ECSV. Its columns are
described in `gjax.io.flux_table`; points that are data of a fit have the columns ``mask_safe`` and
``mask_fit`` too. Light curves are in `gjax.io.light_curve`. Estimating is not done here, but in
`gjax.estimate`.
"""

from __future__ import annotations

import dataclasses
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.table import Table

from gjax.dataset.flux_points import FluxPointsDataset
from gjax.errors import FileFormatError
from gjax.estimate.points import FluxPoints, of_dataset
from gjax.events.gti import GTI
from gjax.io.atomic import atomic_write
from gjax.io.dataset_tables import gti_from_hdus, gti_to_hdu
from gjax.io.flux_table import Columns, flux_points_from_table, flux_points_to_table
from gjax.io.maps import open_fits

__all__ = [
    "read_flux_points",
    "read_flux_points_dataset",
    "read_table",
    "write_flux_points",
    "write_flux_points_dataset",
    "write_table",
]

_HDU = "FLUXPOINTS"
_ENDINGS = (".fits", ".fits.gz", ".ecsv")
_MASKS = ("mask_safe", "mask_fit")
#: Choices of a fit and the header keys that hold them, which other programs do not mind.
_CHOICES = {"name": "NAME", "stat_type": "STATTYPE", "compare": "COMPARE"}


def write_flux_points(
    points: FluxPoints,
    path: str | os.PathLike[str],
    *,
    sed_type: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write flux points as FITS, or as ECSV if the name ends so.

    Parameters
    ----------
    points :
        The flux points.
    path :
        A name that ends with ``.fits``, ``.fits.gz`` or ``.ecsv``. Only FITS keeps the time.
    sed_type :
        How fluxes are written; by default as the points were read, and as ``"likelihood"`` if they
        were estimated. Only that keeps everything.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another ending, an unknown ``sed_type``, or fluxes of bands if there are no bands.
    FileExistsError
        If the file exists and may not be replaced.
    """
    table = flux_points_to_table(points, sed_type)
    return write_table(table, path, gti=points.gti, overwrite=overwrite)


def read_flux_points(path: str | os.PathLike[str], **choices: Any) -> FluxPoints:
    """Read flux points from FITS or ECSV.

    Parameters
    ----------
    path :
        The file.
    **choices :
        What the file does not say or says wrongly, and the spectrum that its points assume: the
        options of `gjax.io.flux_table.flux_points_from_table`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    gjax.errors.FileFormatError
        If the file is damaged or of another kind, or a column is missing or has a wrong unit.
    """
    table, gti = read_table(path)
    points = flux_points_from_table(table, path=path, **choices)
    return points if gti is None else dataclasses.replace(points, gti=gti)


def read_flux_points_dataset(
    path: str | os.PathLike[str], name: str | None = None, **choices: Any
) -> FluxPointsDataset:
    """Read flux points as data of a fit.

    Any file of flux points will do; masks are read where there are some.

    Parameters
    ----------
    path :
        The file, FITS or ECSV.
    name :
        Name of the dataset; by default the one in the file, or the name of the file.
    **choices :
        Fields of the dataset that are chosen here, such as ``stat_type``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    gjax.errors.FileFormatError
        If the file is damaged or of another kind, a column is missing or has a wrong unit, or the
        numbers make no sense (an error of zero, say).
    """
    table, gti = read_table(path)
    points = flux_points_from_table(table, path=path)
    columns = Columns(table, path)
    known: dict[str, Any] = {
        field: table.meta[key] for field, key in _CHOICES.items() if key in table.meta
    }
    known.setdefault("name", points.source or Path(path).name.split(".")[0])
    # Gammapy writes the masks of points as those of maps, with two axes of length one.
    fields: dict[str, Any] = {
        mask: flags.ravel() for mask in _MASKS if (flags := columns.flags(mask)) is not None
    }
    if gti is not None:
        fields["gti"] = gti
    chosen = known | fields | choices | ({} if name is None else {"name": name})
    try:
        return FluxPointsDataset.from_flux_points(points, **chosen)
    except ValueError as error:
        raise FileFormatError(str(error), path=path) from error


def write_flux_points_dataset(
    dataset: FluxPointsDataset, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write flux points that are data of a fit.

    Parameters
    ----------
    dataset :
        The dataset.
    path :
        A name that ends with ``.fits``, ``.fits.gz`` or ``.ecsv``. Only FITS keeps the time.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another ending.
    FileExistsError
        If the file exists and may not be replaced.
    """
    table = flux_points_to_table(of_dataset(dataset))
    table.meta.pop("OBJECT", None)
    table.meta |= {key: getattr(dataset, field) for field, key in _CHOICES.items()}
    for mask in _MASKS:
        # Gammapy asks for both masks, whether they do something or not, in the shape of a map.
        value = getattr(dataset, mask)
        flags = np.ones(dataset.energy.size, bool) if value is None else np.asarray(value, bool)
        table[mask] = flags.reshape(-1, 1, 1)
    return write_table(table, path, gti=dataset.gti, hdu="TABLE", overwrite=overwrite)


def write_table(
    table: Table,
    path: str | os.PathLike[str],
    *,
    gti: GTI | None = None,
    hdu: str = _HDU,
    overwrite: bool = False,
) -> Path:
    """Write a table of fluxes, with its time if the file is FITS.

    Parameters
    ----------
    table, gti :
        What is written.
    path :
        A name that ends with ``.fits``, ``.fits.gz`` or ``.ecsv``.
    hdu :
        Name of the HDU in FITS.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another ending.
    FileExistsError
        If the file exists and may not be replaced.
    """
    path = Path(path)
    if not path.name.endswith(_ENDINGS):
        raise ValueError(f"flux points are written as .fits, .fits.gz or .ecsv, not {path.name!r}")
    with atomic_write(path, overwrite=overwrite) as temporary:
        if path.suffix == ".ecsv":
            table.write(temporary, format="ascii.ecsv")
        else:
            hdus = [fits.PrimaryHDU(), fits.BinTableHDU(table, name=hdu)]
            hdus += [] if gti is None else [gti_to_hdu(gti)]
            fits.HDUList(hdus).writeto(temporary)
    return path


def read_table(path: str | os.PathLike[str]) -> tuple[Table, GTI | None]:
    """Read the table of fluxes of a FITS or ECSV file, and its time where it is there.

    Parameters
    ----------
    path :
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    gjax.errors.FileFormatError
        If the file is neither, is damaged, or has no table.
    """
    path = Path(path)
    with path.open("rb") as file:
        start = file.read(9)
    if start.startswith((b"SIMPLE", b"\x1f\x8b")):
        return _read_fits(path)
    try:
        return Table.read(path, format="ascii.ecsv"), None
    except (ValueError, TypeError, KeyError, IndexError, UnicodeDecodeError) as error:
        message = " ".join(str(error).split())
        raise FileFormatError(f"neither FITS nor ECSV: {message}", path=path) from error


def _read_fits(path: Path) -> tuple[Table, GTI | None]:
    with open_fits(path) as hdus:
        tables = [h for h in hdus if isinstance(h, fits.BinTableHDU) and h.name != "GTI"]
        if not tables:
            raise FileFormatError("there is no table", path=path)
        named = [hdu for hdu in tables if hdu.name == _HDU]
        with warnings.catch_warnings():
            # Units written in other ways are checked column by column.
            warnings.simplefilter("ignore", u.UnitsWarning)
            table = Table.read((named or tables)[0])
        return table, gti_from_hdus(hdus, path)
