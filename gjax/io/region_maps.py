"""Maps whose one pixel is a region of the sky, in FITS tables in the layout of Gammapy.

A table with one row per bin of the first axis, a table of the axes (`gjax.io.bands`) and one of the
region (`gjax.io.regions`). Maps of images are in `gjax.io.maps`, which comes here for these.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.bands import axes_header, axes_to_hdu, read_axes
from gjax.io.gadf.fits_file import FitsTable, guarded
from gjax.io.map_units import from_stored_unit, to_stored_unit
from gjax.io.regions import region_from_hdu, region_to_hdu
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom

__all__ = ["NO_REGION", "is_region_map", "region_map_from_hdus", "region_map_to_hdus"]

Path = str | os.PathLike[str]

#: Stands for the region of a spectrum that does not say where it was taken: a point, in which every
#: source counts in full.
NO_REGION = RegionGeom.point(0.0, 0.0)


def is_region_map(hdu: Any) -> bool:
    """Tell whether a HDU holds a map of a region."""
    return isinstance(hdu, fits.BinTableHDU) and "DATA" in hdu.columns.names


def region_map_to_hdus(
    map_: Map, name: str, *, unit: str | None = None, meta: Mapping[str, Any] | None = None
) -> list[Any]:
    """Make the HDUs of a map on a region: ``<name>``, ``<name>_BANDS`` and ``<name>_REGION``.

    Parameters
    ----------
    map_ :
        What to store, with at least one axis.
    name :
        Name of the first HDU.
    unit :
        Unit in the file (see `gjax.io.map_units.to_stored_unit`).
    meta :
        Free metadata, kept as JSON.
    """
    name = name.upper()
    data = np.asarray(map_.data)
    unit, factor = to_stored_unit(map_.unit, unit)
    cell = data.shape[1:]
    code = "L" if map_.is_mask else "D"
    columns = [
        fits.Column("CHANNEL", "I", array=np.arange(len(data))),
        fits.Column(
            "DATA",
            f"{int(np.prod(cell))}{code}",
            unit or None,
            dim=str(cell[::-1]).replace(" ", ""),
            array=data if factor == 1.0 else data * factor,
        ),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header.update(axes_header(map_.axes))
    if meta:
        hdu.header["META"] = json.dumps(dict(meta))
    hdus = [hdu, axes_to_hdu(map_.axes, f"{name}_BANDS")]
    geom: Any = map_.geom
    return hdus if geom == NO_REGION else [*hdus, region_to_hdu(geom, f"{name}_REGION")]


def region_map_from_hdus(hdus: fits.HDUList, name: str, path: Path | None = None) -> Map:
    """Make a map of the HDUs of a region.

    Parameters
    ----------
    hdus :
        An open file.
    name :
        Name of the first HDU.
    path :
        The file, for error messages.

    Returns
    -------
    Map
        On a `RegionGeom`, which is `NO_REGION` if the file does not say.

    Raises
    ------
    FileFormatError
        If a HDU or column is missing or damaged, or its parts do not fit together.
    """
    table = FitsTable(path or "", name, hdus[name])  # type: ignore[arg-type]
    bands = table.text("BANDSHDU", f"{name}_BANDS")
    if bands not in hdus:
        raise FileFormatError("there is no such HDU", path=path, hdu=bands)
    axes = read_axes(hdus[bands], path)
    region = f"{name}_REGION"
    geom = region_from_hdu(hdus[region], path) if region in hdus else None
    geom = geom or NO_REGION
    data = table.raw("DATA")
    shape = (*_lengths(axes), *geom.shape)
    if data.size != int(np.prod(shape)):
        raise table.error(f"{data.size} values for axes of shape {shape}", "DATA")
    data = data.reshape(shape)
    place: Any = geom
    if data.dtype == bool:
        return Map(data, place, axes, "", name)
    with guarded(table.path, name, "DATA"):
        data = data.astype(float)
    unit, factor = from_stored_unit(str(hdus[name].columns["DATA"].unit or ""))
    return Map(data if factor == 1.0 else data * factor, place, axes, unit, name)


def _lengths(axes: tuple[MapAxis, ...]) -> tuple[int, ...]:
    return tuple(axis.nbin for axis in axes)
