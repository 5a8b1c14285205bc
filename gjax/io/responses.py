"""Responses of a dataset in FITS files: PSF and energy dispersion, each with its exposure.

The HDUs are named PSF, PSF_EXPOSURE, EDISP and EDISP_EXPOSURE, as in Gammapy; their layout is that
of maps (`gjax.io.maps`). The other parts of a dataset are in `gjax.io.datasets`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap
from gjax.errors import FileFormatError
from gjax.io.maps import map_from_hdus, map_to_hdus
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map

__all__ = ["edisp_to_hdus", "psf_to_hdus", "read_edisp", "read_psf"]


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


def read_psf(hdus: fits.HDUList, path: Any) -> PSFMap | None:
    """Read the point spread function of a dataset; None if there is none.

    Raises
    ------
    FileFormatError
        If its axes are others, or its exposure does not fit to it.
    """
    if "PSF" not in hdus:
        return None
    member, exposure, axes = _read_response(hdus, "PSF", path)
    if "rad" not in axes:
        raise FileFormatError(f"expected the axis rad, found {list(axes)}", path=path, hdu="PSF")
    return PSFMap(member.data, exposure, member.geom, axes["energy_true"], axes["rad"])


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
    if "migra" in axes:
        return EDispMap(member.data, exposure, member.geom, axes["energy_true"], axes["migra"])
    if "energy" in axes:
        return EDispKernelMap(
            member.data, exposure, member.geom, axes["energy_true"], axes["energy"]
        )
    raise FileFormatError(
        f"expected the axis migra or energy, found {list(axes)}", path=path, hdu="EDISP"
    )


def psf_to_hdus(psf: PSFMap) -> list[Any]:
    """Make the HDUs of a point spread function."""
    return _response_hdus(psf, "PSF", psf.rad, "sr-1")


def edisp_to_hdus(edisp: EDispMap | EDispKernelMap) -> list[Any]:
    """Make the HDUs of an energy dispersion."""
    axis = edisp.energy if isinstance(edisp, EDispKernelMap) else edisp.migra
    return _response_hdus(edisp, "EDISP", axis, "")


def _response_hdus(response: Any, name: str, axis: MapAxis, unit: str) -> list[Any]:
    """HDUs of a response and its exposure, whose second axis has one bin."""
    energy_true = dataclasses.replace(response.energy_true, name="energy_true")
    data = Map(np.asarray(response.data), response.geom, (energy_true, axis), unit)
    exposure = np.asarray(response.exposure)[:, None]
    weights = Map(exposure, response.geom, (energy_true, axis.squash()), "cm2 s")
    return [
        *map_to_hdus(data, name),
        *map_to_hdus(weights, f"{name}_EXPOSURE", unit="m2 s"),
    ]
