"""Map datasets in FITS files, in Gammapy's layout: either program opens the other's file.

One group of HDUs per map (`gjax.io.maps`): COUNTS, EXPOSURE, BACKGROUND, PSF and PSF_EXPOSURE,
EDISP and EDISP_EXPOSURE, MASK_SAFE, MASK_FIT; then the tables GTI and META_TABLE. Models are not
part of the file (`gjax.io.models`). Datasets of a region, on/off datasets and point spread
functions in reconstructed energy are refused by name.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap
from gjax.errors import FileFormatError
from gjax.events.epoch import epoch_mjd
from gjax.events.gti import GTI
from gjax.io.atomic import atomic_write
from gjax.io.maps import map_from_hdus, map_to_hdus, open_fits
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
    reco, true = (dataset.energy,), (_named(dataset.energy_true, "energy_true"),)
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
        hdus += _edisp_hdus(dataset.edisp)
    if dataset.psf is not None:
        hdus += _response_hdus(dataset.psf, "PSF", dataset.psf.rad, "sr-1")
    for name in ("MASK_SAFE", "MASK_FIT"):
        mask = getattr(dataset, name.lower())
        if mask is not None:
            hdus += map_to_hdus(Map(np.asarray(mask, bool), dataset.geom, reco), name)
    if dataset.gti is not None:
        hdus.append(_gti_hdu(dataset.gti))
    if dataset.obs_ids or dataset.telescope:
        hdus.append(_meta_hdu(dataset))
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
    psf, edisp = _read_psf(hdus, path), _read_edisp(hdus, path)
    if exposure is not None:
        # Some old files call the true energy of the exposure just "energy".
        energy_true = _named(_axis(exposure, ("energy_true", "energy"), path), "energy_true")
        if exposure.geom != first.geom:
            raise FileFormatError("its sky geometry is another one", path=path, hdu="EXPOSURE")
    else:
        response = psf or edisp
        energy_true = _named(energy, "energy_true") if response is None else response.energy_true
    for key, response in (("PSF", psf), ("EDISP", edisp)):
        if response is not None and not response.energy_true.is_allclose(energy_true):
            raise FileFormatError("its true-energy axis is another one", path=path, hdu=key)
    parts = {key.lower(): member.data for key, member in maps.items()}
    return Dataset(
        name=name or _name(hdus, path),
        geom=first.geom,
        energy=energy,
        energy_true=energy_true,
        exposure=None if exposure is None else exposure.data,
        psf=psf,
        edisp=edisp,
        gti=_read_gti(hdus, path),
        livetime=_read_livetime(hdus),
        **parts,
        **_read_meta(hdus),
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


def _named(axis: MapAxis, name: str) -> MapAxis:
    return MapAxis(name, axis.nodes, axis.unit, axis.interp, axis.node_type)


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


def _read_response(
    hdus: fits.HDUList, key: str, path: Any
) -> tuple[Map, np.ndarray, dict[str, MapAxis]]:
    """Read a response and its exposure, ``(etrue, k, y, x)`` and ``(etrue, y, x)``."""
    member = map_from_hdus(hdus, key, path)
    names = [axis.name for axis in member.axes]
    if len(names) != 2 or names[0] != "energy_true":
        problem = f"expected the axis energy_true and one more, found {names}"
        if key == "PSF" and "energy" in names:
            problem = "a point spread function in reconstructed energy, which cannot be read yet"
        raise FileFormatError(problem, path=path, hdu=key)
    shape = (member.axes[0].nbin, *member.geom.shape)
    if f"{key}_EXPOSURE" not in hdus:
        return member, np.ones(shape), dict(zip(names, member.axes, strict=True))
    weights = map_from_hdus(hdus, f"{key}_EXPOSURE", path)
    if weights.data.size != int(np.prod(shape)) or weights.geom != member.geom:
        raise FileFormatError(f"does not fit to {key}", path=path, hdu=f"{key}_EXPOSURE")
    return member, weights.data.reshape(shape), dict(zip(names, member.axes, strict=True))


def _read_psf(hdus: fits.HDUList, path: Any) -> PSFMap | None:
    if "PSF" not in hdus:
        return None
    member, exposure, axes = _read_response(hdus, "PSF", path)
    if "rad" not in axes:
        raise FileFormatError(f"expected the axis rad, found {list(axes)}", path=path, hdu="PSF")
    return PSFMap(member.data, exposure, member.geom, axes["energy_true"], axes["rad"])


def _read_edisp(hdus: fits.HDUList, path: Any) -> EDispMap | EDispKernelMap | None:
    if "EDISP" not in hdus:
        return None
    member, exposure, axes = _read_response(hdus, "EDISP", path)
    if "migra" in axes:
        return EDispMap(member.data, exposure, member.geom, axes["energy_true"], axes["migra"])
    if "energy" in axes:
        return EDispKernelMap(
            member.data, exposure, member.geom, axes["energy_true"], axes["energy"]
        )
    raise FileFormatError(
        f"expected the axis migra or energy, found {list(axes)}", path=path, hdu="EDISP"
    )


def _edisp_hdus(edisp: EDispMap | EDispKernelMap) -> list[Any]:
    axis = edisp.energy if isinstance(edisp, EDispKernelMap) else edisp.migra
    return _response_hdus(edisp, "EDISP", axis, "")


def _response_hdus(response: Any, name: str, axis: MapAxis, unit: str) -> list[Any]:
    """HDUs of a response and its exposure, whose second axis has one bin."""
    energy_true = _named(response.energy_true, "energy_true")
    data = Map(np.asarray(response.data), response.geom, (energy_true, axis), unit)
    exposure = np.asarray(response.exposure)[:, None]
    weights = Map(exposure, response.geom, (energy_true, axis.squash()), "cm2 s")
    return [
        *map_to_hdus(data, name),
        *map_to_hdus(weights, f"{name}_EXPOSURE", unit="m2 s"),
    ]


def _gti_hdu(gti: GTI) -> fits.BinTableHDU:
    columns = [
        fits.Column("START", "D", unit="s", array=np.asarray(gti.start)),
        fits.Column("STOP", "D", unit="s", array=np.asarray(gti.stop)),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="GTI")
    hdu.header["MJDREFI"] = int(np.floor(gti.reference))
    hdu.header["MJDREFF"] = float(gti.reference - np.floor(gti.reference))
    hdu.header["TIMESYS"] = "TT"
    hdu.header["TIMEUNIT"] = "s"
    return hdu


def _read_gti(hdus: fits.HDUList, path: Any) -> GTI | None:
    if "GTI" not in hdus:
        return None
    hdu = hdus["GTI"]
    times = {}
    for column in ("START", "STOP"):
        if column not in hdu.columns.names:
            raise FileFormatError("the column is missing", path=path, hdu="GTI", column=column)
        unit = hdu.columns[column].unit or hdu.header.get("TIMEUNIT", "s")
        times[column] = np.asarray(hdu.data[column], float) * u.Unit(unit).to("s")
    header = hdu.header
    try:
        reference = epoch_mjd(
            header.get("MJDREFI", header.get("MJDREF", 0)),
            header.get("MJDREFF", 0.0),
            str(header.get("TIMESYS", "tt")),
        )
        return GTI(times["START"], times["STOP"], reference)
    except ValueError as error:
        raise FileFormatError(str(error), path=path, hdu="GTI") from error


def _meta_hdu(dataset: Dataset) -> fits.BinTableHDU:
    """One row: the observations, and the telescope of each."""
    n = max(len(dataset.obs_ids), 1)
    width = max(len(dataset.telescope), 1)
    telescopes = np.full((1, n), dataset.telescope or " ", f"U{width}")
    columns = [
        fits.Column("TELESCOP", f"{n * width}A", dim=f"({width},{n})", array=telescopes)
        if n > 1
        else fits.Column("TELESCOP", f"{width}A", array=telescopes[0])
    ]
    if dataset.obs_ids:
        ids = np.array([dataset.obs_ids])
        column = fits.Column("OBS_ID", f"{n}K" if n > 1 else "K", array=ids if n > 1 else ids[0])
        columns.append(column)
    hdu = fits.BinTableHDU.from_columns(columns, name="META_TABLE")
    hdu.header["INSTRUME"] = dataset.instrument
    return hdu


def _read_meta(hdus: fits.HDUList) -> dict[str, Any]:
    if "META_TABLE" not in hdus:
        return {}
    hdu = hdus["META_TABLE"]
    meta: dict[str, Any] = {"instrument": str(hdu.header.get("INSTRUME", "")).strip()}
    names = hdu.columns.names
    if "OBS_ID" in names:
        meta["obs_ids"] = tuple(int(value) for value in np.ravel(hdu.data["OBS_ID"]))
    if "TELESCOP" in names:
        values = [str(value).strip() for value in np.ravel(hdu.data["TELESCOP"])]
        meta["telescope"] = ", ".join(dict.fromkeys(value for value in values if value))
    return meta


def _read_livetime(hdus: fits.HDUList) -> np.ndarray | None:
    """Live time as Gammapy notes it with the exposure; None if it does not."""
    if "EXPOSURE" not in hdus:
        return None
    try:
        text = json.loads(hdus["EXPOSURE"].header.get("META", "{}"))["livetime"]
        return np.asarray(u.Quantity(text).to_value("s"))
    except (KeyError, TypeError, ValueError, u.UnitsError):
        return None


def _name(hdus: fits.HDUList, path: Any) -> str:
    written = str(hdus[0].header.get("NAME", "")).strip()
    if written or path is None:
        return written or "dataset"
    return Path(path).name.split(".")[0]
