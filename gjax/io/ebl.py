"""Tables of the absorption by the extragalactic background light, in XSPEC's table format.

A file has the extensions ``PARAMETERS`` (one row: the nodes in redshift), ``ENERGIES`` (bins, in
keV unless a unit is written) and ``SPECTRA`` (a row of transmissions for each redshift).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from gjax.errors import UnknownNameError
from gjax.io.gadf.fits_file import FitsFile, expand_path
from gjax.model.spectral import EBLAbsorptionNorm, Template

__all__ = ["EBL_TABLES", "read_ebl", "read_xspec_template"]

#: Tables of the Gammapy data by name.
EBL_TABLES = {
    "dominguez": "$GAMMAPY_DATA/ebl/ebl_dominguez11.fits.gz",
    "finke": "$GAMMAPY_DATA/ebl/frd_abs.fits.gz",
    "franceschini": "$GAMMAPY_DATA/ebl/ebl_franceschini.fits.gz",
    "franceschini17": "$GAMMAPY_DATA/ebl/ebl_franceschini_2017.fits.gz",
    "saldana-lopez21": "$GAMMAPY_DATA/ebl/ebl_saldana-lopez_2021.fits.gz",
}


def read_ebl(
    table: str | os.PathLike[str], *, redshift: Any = 0.1, alpha_norm: Any = 1.0
) -> EBLAbsorptionNorm:
    """Read the absorption by the extragalactic background light.

    At redshift zero nothing is absorbed: a table that starts further out gets this node. (Gammapy
    continues the first two nodes downwards instead.)

    Parameters
    ----------
    table :
        Name of a table of the Gammapy data: ``"dominguez"`` (2011MNRAS.410.2556D), ``"finke"``
        (2010ApJ...712..238F), ``"franceschini"`` (2008A&A...487..837F), ``"franceschini17"``
        (2017A&A...603A..34F) or ``"saldana-lopez21"`` (2021MNRAS.507.5144S); or a file.
    redshift, alpha_norm :
        Values of the parameters; both are frozen until freed.

    Returns
    -------
    absorption :
        Multiply the intrinsic spectrum with it. Its ``filename`` is the path of the table, with
        ``$GAMMAPY_DATA`` as written above.

    Raises
    ------
    gjax.errors.UnknownNameError
        If it is neither a known name nor a file.
    gjax.errors.FileFormatError
        If the file is no such table.
    OSError
        If the file cannot be opened, or ``$GAMMAPY_DATA`` is not set for a named table.
    """
    name = os.fspath(table)
    path = EBL_TABLES.get(name, name)
    if name not in EBL_TABLES and not os.path.splitext(name)[1] and not expand_path(name).exists():
        known = ", ".join(EBL_TABLES)
        raise UnknownNameError(f"{name!r} is neither a file nor one of the tables: {known}")
    energy, redshifts, values = _read_xspec(path)
    if redshifts[0] > 0:
        redshifts = np.concatenate([[0.0], redshifts])
        values = np.concatenate([np.ones((1, len(energy))), values])
    return EBLAbsorptionNorm(
        energy=energy,
        redshifts=redshifts,
        values=values,
        redshift=redshift,
        alpha_norm=alpha_norm,
        filename=path,
    )


def read_xspec_template(path: str | os.PathLike[str], value: float) -> Template:
    """Read one spectrum of an XSPEC table: the one nearest to a value of its parameter.

    Parameters
    ----------
    path :
        The file, with values that are pure numbers.
    value :
        Value of the parameter; between two spectra nothing is interpolated.

    Raises
    ------
    ValueError
        If the value is outside the table.
    gjax.errors.FileFormatError
        If the file is no such table.
    """
    energy, nodes, values = _read_xspec(path)
    if not nodes[0] <= value <= nodes[-1]:
        raise ValueError(f"value is {value}, the table goes from {nodes[0]:g} to {nodes[-1]:g}")
    return Template(energy, values[np.argmin(np.abs(nodes - value))], interp="lin")


def _read_xspec(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read bin centres in TeV, nodes of the parameter and spectra, shape ``(nodes, bins)``."""
    file = FitsFile(path)
    parameters, energies, spectra = (
        file.table(name) for name in ("PARAMETERS", "ENERGIES", "SPECTRA")
    )
    if len(parameters) != 1:
        raise parameters.error(f"a table of one parameter is needed, this has {len(parameters)}")
    # Some tables hold a node twice. They are in single precision: 0.01 should be 0.01 again.
    nodes, rows = np.unique(np.round(parameters.cell("VALUE"), 6), return_index=True)
    low, high = (energies.column(name, "TeV", "keV") for name in ("ENERG_LO", "ENERG_HI"))
    raw = spectra.raw("INTPSPEC")
    values = spectra.column("INTPSPEC")
    if values.ndim != 2 or values.shape[1] != len(low) or len(values) <= rows.max():
        raise spectra.error(
            f"spectra have shape {values.shape} for {len(nodes)} values of the parameter and "
            f"{len(low)} energies",
            "INTPSPEC",
        )
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        raise spectra.error("values should be finite and not negative", "INTPSPEC")
    if np.any(low <= 0) or np.any(np.diff(low) <= 0):
        raise energies.error("energies should be positive and increase", "ENERG_LO")
    # Where a table has run out of digits it says zero: the least number that it can hold instead,
    # so that the steepness of the last piece is that of Gammapy.
    tiny = float(np.finfo(raw.dtype).tiny) if raw.dtype.kind == "f" else 0.0
    return np.sqrt(low * high), nodes, np.maximum(values[rows], tiny)
