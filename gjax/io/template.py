"""Tables of spectra: text files, ECSV and FITS tables of energy and flux density."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import Table

from gjax.errors import FileFormatError
from gjax.io.gadf.fits_file import expand_path
from gjax.model import SkyModel
from gjax.model.spatial import ConstantSpatial
from gjax.model.spectral import PowerLawNorm, Template
from gjax.units import internal_unit

__all__ = ["read_fermi_isotropic", "read_template"]

_WITH_UNITS = (".ecsv", ".fits", ".fits.gz")


def read_template(
    path: str | os.PathLike[str],
    *,
    energy_unit: str = "MeV",
    values_unit: str = "MeV-1 cm-2 s-1",
    interp: str = "log",
) -> Template:
    """Read a spectrum from a table: energies in its first column, flux densities in its second.

    Further columns are left out.

    Parameters
    ----------
    path :
        A text file of numbers, or an ECSV or FITS table.
    energy_unit, values_unit :
        Units of a text file; those of ECSV and FITS tables are read from the file.
    interp :
        As for `gjax.model.spectral.Template`.

    Raises
    ------
    gjax.errors.FileFormatError
        If it is no such table.
    OSError
        If the file cannot be opened.
    """
    path = expand_path(path)
    try:
        energy, values = _columns(path, energy_unit, values_unit)
        return Template(energy, values, interp)
    except FileFormatError:
        raise
    except (ValueError, TypeError, u.UnitsError) as error:
        raise FileFormatError(str(error), path=path) from None


def read_fermi_isotropic(
    path: str | os.PathLike[str], *, datasets_names: str | list[str] | None = None
) -> SkyModel:
    """Read an isotropic diffuse model of the Fermi-LAT collaboration as a source.

    The text file has energies in MeV and intensities in MeV-1 cm-2 s-1 sr-1. Its spectrum is
    multiplied with a `PowerLawNorm`, whose norm is free.

    Parameters
    ----------
    path :
        A file such as ``iso_P8R3_SOURCE_V3_v1.txt``.
    datasets_names :
        Datasets in which it appears; all by default.

    Raises
    ------
    gjax.errors.FileFormatError
        If it is no such table.
    """
    spectral = read_template(path) * PowerLawNorm()
    names = [datasets_names] if isinstance(datasets_names, str) else datasets_names
    return SkyModel(
        spectral, ConstantSpatial(), datasets_names=None if names is None else tuple(names)
    )


def _columns(path: Path, energy_unit: str, values_unit: str) -> tuple[np.ndarray, np.ndarray]:
    if path.name.endswith(_WITH_UNITS):
        kind = "ascii.ecsv" if path.suffix == ".ecsv" else "fits"
        try:
            table = Table.read(path, format=kind)
        except OSError:
            raise
        except Exception as error:  # astropy raises its own kinds for each way to be malformed
            raise FileFormatError(f"cannot be read: {error}", path=path) from None
        if len(table.colnames) < 2:
            raise FileFormatError("needs two columns, energy and flux density", path=path)
        first, second = (u.Quantity(table[name]) for name in table.colnames[:2])
    else:
        numbers = np.loadtxt(path, ndmin=2)
        if numbers.shape[1] < 2:
            raise FileFormatError("needs two columns, energy and flux density", path=path)
        first, second = numbers[:, 0] * u.Unit(energy_unit), numbers[:, 1] * u.Unit(values_unit)
    return first.to_value("TeV"), second.to_value(internal_unit(str(second.unit)))
