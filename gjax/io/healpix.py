"""HEALPix maps in FITS files, as the Fermi tools, Gammapy and healpy write them.

One table with a row for each pixel, and a table of the other axes. Maps in WCS pixels are in
`gjax.io.maps`; what a HEALPix map is good for, in `gjax.maps.healpix`.
"""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.bands import read_axes
from gjax.io.maps import open_fits
from gjax.maps.axis import MapAxis
from gjax.maps.healpix import HealpixMap, disk_around
from gjax.units import internal_unit

__all__ = ["healpix_from_hdus", "is_healpix", "read_healpix_map"]

_FRAMES = {"G": "galactic", "GAL": "galactic", "GALACTIC": "galactic"} | dict.fromkeys(
    ("C", "CEL", "EQU", "EQUATORIAL", "ICRS"), "icrs"
)
_BANDS = ("ENERGIES", "EBOUNDS")
#: What healpy writes where nothing is known.
_UNSEEN = -1.6375e30


def read_healpix_map(path: str | os.PathLike[str], hdu: str | int | None = None) -> HealpixMap:
    """Read one HEALPix map from a file.

    Parameters
    ----------
    path :
        FITS file, may be compressed.
    hdu :
        Name or number of the HDU; by default the first HEALPix map.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file is damaged or holds no such map.
    """
    with open_fits(path) as hdus:
        return healpix_from_hdus(hdus, hdu, path)


def is_healpix(path: str | os.PathLike[str]) -> bool:
    """Tell whether a FITS file holds a map in HEALPix pixels and no image before it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged or not a FITS file.
    """
    with open_fits(path) as hdus:
        for hdu in hdus:
            if hdu.header.get("PIXTYPE") == "HEALPIX":
                return True
            if hdu.is_image and hdu.data is not None:
                return False
        return False


def healpix_from_hdus(
    hdus: fits.HDUList,
    name: str | int | None = None,
    path: str | os.PathLike[str] | None = None,
) -> HealpixMap:
    """Make a map of a HEALPix table and its table of axes.

    Pixels may be all there in order, be listed in a column ``PIX``, or be listed with their bin in
    the columns ``PIX``, ``CHANNEL`` and ``VALUE``; what is not listed is zero. A file that names no
    frame, as those of gtexpcube2, is taken as icrs.

    Raises
    ------
    FileFormatError
        As `read_healpix_map`.
    """
    hdu = _find(hdus, name, path)
    header, place = hdu.header, {"path": path, "hdu": hdu.name or name}
    nside = int(header["NSIDE"]) if "NSIDE" in header else 2 ** int(header.get("ORDER", -1))
    if nside < 1:
        raise FileFormatError("neither NSIDE nor ORDER is given", **place)
    written = str(header.get("COORDSYS", header.get("COORDTYPE", "ICRS"))).strip().upper()
    if written not in _FRAMES:
        raise FileFormatError(f"the frame {written!r} is not known", column="COORDSYS", **place)
    axes = _axes(hdus, hdu, path)
    shape = (*(axis.nbin for axis in axes), 12 * nside**2)
    data = _values(hdu, shape, place)
    nested = str(header.get("ORDERING", "RING")).strip().upper().startswith("NEST")
    unit, factor = _unit(hdu)
    return HealpixMap(
        data=np.where(np.isclose(data, _UNSEEN, rtol=1e-5), np.nan, data) * factor,
        nside=nside,
        frame=_FRAMES[written],
        axes=axes,
        nested=nested,
        unit=unit,
        name=hdu.name,
        disk=_disk(hdu, nside, nested),
    )


def _find(hdus: fits.HDUList, name: str | int | None, path: Any) -> Any:
    maps = [hdu for hdu in hdus if hdu.header.get("PIXTYPE") == "HEALPIX"]
    if not maps:
        raise FileFormatError("no HEALPix map", path=path)
    if name is None:
        return maps[0]
    try:
        hdu = hdus[name]
    except (KeyError, IndexError):
        names = ", ".join(hdu.name for hdu in hdus)
        raise FileFormatError(f"no such HDU; there are {names}", path=path, hdu=name) from None
    if hdu not in maps:
        raise FileFormatError("not a HEALPix map", path=path, hdu=name)
    return hdu


def _axes(hdus: fits.HDUList, hdu: Any, path: Any) -> tuple[MapAxis, ...]:
    names = [str(hdu.header.get("BANDSHDU", "")), f"{hdu.name}_BANDS", *_BANDS]
    bands = next((name for name in names if name and name in hdus), None)
    return () if bands is None else read_axes(hdus[bands], path)


def _values(hdu: fits.BinTableHDU, shape: tuple[int, ...], place: dict[str, Any]) -> np.ndarray:
    """Read the values of all bins and pixels, whatever way they are stored."""
    table, names = hdu.data, {name.upper(): name for name in hdu.columns.names}
    if table is None or not names:
        raise FileFormatError("an empty table", **place)
    n_bins, n_pix = int(np.prod(shape[:-1])), shape[-1]
    flat = np.zeros((n_bins, n_pix))
    listed = np.asarray(table[names["PIX"]], int) if "PIX" in names else None
    if listed is not None and np.any((listed < 0) | (listed >= n_pix)):
        raise FileFormatError("a pixel is outside the map", column="PIX", **place)
    if listed is not None and {"CHANNEL", "VALUE"} <= set(names):
        channel = np.asarray(table[names["CHANNEL"]], int)
        if np.any((channel < 0) | (channel >= n_bins)):
            raise FileFormatError("a bin is outside the map", column="CHANNEL", **place)
        flat[channel, listed] = table[names["VALUE"]]
        return flat.reshape(shape)
    columns = [hdu.columns[name] for key, name in names.items() if key != "PIX"]
    if len(columns) > n_bins > 1:
        columns = [column for column in columns if re.search(r"\d+$", column.name)]
    values = np.stack([np.asarray(table[column.name], float) for column in columns])
    if listed is None:
        # healpy wraps one map into rows of 1024; others write a row with all bins for each pixel.
        by_pixel = len(columns) == 1 and n_bins > 1 and values.shape[1:] == (n_pix, n_bins)
        flat = values[0].T if by_pixel else values.reshape(len(columns), -1)
    elif values.shape == (n_bins, len(listed)):
        flat[:, listed] = values
    if flat.shape != (n_bins, n_pix) or (listed is not None and len(columns) != n_bins):
        raise FileFormatError(
            f"{len(columns)} columns of {values[0].size} values, expected {n_bins} of {n_pix}",
            **place,
        )
    return flat.reshape(shape)


def _disk(hdu: fits.BinTableHDU, nside: int, nested: bool) -> tuple[float, float, float] | None:
    """Give the part of the sky that a map knows: a disk in the header, or around its pixels."""
    found = re.match(r"DISK(?:_INC)?\(([^)]*)\)", str(hdu.header.get("HPX_REG", "")))
    if found:
        lon, lat, radius = (float(number) for number in found.group(1).split(","))
        return lon, lat, radius
    pixels = {name.upper(): name for name in hdu.columns.names}.get("PIX")
    # A sparse table leaves out what is zero, not what is unknown.
    is_sparse = str(hdu.header.get("INDXSCHM", "")).strip().upper() == "SPARSE"
    if pixels is None or is_sparse or not len(hdu.data):
        return None
    return disk_around(np.unique(np.asarray(hdu.data[pixels], int)), nside, nested)


def _unit(hdu: fits.BinTableHDU) -> tuple[str, float]:
    """Give the internal unit of the data and the factor that leads to it."""
    written = str(hdu.header.get("BUNIT", hdu.columns[-1].unit or "")).strip()
    if not written and hdu.name == "HPXEXPOSURES":
        written = "cm2 s"  # the Fermi tools leave it out
    try:
        internal = internal_unit(written)
        return internal, float(u.Unit(written).to(internal))
    except ValueError:
        return written, 1.0
