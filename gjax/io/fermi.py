"""Files of the Fermi science tools: event lists and the PSF of gtpsf.

Counts and exposures of the tools are maps (`gjax.io.maps`, `gjax.io.healpix`), the isotropic
diffuse spectrum is a table (`gjax.io.template`).
"""

from __future__ import annotations

import os

import numpy as np
from astropy.io import fits

from gjax.dataset.response import PSFMap
from gjax.errors import FileFormatError
from gjax.events.event_list import EventList
from gjax.events.gti import GTI
from gjax.io.gadf.events import read_events, read_gti
from gjax.io.gadf.fits_file import FitsFile
from gjax.io.maps import open_fits
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import everywhere

__all__ = ["read_fermi_events", "read_fermi_psf"]

_COLUMNS = (("THETA", "Theta"), ("PSF", "Energy"), ("PSF", "Exposure"), ("PSF", "Psf"))


def read_fermi_events(path: str | os.PathLike[str]) -> tuple[EventList, GTI]:
    """Read the events and the good time intervals of a file of gtselect (FT1).

    Energies come in TeV. The events are binned by `gjax.reduce.counts.counts_cube`.

    Parameters
    ----------
    path :
        FITS file with the HDUs EVENTS and GTI, may be compressed.

    Raises
    ------
    OSError
        If the file cannot be opened.
    FileFormatError
        If the file is damaged or lacks an HDU or a column.
    """
    file = FitsFile(path)
    gti = read_gti(file.table("GTI"))
    return read_events(file.table("EVENTS"), gti.reference), gti


def read_fermi_psf(path: str | os.PathLike[str]) -> PSFMap:
    """Read a point spread function as gtpsf writes it: at nodes of energy and angle.

    It is one for all directions. `gjax.dataset.dataset_from_maps` brings it to the energies of a
    dataset.

    Parameters
    ----------
    path :
        FITS file with the HDUs PSF and THETA, may be compressed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file is damaged or lacks an HDU or a column.
    """
    with open_fits(path) as hdus:
        theta, energy, exposure, psf = (_column(hdus, *one, path) for one in _COLUMNS)
    axis = MapAxis.from_nodes(energy * 1e-6, "energy_true", "TeV", "log")  # from MeV
    rad = MapAxis.from_nodes(theta, "rad", "deg")
    if psf.shape != (axis.nbin, rad.nbin) or exposure.shape != (axis.nbin,):
        raise FileFormatError(
            f"the PSF has shape {psf.shape}, expected {(axis.nbin, rad.nbin)}", path=path, hdu="PSF"
        )
    geom = everywhere()
    return PSFMap(
        data=np.broadcast_to(psf[..., None, None], (*psf.shape, *geom.shape)),
        exposure=np.broadcast_to(exposure[:, None, None], (axis.nbin, *geom.shape)),
        geom=geom,
        energy_true=axis,
        rad=rad,
    )


def _column(hdus: fits.HDUList, hdu: str, name: str, path: str | os.PathLike[str]) -> np.ndarray:
    if hdu not in hdus:
        raise FileFormatError("not a PSF of gtpsf: the HDU is missing", path=path, hdu=hdu)
    if name not in hdus[hdu].columns.names:
        raise FileFormatError("the column is missing", path=path, hdu=hdu, column=name)
    return np.asarray(hdus[hdu].data[name], float)
