"""Map datasets in FITS files, in Gammapy's layout: either program opens the other's file.

One group of HDUs per map (`gjax.io.maps`): COUNTS, EXPOSURE, BACKGROUND, PSF and PSF_EXPOSURE,
EDISP and EDISP_EXPOSURE, MASK_SAFE, MASK_FIT; then the tables GTI and META_TABLE. Models are not
part of the file (`gjax.io.models`). A PSF at other energies than the exposure, as of Fermi-LAT, is
interpolated to those. Datasets of a region and on/off datasets are refused by name.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.dataset.dataset import Dataset
from gjax.dataset.resample import psf_at_energies
from gjax.dataset.response import PSFMap, RecoPSFMap
from gjax.errors import FileFormatError
from gjax.io.atomic import atomic_write
from gjax.io.dataset_tables import (
    gti_from_hdus,
    gti_to_hdu,
    livetime_from_hdus,
    meta_from_hdus,
    meta_to_hdu,
)
from gjax.io.maps import map_from_hdus, map_to_hdus, open_fits
from gjax.io.responses import edisp_to_hdus, psf_to_hdus, read_edisp, read_psf
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map

__all__ = ["dataset_from_hdus", "dataset_to_hdus", "read_dataset", "write_dataset"]

_RECO = ("COUNTS", "BACKGROUND", "MASK_SAFE", "MASK_FIT")
_ONOFF = ("COUNTS_OFF", "ACCEPTANCE", "ACCEPTANCE_OFF")


def read_dataset(path: str | os.PathLike[str], name: str | None = None) -> Dataset:
    """Read a map dataset.

    Parameters
    ----------
    path :
        FITS file, may be compressed.
    name :
        Name of the dataset; by default the one in the file, or else the name of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file is damaged, its maps do not fit together, or it holds a kind of dataset that is
        not supported.
    """
    with open_fits(path) as hdus:
        return dataset_from_hdus(hdus, name, path)


def write_dataset(
    dataset: Dataset, path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write a map dataset, compressed if the name ends with ``.gz``.

    Parameters
    ----------
    dataset :
        What to write.
    path :
        The file.
    overwrite :
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is false.
    FileFormatError
        If the dataset holds on/off data.
    """
    hdus = dataset_to_hdus(dataset, path)
    with atomic_write(path, overwrite=overwrite) as temporary:
        hdus.writeto(temporary)


def dataset_to_hdus(dataset: Dataset, path: str | os.PathLike[str] | None = None) -> fits.HDUList:
    """Make the HDUs of a dataset.

    Raises
    ------
    FileFormatError
        If the dataset holds on/off data.
    """
    if dataset.is_onoff:
        raise FileFormatError("on/off datasets cannot be written as maps yet", path=path)
    primary = fits.PrimaryHDU()
    primary.header["NAME"] = dataset.name
    primary.header["CREATOR"] = "gjax"
    hdus: list[Any] = [primary]
    reco, true = (dataset.energy,), (dataclasses.replace(dataset.energy_true, name="energy_true"),)
    for name in ("COUNTS", "EXPOSURE", "BACKGROUND"):
        data = getattr(dataset, name.lower())
        if data is None:
            continue
        if name != "EXPOSURE":
            hdus += map_to_hdus(Map(np.asarray(data), dataset.geom, reco), name)
            continue
        meta = {}
        if dataset.livetime is not None:
            meta["livetime"] = f"{float(dataset.livetime)!r} s"
        exposure = Map(np.asarray(data), dataset.geom, true, "cm2 s")
        hdus += map_to_hdus(exposure, name, unit="m2 s", meta=meta)
    if dataset.edisp is not None:
        hdus += edisp_to_hdus(dataset.edisp)
    if dataset.psf is not None:
        hdus += psf_to_hdus(dataset.psf)
    for name in ("MASK_SAFE", "MASK_FIT"):
        mask = getattr(dataset, name.lower())
        if mask is not None:
            hdus += map_to_hdus(Map(np.asarray(mask, bool), dataset.geom, reco), name)
    if dataset.gti is not None:
        hdus.append(gti_to_hdu(dataset.gti))
    if dataset.obs_ids or dataset.telescope:
        hdus.append(meta_to_hdu(dataset))
    return fits.HDUList(hdus)


def dataset_from_hdus(
    hdus: fits.HDUList, name: str | None = None, path: str | os.PathLike[str] | None = None
) -> Dataset:
    """Make a dataset of the HDUs of an open file.

    Parameters
    ----------
    hdus :
        The open file.
    name :
        Name of the dataset; by default the one in the file, or else the name of the file.
    path :
        The file, for names and error messages.

    Raises
    ------
    FileFormatError
        As `read_dataset`.
    """
    _refuse(hdus, path)
    maps = {key: map_from_hdus(hdus, key, path) for key in _RECO if key in hdus}
    if not maps:
        raise FileFormatError(f"not a map dataset: none of {', '.join(_RECO)}", path=path)
    first = next(iter(maps.values()))
    energy = _axis(first, ("energy",), path)
    for key, member in maps.items():
        _check_fits(member, first.geom, (energy,), key, path)
    exposure = map_from_hdus(hdus, "EXPOSURE", path) if "EXPOSURE" in hdus else None
    psf, edisp = read_psf(hdus, path), read_edisp(hdus, path)
    if exposure is not None:
        # Some old files call the true energy of the exposure just "energy".
        energy_true = dataclasses.replace(
            _axis(exposure, ("energy_true", "energy"), path), name="energy_true"
        )
        if exposure.geom != first.geom:
            raise FileFormatError("its sky geometry is another one", path=path, hdu="EXPOSURE")
    else:
        response = psf if isinstance(psf, PSFMap) else edisp
        energy_true = (
            dataclasses.replace(energy, name="energy_true")
            if response is None
            else response.energy_true
        )
    if edisp is not None and not edisp.energy_true.is_allclose(energy_true):
        raise FileFormatError("its true-energy axis is another one", path=path, hdu="EDISP")
    if isinstance(psf, RecoPSFMap) and not psf.energy.is_allclose(energy):
        raise FileFormatError("its energy axis is another one", path=path, hdu="PSF")
    if isinstance(psf, PSFMap):
        psf = psf_at_energies(psf, energy_true)
    parts = {key.lower(): member.data for key, member in maps.items()}
    return Dataset(
        name=name or _name(hdus, path),
        geom=first.geom,
        energy=energy,
        energy_true=energy_true,
        exposure=None if exposure is None else exposure.data,
        psf=psf,
        edisp=edisp,
        gti=gti_from_hdus(hdus, path),
        livetime=livetime_from_hdus(hdus),
        **parts,
        **meta_from_hdus(hdus),
    )


def _refuse(hdus: fits.HDUList, path: Any) -> None:
    """Refuse by name what is a dataset of another kind."""
    for key in _ONOFF:
        if key in hdus:
            raise FileFormatError("an on/off dataset, which cannot be read yet", path=path, hdu=key)
    for key in ("COUNTS", "EXPOSURE", "BACKGROUND"):
        if key in hdus and f"{key}_REGION" in hdus:
            raise FileFormatError(
                "the dataset of a region (1D), which cannot be read as maps", path=path, hdu=key
            )
        if key in hdus and hdus[key].header.get("PIXTYPE") == "HEALPIX":
            raise FileFormatError("a HEALPix map, which is not supported", path=path, hdu=key)


def _axis(member: Map, names: tuple[str, ...], path: Any) -> MapAxis:
    if len(member.axes) == 1 and member.axes[0].name in names:
        return member.axes[0]
    found = [axis.name for axis in member.axes]
    raise FileFormatError(
        f"expected the axis {names[0]}, found {found}", path=path, hdu=member.name
    )


def _check_fits(member: Map, geom: Any, axes: tuple[MapAxis, ...], hdu: str, path: Any) -> None:
    if member.geom != geom:
        raise FileFormatError("its sky geometry is another one", path=path, hdu=hdu)
    if len(member.axes) != len(axes) or not all(
        one.is_allclose(other) for one, other in zip(member.axes, axes, strict=True)
    ):
        raise FileFormatError(
            f"expected the axes {[axis.name for axis in axes]} of the other maps, found "
            f"{[axis.name for axis in member.axes]}",
            path=path,
            hdu=hdu,
        )


def _name(hdus: fits.HDUList, path: Any) -> str:
    written = str(hdus[0].header.get("NAME", "")).strip()
    if written or path is None:
        return written or "dataset"
    return Path(path).name.split(".")[0]
