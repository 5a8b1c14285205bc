"""Sky maps in FITS files, in the layout of Gammapy ("gadf") and of the Fermi tools.

One image HDU with the celestial WCS, and a table of its other axes (`gjax.io.bands`). Maps of a
region are tables (`gjax.io.region_maps`); HEALPix maps are not read here. Datasets of several maps
are in `gjax.io.datasets`.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pathlib
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.atomic import atomic_write
from gjax.io.bands import axes_header, axes_to_hdu, read_axes
from gjax.io.map_units import from_stored_unit, to_stored_unit
from gjax.io.region_maps import is_region_map, region_map_from_hdus, region_map_to_hdus
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom

__all__ = [
    "map_from_hdus",
    "map_to_hdus",
    "open_fits",
    "read_map",
    "read_mask",
    "write_map",
]

Path = str | os.PathLike[str]

# What astropy and numpy raise on damaged files.
_DAMAGE = (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError)

# Names of HDUs that hold booleans, stored as integers.
_MASK_NAMES = ("mask", "is_ul", "success")


@contextmanager
def open_fits(path: Path) -> Iterator[fits.HDUList]:
    """Open a FITS file for reading, and close it; damage of any kind is a `FileFormatError`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is not a FITS file or is cut off, also where that shows only inside the block.
    """
    with warnings.catch_warnings():
        # astropy only warns when data are missing at the end of a file.
        warnings.filterwarnings("error", message=".*truncated.*")
        try:
            raw = pathlib.Path(path).read_bytes()
            if raw.startswith(b"\x1f\x8b"):
                # All at once: read bit by bit, a compressed file that is cut off seems to be over.
                raw = gzip.decompress(raw)
            with fits.open(io.BytesIO(raw), memmap=False, lazy_load_hdus=False) as hdus:
                _check_end(hdus, len(raw), path)
                yield hdus
        except (FileNotFoundError, IsADirectoryError, PermissionError, FileFormatError):
            raise
        except (OSError, EOFError, zlib.error, UserWarning, fits.VerifyError) as error:
            raise FileFormatError(f"not a readable FITS file: {error}", path=path) from error
        except _DAMAGE as error:
            raise FileFormatError(f"damaged or not as expected: {error!r}", path=path) from error


def _check_end(hdus: fits.HDUList, size: int, path: Path) -> None:
    """Check that the last HDU ends with the file: neither is cut off."""
    info = hdus[-1].fileinfo()
    end = info["datLoc"] + info["datSpan"]
    # Files may lack the padding of the last block; a header is a multiple of 80 bytes.
    if size < info["datLoc"] + int(hdus[-1].size) or size - end >= 80:
        name = hdus[-1].name or len(hdus) - 1
        raise FileFormatError(
            f"the file is cut off: {size} bytes, and HDU {name!r} ends at {end}", path=path
        )


def read_map(path: Path, hdu: str | int | None = None) -> Map:
    """Read one map from a file.

    Data and axes come in internal units; a unit that astropy does not know is kept as written. HDUs
    with "mask", "is_ul" or "success" in the name give booleans, all others float64.

    Parameters
    ----------
    path :
        FITS file, may be compressed (``.fits.gz``).
    hdu :
        Name or number of the HDU; by default the first with data.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If the file is damaged or holds no such map.
    """
    with open_fits(path) as hdus:
        return map_from_hdus(hdus, hdu, path)


def read_mask(path: Path, hdu: str | int | None = None) -> Map:
    """Read a map of zeros and ones as booleans, whatever the HDU is called.

    Raises
    ------
    FileFormatError
        As `read_map`, and if there are other values than zeros and ones.
    """
    found = read_map(path, hdu)
    if not np.all((found.data == 0) | (found.data == 1)):
        raise FileFormatError("not a mask: there are values other than 0 and 1", path=path, hdu=hdu)
    return Map(found.data.astype(bool), found.geom, found.axes, "", found.name)


def write_map(
    map_: Map,
    path: Path,
    *,
    hdu: str = "PRIMARY",
    overwrite: bool = False,
    meta: Mapping[str, Any] | None = None,
) -> None:
    """Write one map to a FITS file, compressed if the name ends with ``.gz``.

    Parameters
    ----------
    map_ :
        What to write.
    path :
        The file.
    hdu :
        Name of the HDU; with ``"PRIMARY"`` the map is the primary HDU.
    overwrite :
        Whether an existing file may be replaced.
    meta :
        Free metadata, kept as JSON.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is false.
    """
    hdus = map_to_hdus(map_, hdu, meta=meta)
    if hdu.upper() != "PRIMARY":
        hdus.insert(0, fits.PrimaryHDU())
    with atomic_write(path, overwrite=overwrite) as temporary:
        fits.HDUList(hdus).writeto(temporary)


def map_to_hdus(
    map_: Map, name: str, *, unit: str | None = None, meta: Mapping[str, Any] | None = None
) -> list[Any]:
    """Make the HDUs of a map: the image and, if it has axes, the table ``<name>_BANDS``.

    Masks are stored as 8-bit integers.

    Parameters
    ----------
    map_ :
        What to store.
    name :
        Name of the image HDU; with ``"PRIMARY"`` it is a primary HDU.
    unit :
        Unit in the file; by default that of the map, save that exposures (cm2 s) are stored in m2 s
        as Gammapy does.
    meta :
        Free metadata, kept as JSON in the keyword META.
    """
    name = name.upper()
    if isinstance(map_.geom, RegionGeom):
        return region_map_to_hdus(map_, name, unit=unit, meta=meta)
    data = np.asarray(map_.data)
    data = data.astype(np.uint8) if map_.is_mask else data
    unit, factor = to_stored_unit(map_.unit, unit)
    header = fits.Header(dict(map_.geom.cards))
    header.update(axes_header(map_.axes))
    sizes = (*map_.geom.npix, *(axis.nbin for axis in reversed(map_.axes)))
    header["WCSSHAPE"] = f"({','.join(map(str, sizes))})"
    header["BUNIT"] = unit
    header["META"] = json.dumps(dict(meta or {}))
    hdus: list[Any] = []
    if map_.axes:
        header["BANDSHDU"] = f"{name}_BANDS"
        hdus.append(axes_to_hdu(map_.axes, f"{name}_BANDS"))
    data = data if factor == 1.0 else data * factor
    if name == "PRIMARY":
        return [fits.PrimaryHDU(data, header), *hdus]
    return [fits.ImageHDU(data, header, name=name), *hdus]


def map_from_hdus(
    hdus: fits.HDUList, name: str | int | None = None, path: Path | None = None
) -> Map:
    """Make a map of an image HDU (dense or sparse) and its table of axes.

    Parameters
    ----------
    hdus :
        An open file.
    name :
        Name or number of the HDU; by default the first with data.
    path :
        The file, for error messages.

    Raises
    ------
    FileFormatError
        If the HDU is missing, is no map of an image or a region, or its parts do not fit together.
    """
    hdu = _find(hdus, name, path)
    if is_region_map(hdu):
        return region_map_from_hdus(hdus, hdu.name, path)
    place = {"path": path, "hdu": hdu.name or name}
    if hdu.header.get("PIXTYPE") == "HEALPIX":
        raise FileFormatError("a HEALPix map: use read_healpix_map", **place)
    try:
        geom = WcsGeom.from_header(hdu.header)
        _ = geom.frame
    except ValueError as error:
        raise FileFormatError(str(error), **place) from error
    bands = _find_bands(hdus, hdu)
    axes = () if bands is None else read_axes(_find(hdus, bands, path), path)
    shape = (*(axis.nbin for axis in axes), *geom.shape)
    try:
        data = _sparse(hdu, shape, place) if isinstance(hdu, fits.BinTableHDU) else hdu.data
    except (OSError, TypeError, ValueError, EOFError, zlib.error) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"the data cannot be read: {error}", **place) from error
    if data is None or data.shape != shape:
        found = None if data is None else data.shape
        raise FileFormatError(f"the data have shape {found}, but the axes {shape}", **place)
    if any(part in hdu.name.lower() for part in _MASK_NAMES):
        return Map(data.astype(bool), geom, axes, "", hdu.name)
    unit, factor = _read_unit(hdus, hdu, bands)
    data = data.astype(float)
    return Map(data if factor == 1.0 else data * factor, geom, axes, unit, hdu.name)


def _find(hdus: fits.HDUList, name: str | int | None, path: Path | None) -> Any:
    if name is None:
        for hdu in hdus:
            if hdu.header.get("NAXIS", 0) > 0:
                return hdu
        raise FileFormatError("no HDU with data", path=path)
    try:
        return hdus[name]
    except (KeyError, IndexError):
        names = ", ".join(hdu.name for hdu in hdus)
        raise FileFormatError(f"no such HDU; there are {names}", path=path, hdu=name) from None


def _find_bands(hdus: fits.HDUList, hdu: Any) -> str | None:
    """Name the table of axes of an image; the Fermi tools do not say which."""
    if "BANDSHDU" in hdu.header:
        return str(hdu.header["BANDSHDU"])
    if hdu.header.get("NAXIS") == 3:
        return next((name for name in ("EBOUNDS", "ENERGIES") if name in hdus), None)
    return None


def _sparse(hdu: fits.BinTableHDU, shape: tuple[int, ...], place: dict[str, Any]) -> np.ndarray:
    """Spread the non-zero pixels of a sparse map."""
    for column in ("PIX", "VALUE"):
        if column not in hdu.columns.names:
            raise FileFormatError(
                "not a sparse WCS map: the column is missing", column=column, **place
            )
    n_pixel = shape[-1] * shape[-2]
    flat = np.zeros((int(np.prod(shape[:-2])), n_pixel))
    pixel = np.asarray(hdu.data["PIX"], int)
    channel = np.asarray(hdu.data["CHANNEL"], int) if "CHANNEL" in hdu.columns.names else 0 * pixel
    if np.any((pixel < 0) | (pixel >= n_pixel) | (channel < 0) | (channel >= len(flat))):
        raise FileFormatError("a pixel is outside the map", column="PIX", **place)
    flat[channel, pixel] = hdu.data["VALUE"]
    return flat.reshape(shape)


def _read_unit(hdus: fits.HDUList, hdu: Any, bands: str | None) -> tuple[str, float]:
    """Give the internal unit of the data and the factor that leads to it."""
    written = str(hdu.header.get("BUNIT", "")).strip()
    if not written and bands == "ENERGIES":
        # The Fermi tools leave it out: exposures come with intervals of time, fluxes do not.
        written = "cm2 s" if "GTI" in hdus else "cm-2 s-1 MeV-1 sr-1"
    return from_stored_unit(written)
