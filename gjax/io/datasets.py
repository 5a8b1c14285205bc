"""Datasets in FITS files, in Gammapy's layout: either program opens the other's file.

One group of HDUs per map (`gjax.io.maps`): COUNTS, EXPOSURE, BACKGROUND, PSF and PSF_EXPOSURE,
EDISP and EDISP_EXPOSURE, MASK_SAFE, MASK_FIT, for on/off data COUNTS_OFF, ACCEPTANCE and
ACCEPTANCE_OFF; then the tables GTI and META_TABLE. Spectra have the same groups, on a region. A PSF
at other energies than the exposure, as of Fermi-LAT, is interpolated to those. Models are not part
of the file (`gjax.io.models`); spectra in the format of X-ray astronomy are in `gjax.io.ogip`.
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
from gjax.io.region_maps import NO_REGION
from gjax.io.responses import edisp_to_hdus, psf_to_hdus, read_edisp, read_psf
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom

__all__ = ["dataset_from_hdus", "dataset_to_hdus", "read_dataset", "write_dataset"]

_ONOFF = ("COUNTS_OFF", "ACCEPTANCE", "ACCEPTANCE_OFF")
_RECO = ("COUNTS", "BACKGROUND", "MASK_SAFE", "MASK_FIT", *_ONOFF)
_OFF = ("COUNTS_OFF", "ACCEPTANCE_OFF")
# Noise of the convolutions that make acceptances of rings.
_NOISE = 1e-6


def read_dataset(path: str | os.PathLike[str], name: str | None = None) -> Dataset:
    """Read a dataset of maps or of a region, on/off data included.

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
    """Write a dataset, compressed if the name ends with ``.gz``.

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
    """
    hdus = dataset_to_hdus(dataset)
    with atomic_write(path, overwrite=overwrite) as temporary:
        hdus.writeto(temporary)


def dataset_to_hdus(dataset: Dataset) -> fits.HDUList:
    """Make the HDUs of a dataset."""
    primary = fits.PrimaryHDU()
    primary.header["NAME"] = dataset.name
    primary.header["CREATOR"] = "gjax"
    hdus: list[Any] = [primary]
    geom: Any = dataset.geom
    reco, true = (dataset.energy,), (dataclasses.replace(dataset.energy_true, name="energy_true"),)
    for name in ("COUNTS", "EXPOSURE", "BACKGROUND"):
        data = getattr(dataset, name.lower())
        if data is None:
            continue
        if name != "EXPOSURE":
            hdus += map_to_hdus(Map(np.asarray(data), geom, reco), name)
            continue
        meta = {}
        if dataset.livetime is not None:
            meta["livetime"] = f"{float(dataset.livetime)!r} s"
        exposure = Map(np.asarray(data), geom, true, "cm2 s")
        hdus += map_to_hdus(exposure, name, unit="m2 s", meta=meta)
    if dataset.edisp is not None:
        hdus += edisp_to_hdus(dataset.edisp)
    if dataset.psf is not None:
        hdus += psf_to_hdus(dataset.psf)
    for name in ("MASK_SAFE", "MASK_FIT"):
        mask = getattr(dataset, name.lower())
        if mask is not None:
            hdus += map_to_hdus(Map(np.asarray(mask, bool), geom, reco), name)
    if dataset.gti is not None:
        hdus.append(gti_to_hdu(dataset.gti))
    if dataset.obs_ids or dataset.telescope:
        hdus.append(meta_to_hdu(dataset))
    for name in _ONOFF:
        data = getattr(dataset, name.lower())
        if data is not None:
            is_off = dataset.is_region and name in _OFF
            place: Any = (dataset.geom_off or NO_REGION) if is_off else geom
            hdus += map_to_hdus(Map(np.asarray(data, float), place, reco), name)
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
    _check_onoff(hdus, path)
    maps = {key: map_from_hdus(hdus, key, path) for key in _RECO if key in hdus}
    if not maps:
        raise FileFormatError(f"not a dataset: none of {', '.join(_RECO[:4])}", path=path)
    first = next(iter(maps.values()))
    energy = _axis(first, ("energy",), path)
    geom_off = _region_off(maps, first)
    for key, member in maps.items():
        geom = geom_off if geom_off is not None and key in _OFF else first.geom
        _check_fits(member, geom, (energy,), key, path)
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
    for key in ("ACCEPTANCE", "ACCEPTANCE_OFF"):
        if key in maps:
            parts[key.lower()] = _acceptance(maps[key].data, parts.get("mask_safe"), key, path)
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
        geom_off=None if geom_off == NO_REGION else geom_off,
        **parts,
        **meta_from_hdus(hdus),
    )


def _check_onoff(hdus: fits.HDUList, path: Any) -> None:
    """Check that on/off data are complete, and have no other background."""
    if "COUNTS_OFF" not in hdus:
        return
    for key in ("ACCEPTANCE", "ACCEPTANCE_OFF"):
        if key not in hdus:
            raise FileFormatError("missing, though there is COUNTS_OFF", path=path, hdu=key)
    if "BACKGROUND" in hdus:
        raise FileFormatError(
            "a background beside COUNTS_OFF: only one of them can be right",
            path=path,
            hdu="BACKGROUND",
        )


def _region_off(maps: dict[str, Map], first: Map) -> RegionGeom | None:
    """Give the region of the off counts; None for data that are no spectrum."""
    if not isinstance(first.geom, RegionGeom):
        return None
    geoms: list[Any] = [maps[key].geom for key in _OFF if key in maps]
    return geoms[0] if geoms else None


def _acceptance(data: np.ndarray, mask: Any, hdu: str, path: Any) -> np.ndarray:
    """Check acceptances; where bins are not safe they may be anything, and become zero."""
    scale = np.max(data, where=np.isfinite(data), initial=0.0)
    bad = ~np.isfinite(data) | (data < -_NOISE * scale)
    if np.any(bad & (True if mask is None else mask)):
        value = data[bad & (True if mask is None else mask)][0]
        raise FileFormatError(f"an acceptance is {value}, not zero or positive", path=path, hdu=hdu)
    return np.where(bad, 0.0, np.maximum(data, 0.0))


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
