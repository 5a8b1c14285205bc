"""A spectrum as OGIP files: ``x.fits`` with its counts, and beside it its responses and background.

The files are those of Gammapy (``x_arf.fits``, ``x_rmf.fits``, ``x_bkg.fits``), so that either
program reads the other's.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.dataset.dataset import Dataset
from gjax.io.atomic import atomic_write
from gjax.io.dataset_tables import gti_to_hdu, meta_to_hdu
from gjax.io.ogip.arf import arf_to_hdus
from gjax.io.ogip.energies import ebounds_to_hdu
from gjax.io.ogip.pha import pha_to_hdu
from gjax.io.ogip.rmf import rmf_to_hdus
from gjax.io.region_maps import NO_REGION
from gjax.io.regions import region_to_hdu
from gjax.maps.region_geom import RegionGeom
from gjax.predict.response import edisp_kernel

__all__ = ["write_ogip"]

#: Units of energy and area in the file, with the factors that lead to them from TeV and cm2.
_UNITS = {
    "ogip": (("TeV", 1.0), ("m2", 1e-4)),
    "ogip-sherpa": (("keV", 1e9), ("cm2", 1.0)),
}
_QUALITY_BAD = 1


def write_ogip(
    dataset: Dataset,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    format: str = "ogip",
) -> None:
    """Write a spectrum, its responses and its off counts.

    Beside ``x.fits`` there will be ``x_arf.fits`` and, where the dataset has them, ``x_rmf.fits``
    and ``x_bkg.fits``; all of them, or none if one cannot be written. The format has no place for
    the exposures that weight responses in a stack.

    Parameters
    ----------
    dataset :
        Counts in a region, with exposure and live time.
    path :
        The PHA file; all are compressed if it ends with ``.gz``.
    overwrite :
        Whether existing files may be replaced.
    format :
        ``"ogip"`` with energies in TeV and areas in m2, or ``"ogip-sherpa"`` with keV and cm2, as
        programs for X-ray data need them.

    Raises
    ------
    FileExistsError
        If one of the files exists and ``overwrite`` is false.
    ValueError
        If the dataset is no spectrum, lacks counts, exposure or live time, or has a background that
        is not measured.
    """
    if format not in _UNITS:
        raise ValueError(f"format {format!r} is none of {', '.join(_UNITS)}")
    _check(dataset)
    names = _names(Path(path), dataset)
    hdus = {
        "pha": _pha_hdus(dataset, names, format),
        "arf": _arf_hdus(dataset, format),
    }
    if "rmf" in names:
        position = dataset.edisp.geom.center if dataset.edisp is not None else (0.0, 0.0)
        kernel = edisp_kernel(dataset.edisp, dataset.energy_true, dataset.energy, position)
        energy = _UNITS[format][0]
        hdus["rmf"] = rmf_to_hdus(kernel, dataset.energy_true, dataset.energy, *energy)
    if "bkg" in names:
        hdus["bkg"] = _bkg_hdus(dataset, names, format)
    with ExitStack() as stack:
        targets = {
            key: stack.enter_context(atomic_write(target, overwrite=overwrite))
            for key, target in names.items()
        }
        for key, target in targets.items():
            hdus[key].writeto(target)


def _check(dataset: Dataset) -> None:
    def refuse(problem: str) -> None:
        raise ValueError(f"dataset {dataset.name!r} cannot be written in OGIP files: {problem}")

    if not dataset.is_region:
        refuse("it is no spectrum, but has maps; use write_dataset")
    for field in ("counts", "exposure", "livetime"):
        if getattr(dataset, field) is None:
            refuse(f"it has no {field}")
    if not float(np.asarray(dataset.livetime)) > 0:
        refuse(f"its live time is {float(np.asarray(dataset.livetime))} s")
    if dataset.background is not None:
        refuse(
            "the format has no place for its background, which is not counted; use write_dataset"
        )
    if dataset.is_onoff and (dataset.acceptance is None or dataset.acceptance_off is None):
        refuse("it has off counts, but no acceptances")


def _names(path: Path, dataset: Dataset) -> dict[str, Path]:
    """Name the files; the last suffix that says a format is kept."""
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    stem = path.name.removesuffix(suffix) if suffix else path.name
    keys = ["arf"]
    if dataset.edisp is not None:
        keys.append("rmf")
    if dataset.is_onoff:
        keys.append("bkg")
    return {"pha": path} | {key: path.with_name(f"{stem}_{key}{suffix}") for key in keys}


def _header(dataset: Dataset, names: dict[str, Path]) -> dict[str, Any]:
    header: dict[str, Any] = {
        "EXPOSURE": float(np.asarray(dataset.livetime)),
        "OBS_ID": dataset.name,
        "TELESCOP": dataset.telescope or "unknown",
        "INSTRUME": dataset.instrument or "unknown",
        "CREATOR": "gjax",
        "ANCRFILE": names["arf"].name,
    }
    if "rmf" in names:
        header["RESPFILE"] = names["rmf"].name
    return header


def _columns(dataset: Dataset, counts: Any, acceptance: Any) -> dict[str, np.ndarray]:
    """Give the columns of a table of counts."""
    n_channels = dataset.energy.nbin
    quality = np.zeros(n_channels, np.int16)
    if dataset.mask_safe is not None:
        quality[~np.asarray(dataset.mask_safe, bool).ravel()] = _QUALITY_BAD
    scale = np.ones(n_channels) if acceptance is None else np.asarray(acceptance, float).ravel()
    return {"COUNTS": np.asarray(counts, float).ravel(), "QUALITY": quality, "BACKSCAL": scale}


def _with_place(hdu: fits.BinTableHDU, dataset: Dataset, region: Any, format: str) -> fits.HDUList:
    """Add energies and region to a table of counts."""
    hdus = [fits.PrimaryHDU(), hdu, ebounds_to_hdu(dataset.energy, *_UNITS[format][0])]
    if isinstance(region, RegionGeom) and region != NO_REGION:
        hdus.append(region_to_hdu(region))
    return fits.HDUList(hdus)


def _pha_hdus(dataset: Dataset, names: dict[str, Path], format: str) -> fits.HDUList:
    header = _header(dataset, names)
    if "bkg" in names:
        header["BACKFILE"] = names["bkg"].name
    columns = _columns(dataset, dataset.counts, dataset.acceptance)
    if dataset.mask_fit is not None:
        columns["MASK_FIT"] = np.asarray(dataset.mask_fit, bool).ravel().astype(np.int16)
    hdus = _with_place(pha_to_hdu(columns, header), dataset, dataset.geom, format)
    if dataset.gti is not None:
        hdus.append(gti_to_hdu(dataset.gti))
    if dataset.obs_ids or dataset.telescope:
        hdus.append(meta_to_hdu(dataset))
    return hdus


def _bkg_hdus(dataset: Dataset, names: dict[str, Path], format: str) -> fits.HDUList:
    header = _header(dataset, names) | {"HDUCLAS2": "BKG"}
    columns = _columns(dataset, dataset.counts_off, dataset.acceptance_off)
    return _with_place(pha_to_hdu(columns, header), dataset, dataset.geom_off, format)


def _arf_hdus(dataset: Dataset, format: str) -> fits.HDUList:
    area = np.asarray(dataset.exposure, float).ravel() / float(np.asarray(dataset.livetime))
    return arf_to_hdus(dataset.energy_true, area, *_UNITS[format])
