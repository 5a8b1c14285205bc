"""What a dataset in a FITS file says beside its maps: good time, live time, observations.

The tables GTI and META_TABLE, and the live time noted with the exposure. Maps are in
`gjax.io.datasets`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits

from gjax.dataset.dataset import Dataset
from gjax.errors import FileFormatError
from gjax.events.epoch import epoch_mjd
from gjax.events.gti import GTI

__all__ = [
    "gti_from_hdus",
    "gti_to_hdu",
    "livetime_from_hdus",
    "meta_from_hdus",
    "meta_to_hdu",
]


def gti_to_hdu(gti: GTI) -> fits.BinTableHDU:
    """Make the table GTI."""
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


def gti_from_hdus(hdus: fits.HDUList, path: Any) -> GTI | None:
    """Read the table GTI; None if there is none.

    Raises
    ------
    FileFormatError
        If a column is missing, or an interval ends before it begins.
    """
    if "GTI" not in hdus:
        return None
    hdu = hdus["GTI"]
    times = {}
    for column in ("START", "STOP"):
        place = {"path": path, "hdu": "GTI", "column": column}
        if column not in hdu.columns.names:
            raise FileFormatError("the column is missing", **place)
        unit = hdu.columns[column].unit or hdu.header.get("TIMEUNIT", "s")
        try:
            times[column] = np.asarray(hdu.data[column], float) * u.Unit(unit).to("s")
        except (ValueError, TypeError) as error:
            raise FileFormatError(f"cannot be read as times: {error}", **place) from error
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


def meta_to_hdu(dataset: Dataset) -> fits.BinTableHDU:
    """Make the table META_TABLE, one row: the observations, and the telescope of each."""
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


def meta_from_hdus(hdus: fits.HDUList) -> dict[str, Any]:
    """Read observations, telescope and instrument, as arguments of a dataset."""
    if "META_TABLE" not in hdus:
        return {}
    hdu = hdus["META_TABLE"]
    meta: dict[str, Any] = {"instrument": str(hdu.header.get("INSTRUME", "")).strip()}
    names = hdu.columns.names
    if "OBS_ID" in names:
        values = [str(value).strip() for value in np.ravel(hdu.data["OBS_ID"])]
        # Those of some instruments are texts, for which there is no room.
        meta["obs_ids"] = tuple(int(value) for value in values if value.isdecimal())
    if "TELESCOP" in names:
        values = [str(value).strip() for value in np.ravel(hdu.data["TELESCOP"])]
        meta["telescope"] = ", ".join(dict.fromkeys(value for value in values if value))
    return meta


def livetime_from_hdus(hdus: fits.HDUList) -> np.ndarray | None:
    """Read the live time in s as Gammapy notes it with the exposure; None if it does not."""
    if "EXPOSURE" not in hdus:
        return None
    try:
        text = json.loads(hdus["EXPOSURE"].header.get("META", "{}"))["livetime"]
        return np.asarray(u.Quantity(text).to_value("s"))
    except (KeyError, TypeError, ValueError, u.UnitsError):
        return None
