"""Instrument responses as binary tables of gamma-astro-data-formats (GADF) 0.3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from astropy.io import fits

from gjax.irf.aeff import EffectiveArea
from gjax.irf.background import Background2D, Background3D
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import PSF3Gauss, PSFKing, PSFTable
from gjax.irf.rad_max import RadMax
from gjax.maps.axis import MapAxis

__all__ = ["HEADER", "compact", "irf_hdu", "table_hdu"]

#: Name, values (rows first) and unit.
Column: TypeAlias = tuple[str, np.ndarray, str | None]

#: Keywords of every HDU.
HEADER = (
    ("HDUCLASS", "GADF"),
    ("HDUDOC", "https://gamma-astro-data-formats.readthedocs.io"),
    ("HDUVERS", "0.3"),
)

#: Column prefix and unit of each axis.
PREFIX = {
    "energy": ("ENERG", "TeV"),
    "energy_true": ("ENERG", "TeV"),
    "offset": ("THETA", "deg"),
    "rad": ("RAD", "deg"),
    "migra": ("MIGRA", None),
    "fov_lon": ("DETX", "deg"),
    "fov_lat": ("DETY", "deg"),
}


def compact(values: Any) -> np.ndarray:
    """Give float32 where that loses nothing, and float64 elsewhere.

    Data that were read from single precision are so written in single precision again.
    """
    values = np.asarray(values, float)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    # A unit conversion back and forth may have touched the last bits.
    exact = np.isclose(single.astype(float), values, rtol=1e-13, atol=0.0, equal_nan=True)
    return single if exact.all() else values


def table_hdu(name: str, columns: Sequence[Column]) -> fits.BinTableHDU:
    """Make a binary table of columns ``(name, values, unit)``; the first axis of values is the row.

    The array is laid out in the byte order of FITS at once: astropy is slow at swapping bytes.
    """
    arrays = [(key, np.asarray(values)) for key, values, _ in columns]
    dtype = [(key, values.dtype.newbyteorder(">"), values.shape[1:]) for key, values in arrays]
    data = np.empty(len(arrays[0][1]), dtype)
    for key, values in arrays:
        data[key] = values
    hdu = fits.BinTableHDU(data.view(fits.FITS_rec), name=name)
    for key, _, unit in columns:
        if unit is not None:
            hdu.columns[key].unit = unit
    return hdu


def _axis_columns(axis: MapAxis) -> list[Column]:
    prefix, unit = PREFIX[axis.name]
    if axis.node_type == "center":
        low = high = np.asarray(axis.nodes, float)
    else:
        edges = np.asarray(axis.edges, float)
        low, high = edges[:-1], edges[1:]
    return [
        (f"{prefix}_{end}", compact(each)[None], unit) for end, each in (("LO", low), ("HI", high))
    ]


def _value_column(name: str, values: Any, unit: str | None) -> Column:
    """Make a column of one cell in which the first axis runs fastest."""
    return (name, np.ascontiguousarray(compact(values).T)[None], unit)


def _columns(irf: Any) -> tuple[str, str, str, tuple[MapAxis, ...], list[Column]]:
    """Give HDU name, HDUCLAS2, class, axes and value columns of a response."""
    match irf:
        case EffectiveArea(table=table):
            column = _value_column("EFFAREA", table.data * 1e-4, "m2")
            return "EFFECTIVE AREA", "EFF_AREA", "aeff_2d", table.axes, [column]
        case EnergyDispersion(table=table):
            column = _value_column("MATRIX", table.data, None)
            return "ENERGY DISPERSION", "EDISP", "edisp_2d", table.axes, [column]
        case PSFTable(table=table):
            column = _value_column("RPSF", table.data, "sr-1")
            return "PSF_2D_TABLE", "RPSF", "psf_table", table.axes, [column]
        case PSF3Gauss():
            units = {"sigma": "deg", "scale": "sr-1", "ampl": None}
            columns = [
                _value_column(name.upper(), getattr(irf, name), units[name.split("_")[0]])
                for name in ("scale", "sigma_1", "ampl_2", "sigma_2", "ampl_3", "sigma_3")
            ]
            return "PSF_2D_GAUSS", "RPSF", "psf_3gauss", (irf.energy_true, irf.offset), columns
        case PSFKing():
            columns = [
                _value_column("GAMMA", irf.gamma, None),
                _value_column("SIGMA", irf.sigma, "deg"),
            ]
            return "PSF_2D_KING", "RPSF", "psf_king", (irf.energy_true, irf.offset), columns
        case Background2D(table=table) | Background3D(table=table):
            column = _value_column("BKG", table.data * 1e-6, "s-1 MeV-1 sr-1")
            kind = "bkg_2d" if isinstance(irf, Background2D) else "bkg_3d"
            return "BACKGROUND", "BKG", kind, table.axes, [column]
        case RadMax(table=table):
            column = _value_column("RAD_MAX", table.data, "deg")
            return "RAD_MAX", "RAD_MAX", "rad_max_2d", table.axes, [column]
    raise TypeError(f"cannot write a response of type {type(irf).__name__}")


def irf_hdu(irf: Any) -> tuple[fits.BinTableHDU, str]:
    """Make the binary table of a response.

    Returns
    -------
    The HDU, and the class under which an index lists it.

    Raises
    ------
    TypeError
        If it is no response.
    """
    name, kind, hdu_class, axes, values = _columns(irf)
    columns = [column for axis in axes for column in _axis_columns(axis)] + values
    hdu = table_hdu(name, columns)
    hdu.header.update(HEADER)
    hdu.header["HDUCLAS1"] = "RESPONSE"
    hdu.header["HDUCLAS2"] = kind
    pointlike = isinstance(irf, RadMax) or irf.is_pointlike
    hdu.header["HDUCLAS3"] = "POINT-LIKE" if pointlike else "FULL-ENCLOSURE"
    hdu.header["HDUCLAS4"] = hdu_class.upper()
    if isinstance(irf, (Background2D, Background3D)):
        hdu.header["FOVALIGN"] = irf.fov_alignment
    keywords = {
        "LO_THRES": getattr(irf, "energy_min", None),
        "HI_THRES": getattr(irf, "energy_max", None),
        "RAD_MAX": getattr(irf, "rad_max", None),
    }
    hdu.header.update({key: value for key, value in keywords.items() if value is not None})
    return hdu, hdu_class
