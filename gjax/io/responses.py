"""Responses of a dataset in FITS files: PSF and energy dispersion, each with its exposure.

The HDUs are named PSF, PSF_EXPOSURE, EDISP and EDISP_EXPOSURE, as in Gammapy; their layout is that
of maps (`gjax.io.maps`). The other parts of a dataset are in `gjax.io.datasets`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.errors import FileFormatError
from gjax.io.maps import map_from_hdus, map_to_hdus
from gjax.io.region_maps import NO_REGION, is_region_map
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import everywhere

__all__ = ["edisp_to_hdus", "psf_to_hdus", "read_edisp", "read_psf"]


def _read_response(
    hdus: fits.HDUList, key: str, path: Any, energies: tuple[str, ...] = ("energy_true",)
) -> tuple[Map, np.ndarray | None, dict[str, MapAxis]]:
    """Read a response and its exposure, ``(energy, k, y, x)`` and ``(energy, y, x)``."""
    member = _read_map(hdus, key, path)
    names = [axis.name for axis in member.axes]
    if len(names) != 2 or names[0] not in energies:
        problem = f"expected the axis {' or '.join(energies)} and one more, found {names}"
        raise FileFormatError(problem, path=path, hdu=key)
    axes = dict(zip(names, member.axes, strict=True))
    if f"{key}_EXPOSURE" not in hdus:
        return member, None, axes
    shape = (member.axes[0].nbin, *member.geom.shape)
    weights = _read_map(hdus, f"{key}_EXPOSURE", path)
    if weights.data.size != int(np.prod(shape)) or weights.geom != member.geom:
        raise FileFormatError(f"does not fit to {key}", path=path, hdu=f"{key}_EXPOSURE")
    return member, weights.data.reshape(shape), axes


def _read_map(hdus: fits.HDUList, name: str, path: Any) -> Map:
    """Read a map, or for maps of the sky a table without a region: it holds everywhere."""
    member = map_from_hdus(hdus, name, path)
    is_spectrum = "COUNTS" in hdus and is_region_map(hdus["COUNTS"])
    if member.geom != NO_REGION or is_spectrum:
        return member
    geom = everywhere()
    data = np.broadcast_to(member.data, (*member.data.shape[:-2], *geom.shape))
    return Map(data, geom, member.axes, member.unit, name)


def _weights(member: Map, exposure: np.ndarray | None) -> np.ndarray:
    """Give the exposure, or equal weights where a file has none."""
    return np.ones((len(member.data), *member.geom.shape)) if exposure is None else exposure


def read_psf(hdus: fits.HDUList, path: Any) -> PSFMap | RecoPSFMap | None:
    """Read the point spread function of a dataset; None if there is none.

    Its first axis tells whether it is one of true or of reconstructed energies.

    Raises
    ------
    FileFormatError
        If its axes are others, or its exposure does not fit to it.
    """
    if "PSF" not in hdus:
        return None
    member, exposure, axes = _read_response(hdus, "PSF", path, ("energy_true", "energy"))
    if "rad" not in axes:
        raise FileFormatError(f"expected the axis rad, found {list(axes)}", path=path, hdu="PSF")
    if "energy" in axes:
        return RecoPSFMap(member.data, exposure, member.geom, axes["energy"], axes["rad"])
    weights = _weights(member, exposure)
    return PSFMap(member.data, weights, member.geom, axes["energy_true"], axes["rad"])


def read_edisp(hdus: fits.HDUList, path: Any) -> EDispMap | EDispKernelMap | None:
    """Read the energy dispersion of a dataset; None if there is none.

    Raises
    ------
    FileFormatError
        As `read_psf`.
    """
    if "EDISP" not in hdus:
        return None
    member, exposure, axes = _read_response(hdus, "EDISP", path)
    exposure = _weights(member, exposure)
    if "migra" in axes:
        return EDispMap(member.data, exposure, member.geom, axes["energy_true"], axes["migra"])
    if "energy" in axes:
        return EDispKernelMap(
            member.data, exposure, member.geom, axes["energy_true"], axes["energy"]
        )
    raise FileFormatError(
        f"expected the axis migra or energy, found {list(axes)}", path=path, hdu="EDISP"
    )


def psf_to_hdus(psf: PSFMap | RecoPSFMap) -> list[Any]:
    """Make the HDUs of a point spread function."""
    if isinstance(psf, RecoPSFMap):
        return _response_hdus(psf, "PSF", (psf.energy, psf.rad), "sr-1")
    return _response_hdus(psf, "PSF", (_true(psf), psf.rad), "sr-1")


def edisp_to_hdus(edisp: EDispMap | EDispKernelMap) -> list[Any]:
    """Make the HDUs of an energy dispersion."""
    axis = edisp.energy if isinstance(edisp, EDispKernelMap) else edisp.migra
    return _response_hdus(edisp, "EDISP", (_true(edisp), axis), "")


def _true(response: PSFMap | EDispMap | EDispKernelMap) -> MapAxis:
    return dataclasses.replace(response.energy_true, name="energy_true")


def _response_hdus(response: Any, name: str, axes: tuple[MapAxis, MapAxis], unit: str) -> list[Any]:
    """HDUs of a response and its exposure, whose second axis has one bin."""
    hdus = map_to_hdus(Map(np.asarray(response.data), response.geom, axes, unit), name)
    if response.exposure is None:
        return hdus
    exposure = np.asarray(response.exposure)[:, None]
    weights = Map(exposure, response.geom, (axes[0], axes[1].squash()), "cm2 s")
    return [*hdus, *map_to_hdus(weights, f"{name}_EXPOSURE", unit="m2 s")]
