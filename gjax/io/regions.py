"""Regions of the sky as FITS tables, in the layout of Gammapy: shapes in pixels of an image.

The table has the columns of the FITS region format (SHAPE, X, Y, R, ROTANG; pixels count from zero)
and the keywords of a celestial projection. Regions as text are parsed where they are made
(`gjax.maps.region_geom`); what is measured in a region is in `gjax.io.region_maps`.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.gadf.fits_file import FitsTable, guarded
from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom
from gjax.maps.region_shape import KINDS, RegionShape
from gjax.maps.wcs import WcsGeom

__all__ = ["region_from_hdu", "region_to_hdu"]

_NAMES = {"rectangle": "rotbox"}
_KINDS = {"rotbox": "rectangle", "box": "rectangle"}
_BINSZ = 0.1
# Positions in pixels carry the noise of their conversion: 1e-9 deg is 4 micro arc seconds.
_DIGITS = 9


def region_to_hdu(geom: RegionGeom, name: str = "REGION") -> fits.BinTableHDU:
    """Make the table of the shapes of a region, in pixels of 0.1 deg around its centre.

    Parameters
    ----------
    geom :
        The region.
    name :
        Name of the HDU.

    Raises
    ------
    ValueError
        If the region is too large for a tangential projection.
    """
    image = geom.wcs_geom(binsz=_BINSZ)
    rows: list[Any] = [_row(shape, image) for shape in geom.shapes]
    if not all(np.isfinite(values).all() for _, *numbers in rows for values in numbers):
        raise ValueError("the region is too large to be written: it reaches beyond 90 deg")
    width = max(len(row[0]) for row in rows)
    columns = [fits.Column("SHAPE", f"{width}A", array=[row[0] for row in rows])]
    for number, (label, unit) in enumerate(
        (("X", "pix"), ("Y", "pix"), ("R", "pix"), ("ROTANG", "deg")), start=1
    ):
        values = _padded([row[number] for row in rows], repeat=label in "XY")
        length = values.shape[1]
        array = values if length > 1 else values[:, 0]
        columns.append(fits.Column(label, f"{length}D" if length > 1 else "D", unit, array=array))
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header.update(dict(image.cards))
    hdu.header["WCSSHAPE"] = f"({image.npix[0]},{image.npix[1]})"
    return hdu


def region_from_hdu(hdu: Any, path: str | os.PathLike[str] | None = None) -> RegionGeom | None:
    """Read the table of a region.

    Positions are rounded to 1e-9 deg, and repeated shapes are taken once: spectra that were stacked
    have the region of each observation.

    Parameters
    ----------
    hdu :
        The table.
    path :
        The file, for error messages.

    Returns
    -------
    RegionGeom | None
        None if the table has no celestial projection: detector coordinates of other missions.

    Raises
    ------
    FileFormatError
        If the table is damaged, or has shapes that are not supported.
    """
    table = FitsTable(path or "", hdu.name or "REGION", hdu)  # type: ignore[arg-type]
    if "CTYPE1" not in table.header:
        return None
    with guarded(path or "", hdu.name):
        header = dict(table.header)
        header.setdefault("WCSSHAPE", "(1,1)")
        image = WcsGeom.from_header(header)
        _ = image.frame
    names = [name.lower() for name in table.strings("SHAPE")]
    columns = [_matrix(table, label, len(names)) for label in ("X", "Y", "R", "ROTANG")]
    shapes = []
    for number, name in enumerate(names):
        kind = _KINDS.get(name, name)
        if kind not in KINDS:
            raise table.error(f"shapes of kind {name!r} cannot be read", "SHAPE")
        x, y, size, angle = (column[number] for column in columns)
        with guarded(path or "", hdu.name, "SHAPE"):
            values = _values(kind, x, y, size, float(angle[0]), image)
            shapes.append(_shape(kind, values, image.frame))
    if not shapes:
        raise FileFormatError("there is no shape", path=path, hdu=hdu.name)
    return RegionGeom(tuple(dict.fromkeys(shapes)), shapes[0].frame)


def _local_scale(image: WcsGeom, lon: float, lat: float) -> tuple[float, float]:
    """Size of a pixel in deg towards the north, and the angle of north from the x axis in deg."""
    step = 1e-4 if lat < 0 else -1e-4  # away from the pole
    x, y = image.coord_to_pix([lon, lon], [lat, lat + step])
    dx, dy = np.diff(x)[0] / step, np.diff(y)[0] / step
    return float(1 / np.hypot(dx, dy)), float(np.degrees(np.arctan2(dy, dx)))


def _shape(kind: str, values: list[float], frame: str) -> RegionShape:
    """Make a shape; equatorial coordinates in FK5 become ICRS, from which they hardly differ."""
    if frame == "fk5":
        number = len(values) if kind == "polygon" else 2
        lon, lat = convert(values[:number:2], values[1:number:2], frame, "icrs")
        values = [*np.stack([lon, lat], axis=-1).ravel().tolist(), *values[number:]]
    rounded = tuple(np.round(values, _DIGITS).tolist())
    return RegionShape(kind, rounded, "galactic" if frame == "galactic" else "icrs")


def _row(shape: RegionShape, image: WcsGeom) -> tuple[str, Any, Any, Any, Any]:
    """Give name, X, Y, R and ROTANG of one shape in pixels."""
    name = _NAMES.get(shape.kind, shape.kind)
    if shape.kind == "polygon":
        x, y = image.coord_to_pix(*np.reshape(shape.values, (-1, 2)).T)
        return name, x, y, np.zeros(1), np.zeros(1)
    x, y = image.coord_to_pix(*shape.values[:2])
    scale, north = _local_scale(image, *shape.values[:2])
    sizes, angle = np.array(shape.values[2:4] or (0.0,)) / scale, 0.0
    if shape.kind in ("ellipse", "rectangle"):
        angle = shape.values[4] + north - 90.0
    # The format has full widths of boxes, but half axes of ellipses.
    sizes = sizes / 2 if shape.kind == "ellipse" else sizes
    return name, np.atleast_1d(x), np.atleast_1d(y), sizes, np.array([angle])


def _padded(rows: list[np.ndarray], *, repeat: bool) -> np.ndarray:
    """Bring rows to one length; the last corner of a polygon may be repeated without harm."""
    length = max(len(row) for row in rows)
    return np.array(
        [
            np.append(row, np.full(length - len(row), row[-1] if repeat and len(row) > 1 else 0.0))
            for row in rows
        ]
    )


def _matrix(table: FitsTable, label: str, n_rows: int) -> np.ndarray:
    """Read a column as ``(n_rows, n)``; it may be missing where no shape needs it."""
    if label in ("R", "ROTANG") and label not in table.columns:
        return np.zeros((n_rows, 1))
    with guarded(table.path, table.hdu, label):
        return np.array(table.raw(label), float).reshape(n_rows, -1)


def _values(
    kind: str, x: np.ndarray, y: np.ndarray, size: np.ndarray, angle: float, image: WcsGeom
) -> list[float]:
    """Give the numbers of a shape (see `gjax.maps.region_shape.KINDS`) of its row in pixels."""
    if kind == "polygon":
        # Shorter polygons are filled up with zeros by other programs.
        used = np.flatnonzero((x != 0) | (y != 0))[-1] + 1
        corners = np.stack([x, y])[:, :used]
        keep = np.append(True, np.any(np.diff(corners) != 0, axis=0))
        return np.stack(image.pix_to_coord(*corners[:, keep]), axis=-1).ravel().tolist()
    lon, lat = (float(value) for value in image.pix_to_coord(x[0], y[0]))
    scale, north = _local_scale(image, lon, lat)
    number = len(KINDS[kind]) - 2
    sizes = (size[: min(number, 2)] * scale).tolist()
    if kind == "ellipse":
        sizes = [2 * value for value in sizes]
    return [lon, lat, *sizes, *([(angle - north + 90.0) % 360.0] if number == 3 else [])]
