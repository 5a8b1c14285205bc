r"""A spectrum of OGIP files as a dataset.

The format has the factors of a background in three places; all of them enter its acceptance, so
that :math:`\alpha = \frac{B\,A\,t}{B_{off}\,A_{off}\,t_{off}}` with BACKSCAL, AREASCAL and EXPOSURE
(OGIP/92-007, section 3; XSPEC's manual, appendix on statistics). AREASCAL of the source scales the
effective area as well.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap
from gjax.errors import FileFormatError
from gjax.io.gadf.fits_file import expand_path, guarded
from gjax.io.ogip.arf import read_arf
from gjax.io.ogip.energies import energies_match
from gjax.io.ogip.pha import Spectrum, read_pha
from gjax.io.ogip.rmf import ResponseMatrix, read_rmf
from gjax.io.region_maps import NO_REGION
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom

__all__ = ["read_ogip"]

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class _Response:
    """Exposure in cm2 s, and the matrix if there is one; in the files energies may fall."""

    energy_true: MapAxis
    energy: MapAxis
    exposure: np.ndarray
    matrix: np.ndarray | None
    is_reversed: bool


def read_ogip(
    path: PathLike,
    *,
    name: str | None = None,
    arf: PathLike | None = None,
    rmf: PathLike | None = None,
    bkg: PathLike | None = None,
    region: Any = None,
) -> Dataset:
    """Read a spectrum with its responses and, if it has one, its background.

    The counts may come from any mission: channels may start with zero or one, energies may be in
    keV or TeV and may fall with the channel, areas may be in cm2 or m2. Channels of bad quality are
    out of the safe mask; a grouping of channels is ignored, since counts of any number can be
    fitted.

    Parameters
    ----------
    path :
        The PHA file, plain or gzip.
    name :
        Name of the dataset; by default OBS_ID, or else the name of the file.
    arf, rmf, bkg :
        Files of effective area, redistribution and background. By default those that the header
        names (ANCRFILE, RESPFILE, BACKFILE), beside the PHA file or from the working folder.
    region :
        Where the counts were taken (see `RegionGeom.create`), for files that do not say.

    Returns
    -------
    Dataset
        A spectrum. Without a background file it has neither off counts nor a background. Without a
        redistribution, energies are measured perfectly. Without a region, `geom` is a point in
        which every source counts in full.

    Raises
    ------
    FileNotFoundError
        If there is no such PHA file.
    FileFormatError
        If a file that is named is missing, a file is damaged, or they do not fit to each other.

    Examples
    --------
    >>> dataset = read_ogip("$GAMMAPY_DATA/joint-crab/spectra/hess/pha_obs23523.fits")
    ... # doctest: +SKIP
    """
    path = expand_path(path)
    source = read_pha(path)
    response = _read_response(
        source,
        _companion(path, source, "ANCRFILE", arf),
        _companion(path, source, "RESPFILE", rmf),
    )
    back_path = _companion(path, source, "BACKFILE", bkg)
    order = slice(None, None, -1 if response.is_reversed else 1)
    parts: dict[str, Any] = {}
    if back_path is not None:
        background = read_pha(back_path)
        parts = _onoff(source, background, order)
        parts["geom_off"] = background.region
    if source.mask_fit is not None:
        parts["mask_fit"] = _cube(source.mask_fit[order])
    geom = RegionGeom.create(region) if region is not None else source.region or NO_REGION
    exposure = _cube(response.exposure)
    edisp = None
    if response.matrix is not None:
        edisp = EDispKernelMap(
            response.matrix[:, :, None, None], exposure, geom, response.energy_true, response.energy
        )
    return Dataset(
        name=name or _name(source, path),
        geom=geom,
        energy=response.energy,
        energy_true=response.energy_true,
        counts=_cube(source.counts[order]),
        exposure=exposure,
        edisp=edisp,
        mask_safe=_cube(source.is_good[order]),
        gti=source.gti,
        livetime=np.asarray(source.exposure),
        **parts,
        **_meta(source),
    )


def _cube(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values)[:, None, None]


def _companion(path: Path, source: Spectrum, key: str, given: PathLike | None) -> Path | None:
    """Find a file that belongs to a spectrum; None if neither user nor header names one."""
    if given is not None:
        found = expand_path(given)
        if not found.is_file():
            raise FileNotFoundError(f"{found}: there is no such file")
        return found
    # "x.rmf[MATRIX]" and "x.rmf{1}" are ways of X-ray programs to say which extension.
    named = source.text(key).split("[")[0].split("{")[0].strip()
    if not named:
        return None
    for found in (path.parent / named, Path(named), path.parent / f"{named}.gz"):
        if found.is_file():
            return found
    raise source.table.error(f"names the file {named!r}, which is not there", key)


def _read_response(source: Spectrum, arf: Path | None, rmf: Path | None) -> _Response:
    """Read the responses, and check that they fit to each other and to the channels."""
    matrix = None if rmf is None else read_rmf(rmf)
    energy = source.energy
    if matrix is not None:
        energy = _check_channels(source, matrix, rmf)
    if energy is None:
        raise source.table.error(
            "no response is named and there is no EBOUNDS: energies are unknown; pass rmf",
            "RESPFILE",
        )
    is_reversed = source.is_reversed if matrix is None else matrix.is_reversed
    exposure, values, energy_true = _exposure(source, matrix, arf, rmf)
    scale = source.areascal[::-1] if is_reversed else source.areascal
    if np.all(scale == scale[0]):
        exposure = exposure * scale[0]
    elif values is None:
        raise source.table.error("differs from channel to channel, which needs an RMF", "AREASCAL")
    else:
        # Areas that depend on the measured energy are a matter of the matrix.
        values = values * scale
    return _Response(energy_true, energy, exposure, values, is_reversed)


def _exposure(
    source: Spectrum, matrix: ResponseMatrix | None, arf: Path | None, rmf: Path | None
) -> tuple[np.ndarray, np.ndarray | None, MapAxis]:
    """Give exposure in cm2 s, probabilities and true energies."""
    if arf is None:
        if matrix is None or not matrix.has_area:
            raise source.table.error(
                "no effective area is named, and the response has none; pass arf", "ANCRFILE"
            )
        area = matrix.matrix.sum(axis=1)
        values = np.divide(
            matrix.matrix, area[:, None], out=np.zeros_like(matrix.matrix), where=area[:, None] > 0
        )
        return area * source.exposure, values, matrix.energy_true
    energy_true, area = read_arf(arf)
    if matrix is None:
        return area * source.exposure, None, energy_true
    if matrix.has_area:
        raise FileFormatError(
            f"the matrix has areas, but there is an effective area too, {arf.name}",
            path=rmf,
            hdu="MATRIX",
        )
    if not energies_match(energy_true, matrix.energy_true):
        ours, theirs = energy_true.edges, matrix.energy_true.edges
        raise FileFormatError(
            f"{energy_true.nbin} bins from {ours[0]:.5g} to {ours[-1]:.5g} TeV, but "
            f"{matrix.energy_true.nbin} from {theirs[0]:.5g} to {theirs[-1]:.5g} TeV in {rmf}: "
            "the energies of ARF and RMF differ",
            path=arf,
            hdu="SPECRESP",
            column="ENERG_LO",
        )
    return area * source.exposure, matrix.matrix, energy_true


def _check_channels(source: Spectrum, matrix: ResponseMatrix, rmf: Path | None) -> MapAxis:
    """Check that the channels of a spectrum are those of the response; give their energies."""
    if len(matrix.channels) != len(source.channels):
        raise source.table.error(
            f"{len(source.channels)} channels, but {len(matrix.channels)} in {rmf}", "CHANNEL"
        )
    # Whether channels count from zero or one is a matter of taste of each program.
    if abs(int(matrix.channels[0]) - int(source.channels[0])) > 1:
        raise source.table.error(
            f"channels from {source.channels[0]}, but from {matrix.channels[0]} in {rmf}", "CHANNEL"
        )
    if source.energy is None:
        return matrix.energy
    if source.is_reversed != matrix.is_reversed or not energies_match(source.energy, matrix.energy):
        raise FileFormatError(
            f"the energies of the channels are others than in {rmf}",
            path=source.table.path,
            hdu="EBOUNDS",
        )
    return source.energy


def _onoff(source: Spectrum, background: Spectrum, order: slice) -> dict[str, Any]:
    """Give off counts and acceptances, with all factors between source and background."""
    if len(background.channels) != len(source.channels):
        raise background.table.error(
            f"{len(background.channels)} channels, but {len(source.channels)} in "
            f"{source.table.path}",
            "CHANNEL",
        )
    energies = (source.energy, background.energy)
    if energies[0] and energies[1] and not energies_match(energies[0], energies[1]):
        raise FileFormatError(
            f"the energies of the channels are others than in {source.table.path}",
            path=background.table.path,
            hdu="EBOUNDS",
        )
    if np.any(source.areascal == 0):
        raise source.table.error("an area scaled by zero can have no background", "AREASCAL")
    factor = background.exposure / source.exposure * background.areascal / source.areascal
    return {
        "counts_off": _cube(background.counts[order]),
        "acceptance": _cube(source.backscal[order]),
        "acceptance_off": _cube((background.backscal * factor)[order]),
    }


def _obs_ids(source: Spectrum) -> list[str]:
    """List the observations; stacked spectra may repeat the keyword."""
    header = source.table.header
    if "OBS_ID" not in header:
        return []
    with guarded(source.table.path, source.table.hdu, "OBS_ID"):
        values = [str(header["OBS_ID", i]).strip() for i in range(header.count("OBS_ID"))]
    return [value for value in values if value]


def _name(source: Spectrum, path: Path) -> str:
    obs_ids = _obs_ids(source)
    return obs_ids[0] if len(obs_ids) == 1 else path.name.split(".")[0]


def _meta(source: Spectrum) -> dict[str, Any]:
    """Give observations, telescope and instrument, of the table that gjax writes or keywords."""
    obs_ids = _obs_ids(source)
    meta = {
        "obs_ids": tuple(int(value) for value in obs_ids if value.isdecimal()),
        "telescope": source.text("TELESCOP"),
        "instrument": source.text("INSTRUME"),
    }
    return meta | {key: value for key, value in source.meta.items() if value}
