"""Celestial FITS-WCS keywords as hashable values, and back.

Only what places pixels on the sky is kept; dates, observers and other axes are dropped. astropy is
imported where it is used, since it takes long: a fit of spectra has no image.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from astropy.wcs import WCS

__all__ = [
    "Cards",
    "cached_wcs",
    "cards_from_header",
    "cards_from_wcs",
    "frame_of",
    "new_wcs",
    "shifted",
]

Cards: TypeAlias = tuple[tuple[str, str | float], ...]

_FRAMES = {"icrs": "ICRS", "galactic": "Galactic", "fk5": "FK5"}


def _rounded(value: float) -> float:
    # 14 digits are what wcslib writes: a geometry and its copy from a file are then equal.
    value = float(f"{float(value):.14g}")
    return value if abs(value) > 1e-13 else 0.0


def new_wcs(
    frame: str,
    proj: str,
    crval: tuple[float, float],
    crpix: tuple[float, float],
    cdelt: tuple[float, float],
) -> WCS:
    """Make a WCS with the usual poles for a frame ("icrs", "galactic", "fk5") and a projection.

    Raises
    ------
    ValueError
        If the frame or the projection is unknown.
    """
    from astropy import coordinates
    from astropy.wcs import WcsError
    from astropy.wcs.utils import celestial_frame_to_wcs

    if frame not in _FRAMES:
        raise ValueError(f"frame is {frame!r}, not one of {', '.join(_FRAMES)}")
    wcs = celestial_frame_to_wcs(getattr(coordinates, _FRAMES[frame])(), projection=proj)
    # Rounded before wcslib sees it: the default of the pole jumps with the sign of the latitude.
    wcs.wcs.crval = [_rounded(value) for value in crval]
    wcs.wcs.crpix, wcs.wcs.cdelt = crpix, cdelt
    try:
        wcs.wcs.set()
    except WcsError as error:
        raise ValueError(f"projection {proj!r} in frame {frame!r}: {error}") from None
    return wcs


def cards_from_wcs(wcs: WCS) -> Cards:
    """Extract the canonical cards; values are rounded to 14 digits, angles are in deg.

    Raises
    ------
    ValueError
        If the WCS is not of two celestial axes, longitude first.
    """
    from astropy.wcs import WcsError

    try:
        wcs.wcs.set()
    except WcsError as error:
        raise ValueError(f"the celestial WCS is not consistent: {error}") from None
    prm = wcs.wcs
    if prm.naxis != 2 or (prm.lng, prm.lat) != (0, 1):
        raise ValueError(
            f"not an image of the sky with longitude first: CTYPE is {list(prm.ctype)}"
        )
    matrix = prm.get_pc() * np.asarray(prm.get_cdelt())[:, None]
    cdelt, pc = np.asarray(prm.get_cdelt()), prm.get_pc()
    if not np.any(matrix - np.diag(np.diag(matrix))):
        cdelt, pc = np.diag(matrix), np.eye(2)  # a CD matrix without rotation
    cards: list[tuple[str, str | float]] = []
    for i in (0, 1):
        numbers = {"CRPIX": prm.crpix[i], "CDELT": cdelt[i], "CRVAL": prm.crval[i]}
        cards += [(f"CTYPE{i + 1}", str(prm.ctype[i])), (f"CUNIT{i + 1}", str(prm.cunit[i]))]
        cards += [(f"{key}{i + 1}", _rounded(value)) for key, value in numbers.items()]
    if np.any(pc != np.eye(2)):
        cards += [(f"PC{i + 1}_{j + 1}", _rounded(pc[i, j])) for i in (0, 1) for j in (0, 1)]
    cards += [("LONPOLE", _rounded(prm.lonpole)), ("LATPOLE", _rounded(prm.latpole))]
    cards += [(f"PV{i}_{m}", _rounded(value)) for i, m, value in prm.get_pv()]
    if prm.radesys:
        cards.append(("RADESYS", str(prm.radesys)))
        if prm.radesys.startswith("FK") and np.isfinite(prm.equinox):
            cards.append(("EQUINOX", _rounded(prm.equinox)))
    return tuple(cards)


def cards_from_header(header: Any) -> tuple[tuple[int, int], Cards]:
    """Extract image size ``(nx, ny)`` and cards from a FITS header.

    Raises
    ------
    ValueError
        If there is no celestial WCS or no image size.
    """
    from astropy.wcs import WCS, FITSFixedWarning, WcsError

    if "CTYPE1" not in header or "CTYPE2" not in header:
        raise ValueError("no CTYPE1 and CTYPE2: not an image of the sky")
    wanted = re.compile(
        r"(CTYPE|CUNIT|CRPIX|CDELT|CRVAL|CROTA)[12]|(PC|CD)[12]_[12]|PV[12]_\d+"
        r"|LONPOLE|LATPOLE|RADESYS|RADECSYS|EQUINOX"
    )
    celestial = {key: header[key] for key in header if wanted.fullmatch(key)}
    for key in ("CRVAL1", "CRVAL2"):
        if isinstance(celestial.get(key), float):
            celestial[key] = _rounded(celestial[key])
    with warnings.catch_warnings():
        # wcslib reports each old keyword that it understands; that is as wished.
        warnings.simplefilter("ignore", FITSFixedWarning)
        try:
            wcs = WCS(celestial, naxis=2)
        except (WcsError, ValueError, TypeError) as error:
            raise ValueError(f"the celestial WCS cannot be read: {error}") from None
    cards = cards_from_wcs(wcs)
    if "NAXIS1" in header and "NAXIS2" in header and "XTENSION" not in header:
        return (int(header["NAXIS1"]), int(header["NAXIS2"])), cards
    if header.get("XTENSION", "").strip() == "IMAGE" and "NAXIS2" in header:
        return (int(header["NAXIS1"]), int(header["NAXIS2"])), cards
    size = re.match(r"\s*\(?\s*(\d+)\s*,\s*(\d+)", str(header.get("WCSSHAPE", "")))
    if size is None:
        raise ValueError("no image size: neither NAXIS1 and NAXIS2 nor WCSSHAPE")
    return (int(size[1]), int(size[2])), cards


@lru_cache(maxsize=256)
def cached_wcs(cards: Cards) -> WCS:
    """Build the astropy WCS of some cards. It is shared: never change it."""
    from astropy.wcs import WCS

    wcs = WCS(dict(cards), naxis=2)
    wcs.wcs.set()
    return wcs


def frame_of(cards: Cards) -> str:
    """Name the celestial frame of some cards.

    Raises
    ------
    ValueError
        If it is none of icrs, galactic and fk5 (J2000).
    """
    values = dict(cards)
    kind = str(values["CTYPE1"])[:4]
    system = str(values.get("RADESYS", "ICRS"))
    if kind == "GLON":
        return "galactic"
    if kind == "RA--" and system == "ICRS":
        return "icrs"
    if kind == "RA--" and system == "FK5" and values.get("EQUINOX", 2000.0) == 2000.0:
        return "fk5"
    raise ValueError(f"the celestial frame {kind.rstrip('-')} {system} is not supported")


def shifted(cards: Cards, x: float, y: float) -> Cards:
    """Move the reference pixel by x and y pixels."""
    shift = {"CRPIX1": x, "CRPIX2": y}
    return tuple(
        (key, _rounded(float(value) + shift[key]) if key in shift else value)
        for key, value in cards
    )
