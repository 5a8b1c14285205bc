"""A store of observations in the format of gamma-astro-data-formats (GADF)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from gjax.errors import FileFormatError, UnknownNameError
from gjax.events.epoch import as_seconds, epoch_mjd
from gjax.events.observation import Observation
from gjax.io.gadf import events as gadf_events
from gjax.io.gadf.fits_file import FitsFile, FitsTable
from gjax.io.gadf.index import HDULocation, find_index_files, read_hdu_index, read_obs_index
from gjax.io.gadf.irf import read_irf
from gjax.irf.background import Background3D
from gjax.irf.rad_max import RadMax
from gjax.maps.frames import convert
from gjax.numerics.sphere import separation
from gjax.units import to_internal

__all__ = ["IRF_TYPES", "REQUIRED_IRFS", "DataStore"]

log = logging.getLogger(__name__)

#: The responses that an observation may have.
IRF_TYPES = ("aeff", "edisp", "psf", "bkg", "rad_max")

#: Short names for sets of responses that must be there.
REQUIRED_IRFS = {
    "full-enclosure": ("aeff", "edisp", "psf", "bkg"),
    "point-like": ("aeff", "edisp"),
    "all-optional": (),
}


@dataclass(frozen=True)
class DataStore:
    """Observations on disk, found through an hdu-index and an obs-index.

    Parameters
    ----------
    path :
        The folder with the index files, or the hdu-index file. Environment variables are expanded.

    Raises
    ------
    FileNotFoundError
        If there is no hdu-index.
    FileFormatError
        If it cannot be read.

    Examples
    --------
    >>> store = DataStore("$GAMMAPY_DATA/hess-dl3-dr1")  # doctest: +SKIP
    >>> observations = store.observations([23523, 23526])  # doctest: +SKIP
    """

    path: Path
    _obs_index: Path | None
    _hdus: dict[int, tuple[HDULocation, ...]]

    def __init__(self, path: str | os.PathLike[str]) -> None:
        hdu_index, obs_index = find_index_files(path)
        object.__setattr__(self, "path", hdu_index)
        object.__setattr__(self, "_obs_index", obs_index)
        object.__setattr__(self, "_hdus", read_hdu_index(hdu_index))

    @property
    def obs_ids(self) -> list[int]:
        """Numbers of all observations, in increasing order."""
        return list(self._hdus)

    @property
    def obs_table(self) -> Table:
        """The obs-index as an astropy table (read anew at each access)."""
        return read_obs_index(self.path, self._obs_index)

    def available(self, obs_id: int) -> tuple[str, ...]:
        """Give the types of HDUs that the index lists for an observation.

        Raises
        ------
        UnknownNameError
            If there is no such observation.
        """
        if obs_id not in self._hdus:
            ids = ", ".join(str(each) for each in self.obs_ids[:20])
            more = ", ..." if len(self.obs_ids) > 20 else ""
            raise UnknownNameError(f"{self.path}: no observation {obs_id}, there are {ids}{more}")
        return tuple(dict.fromkeys(location.hdu_type for location in self._hdus[obs_id]))

    def select_cone(self, lon: Any, lat: Any, radius: Any, frame: str = "icrs") -> list[int]:
        """Give the observations whose pointing lies within a cone.

        Parameters
        ----------
        lon, lat :
            Centre in ``frame``, deg or quantities.
        radius :
            Opening angle in deg or as a quantity.
        frame :
            ``"icrs"`` or ``"galactic"``.
        """
        table = self.obs_table
        for name in ("RA_PNT", "DEC_PNT"):
            if name not in table.colnames:
                raise FileFormatError(
                    "column is missing, a cone cannot be selected",
                    path=self._obs_index or self.path,
                    column=name,
                )
        lon, lat = convert(
            to_internal(lon, "deg", "lon"), to_internal(lat, "deg", "lat"), frame, "icrs"
        )
        distance = separation(
            lon, lat, np.asarray(table["RA_PNT"], float), np.asarray(table["DEC_PNT"], float)
        )
        return self._known(table, distance <= to_internal(radius, "deg", "radius"))

    def select_time(self, start: Any, stop: Any, *, overlap: bool = True) -> list[int]:
        """Give the observations that overlap a time box.

        Parameters
        ----------
        start, stop :
            Astropy times.
        overlap :
            Whether part of an observation within the box is enough; otherwise all of it must be.
        """
        table = self.obs_table
        for name in ("TSTART", "TSTOP"):
            if name not in table.colnames:
                raise FileFormatError(
                    "column is missing, times cannot be selected",
                    path=self._obs_index or self.path,
                    column=name,
                )
        meta = table.meta
        reference = epoch_mjd(
            float(meta.get("MJDREFI", 51544)),
            float(meta.get("MJDREFF", 0.0)),
            str(meta.get("TIMESYS", "TT")),
        )
        low, high = as_seconds(start, reference), as_seconds(stop, reference)
        first, last = np.asarray(table["TSTART"], float), np.asarray(table["TSTOP"], float)
        inside = (last > low) & (first < high) if overlap else (first >= low) & (last <= high)
        return self._known(table, inside)

    def _known(self, table: Table, mask: np.ndarray) -> list[int]:
        ids = np.asarray(table["OBS_ID"])[np.asarray(mask)]
        return [int(obs_id) for obs_id in dict.fromkeys(ids.tolist()) if obs_id in self._hdus]

    def observation(
        self, obs_id: int, required_irf: Sequence[str] | str = REQUIRED_IRFS["full-enclosure"]
    ) -> Observation:
        """Read one observation.

        Parameters
        ----------
        obs_id :
            Its number.
        required_irf :
            The responses that must be there (of `IRF_TYPES`), or a key of `REQUIRED_IRFS`. Others
            are read where there are.

        Raises
        ------
        UnknownNameError
            If there is no such observation.
        FileFormatError
            If a required HDU is missing, or anything in a file is damaged or inconsistent.
        """
        missing = self._missing(obs_id, required_irf)
        if missing:
            raise FileFormatError(
                f"observation {obs_id} has no {', '.join(missing)}", path=self.path, hdu="HDU_INDEX"
            )
        first: dict[str, HDULocation] = {}
        for location in self._hdus[obs_id]:
            if location.hdu_type in first:
                log.info("observation %d: more than one %s", obs_id, location.hdu_type)
            first.setdefault(location.hdu_type, location)
        return _read_observation(obs_id, first)

    def observations(
        self,
        ids: Iterable[int] | None = None,
        required_irf: Sequence[str] | str = REQUIRED_IRFS["full-enclosure"],
    ) -> list[Observation]:
        """Read several observations, in the order of ``ids`` (all if None).

        An observation that lacks a required HDU in the index is skipped, with a warning in the log.

        Raises
        ------
        UnknownNameError
            If there is no such observation.
        FileFormatError
            If no observation has all that is required, or a file is damaged.
        """
        ids = self.obs_ids if ids is None else [int(obs_id) for obs_id in ids]
        complete = []
        for obs_id in ids:
            missing = self._missing(obs_id, required_irf)
            if missing:
                log.warning("observation %d skipped: it has no %s", obs_id, ", ".join(missing))
            else:
                complete.append(obs_id)
        if ids and not complete:
            raise FileFormatError(
                f"none of {len(ids)} observations has all of the HDUs required",
                path=self.path,
                hdu="HDU_INDEX",
            )
        return [self.observation(obs_id, required_irf) for obs_id in complete]

    def _missing(self, obs_id: int, required_irf: Sequence[str] | str) -> list[str]:
        if isinstance(required_irf, str):
            if required_irf not in REQUIRED_IRFS:
                raise ValueError(
                    f"required_irf must be one of {sorted(REQUIRED_IRFS)} or a list, "
                    f"got {required_irf!r}"
                )
            required_irf = REQUIRED_IRFS[required_irf]
        allowed = ("events", "gti", *IRF_TYPES)
        unknown = [name for name in required_irf if name not in allowed]
        if unknown:
            raise ValueError(f"required_irf has {unknown}, known are {allowed}")
        available = self.available(obs_id)
        return [
            name
            for name in dict.fromkeys(("events", "gti", *required_irf))
            if name not in available
        ]


def _read_observation(obs_id: int, locations: dict[str, HDULocation]) -> Observation:
    """Read the HDUs of one observation, each file once."""
    files: dict[Path, FitsFile] = {}

    def table(location: HDULocation) -> FitsTable:
        if location.path not in files:
            files[location.path] = FitsFile(location.path)
        return files[location.path].table(location.hdu_name)

    gti = gadf_events.read_gti(table(locations["gti"]))
    header = table(locations["events"])
    irfs = {
        name: read_irf(table(locations[name]), locations[name].hdu_class)
        for name in IRF_TYPES
        if name in locations
    }
    bkg = irfs.get("bkg")
    if isinstance(bkg, Background3D) and _has_reversed_lon(header):
        irfs["bkg"] = Background3D(bkg.table, "REVERSE_LON_RADEC", bkg.is_pointlike)
    if "rad_max" not in irfs:
        fixed = [RadMax.from_irf(irfs[name]) for name in ("aeff", "edisp") if name in irfs]
        irfs["rad_max"] = next((each for each in fixed if each is not None), None)
    return Observation(
        obs_id=int(obs_id),
        gti=gti,
        pointing=gadf_events.read_pointing(header, gti),
        events=gadf_events.read_events(header, gti.reference),
        deadtime_fraction=gadf_events.read_deadtime_fraction(header),
        meta=gadf_events.read_meta(header),
        **irfs,
    )


def _has_reversed_lon(events: FitsTable) -> bool:
    """Tell the first H.E.S.S. files, with detector longitude to the east, by their writer."""
    return (
        events.text("CREATOR") == "SASH FITS::EventListWriter" and events.text("HDUVERS") == "0.2"
    )
