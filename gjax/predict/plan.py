"""How one source is to be folded in one dataset: its kind, its window, its responses.

Host code: it runs once per preparation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import RecoPSFMap
from gjax.maps.frames import convert
from gjax.maps.wcs import WcsGeom
from gjax.numerics.convolve import good_size, transform_kernel
from gjax.numerics.sphere import separation
from gjax.predict.extended import ExtendedSource
from gjax.predict.local_psf import LocalPSF, pixel_steps
from gjax.predict.node_source import node_source
from gjax.predict.options import Folding
from gjax.predict.psf import pixel_profile
from gjax.predict.reco import RecoSource
from gjax.predict.response import edisp_kernel
from gjax.predict.sky_grid import goes_around, locator, sky_grid
from gjax.predict.source import (
    AbstractSource,
    BilinearSource,
    Follow,
    ProfileSource,
    Stay,
    TemplateSource,
    Window,
)
from gjax.predict.template import template_density, window_start

__all__ = ["SourcePlan", "is_out_of_reach", "plan_source"]

#: Pixels that a window has beyond the support of its source, for the rounding of its centre.
_MARGIN = 3

#: Room for the growth of a source whose size is free, as a fraction of its radius.
_GROWTH = 0.3

_MAX_OVERSAMPLING = 16

#: Parts per side of a pixel that have kernels of their own.
_MAX_PARTS = 4


@dataclass(frozen=True)
class SourcePlan:
    """The window that a source needs, and how to make its arrays once the padding is known.

    Parameters
    ----------
    window :
        The least one: its shape, and whether it moves.
    kind :
        What sources must have in common to share code, the window aside.
    make :
        Called with the padding of the map and the window, which may be larger.
    """

    window: Window
    kind: Hashable
    make: Callable[[int, Window], AbstractSource]


def plan_source(dataset: Dataset, spatial: Any, is_free: bool, folding: Folding) -> SourcePlan:
    """Plan the folding of a source with the given morphology.

    Parameters
    ----------
    is_free :
        Whether a spatial parameter can change; the window then has room for that.

    Raises
    ------
    ValueError
        If a parameter of a template is free, or a response does not fit the dataset.
    """
    geom = _pixels(dataset)
    at = _response_position(geom, spatial)
    there = at if dataset.edisp is None else _convert(at, geom.frame, dataset.edisp.geom.frame)
    axes = dataset.energy_true, dataset.energy
    edisp = edisp_kernel(dataset.edisp, *axes, there, folding.lookup).astype(folding.precision)
    if spatial.is_tabulated and is_free and not spatial.has_nodes:
        raise ValueError(f"a {type(spatial).__name__} cannot move in a fit: freeze its parameters")
    if not isinstance(dataset.psf, RecoPSFMap):
        return _plan(dataset, spatial, edisp, at, is_free, folding)
    if spatial.is_energy_dependent:
        raise ValueError(
            f"dataset {dataset.name!r}: a {type(spatial).__name__} depends on true energy, and "
            "cannot be seen through a PSF in reconstructed energy"
        )
    inner = _plan(dataset, spatial, edisp, at, is_free, folding)

    def make(pad: int, window: Window) -> AbstractSource:
        source = inner.make(pad, window)
        return RecoSource(edisp=edisp, inner=source, place=source.place, window=window)

    return SourcePlan(inner.window, inner.kind, make)


def is_out_of_reach(dataset: Dataset, spatial: Any, is_free: bool) -> bool:
    """Tell whether a source lies so far outside the map that none of its counts fall into it.

    Found without its responses: a survey has far more sources than one observation sees.

    Parameters
    ----------
    is_free :
        Whether a spatial parameter can change; there is room then for the source to come as near
        again as it reaches.
    """
    geom = _pixels(dataset)
    if spatial.is_tabulated or not spatial.has_position or goes_around(geom):
        return False
    center, (nx, ny) = geom.center, geom.npix
    x, y = np.meshgrid([-0.5, (nx - 1) / 2, nx - 0.5], [-0.5, (ny - 1) / 2, ny - 0.5])
    size = np.max(separation(*center, *geom.pix_to_coord(x, y)))
    away = separation(*center, *_response_position(geom, spatial))
    energy = dataset.energy_true.center if spatial.is_energy_dependent else None
    reach = _extent(spatial, energy)[0] * (1 + _GROWTH)
    reach += 0.0 if dataset.psf is None else float(dataset.psf.rad.edges[-1])
    # Where the border of the map is not on the sky, its size is NaN.
    return bool(away > size + (2 if is_free else 1) * reach)


def _plan(
    dataset: Dataset,
    spatial: Any,
    edisp: np.ndarray,
    at: tuple[float, float],
    is_free: bool,
    folding: Folding,
) -> SourcePlan:
    if spatial.is_tabulated:
        return _plan_template(dataset, spatial, edisp, at, is_free, folding)
    if spatial.is_point and folding.point == "profile" and dataset.psf is not None:
        return _plan_profile(dataset, spatial, edisp, at, folding)
    return _plan_convolved(dataset, spatial, edisp, at, is_free, folding)


def _response_position(geom: WcsGeom, spatial: Any) -> tuple[float, float]:
    """Find where the responses of a source are taken, in the frame of the geometry."""
    if not spatial.has_position:
        lon, lat = geom.center
        return float(lon), float(lat)
    lon, lat = (float(np.squeeze(c)) for c in spatial.position)
    return _convert((lon, lat), spatial.frame, geom.frame)


def _convert(at: tuple[float, float], frame_from: str, frame_to: str) -> tuple[float, float]:
    lon, lat = convert(*at, frame_from, frame_to)
    return float(np.squeeze(lon)), float(np.squeeze(lat))


def _pixels(dataset: Dataset) -> WcsGeom:
    if not isinstance(dataset.geom, WcsGeom):
        raise TypeError(f"dataset {dataset.name!r} is of a region, which has no pixels")
    return dataset.geom


def _plan_profile(
    dataset: Dataset, spatial: Any, edisp: np.ndarray, at: tuple[float, float], folding: Folding
) -> SourcePlan:
    geom = _pixels(dataset)
    psf = _local_psf(dataset, at, folding)
    pixel = pixel_profile(psf.radial(), psf.steps)
    least = _window(geom, at, psf.reach(pixel), 0)
    lon, lat = (float(np.squeeze(c)) for c in spatial.position)

    def make(pad: int, window: Window) -> AbstractSource:
        return ProfileSource(
            edisp=edisp,
            profile=pixel.profile.coefficients,
            spacing=np.asarray(pixel.profile.spacing),
            nodes=pixel.nodes,
            place=Follow(locator(geom, pad, lon, lat, spatial.frame)),
            window=window,
        )

    return SourcePlan(least, ("profile", len(pixel.nodes)), make)


def _plan_convolved(
    dataset: Dataset,
    spatial: Any,
    edisp: np.ndarray,
    at: tuple[float, float],
    is_free: bool,
    folding: Folding,
) -> SourcePlan:
    geom = _pixels(dataset)
    psf = _local_psf(dataset, at, folding)
    pixel = psf.pixel
    energy = dataset.energy_true.center if spatial.is_energy_dependent else None
    radius, smallest = _extent(spatial, energy)
    room = radius * (1 + _GROWTH) if is_free else radius
    psf_reach, kernel = psf.kernel(spatial.is_point)
    least = _window(geom, at, math.ceil(room / pixel.min()), psf_reach)
    lon, lat = (float(np.squeeze(c)) for c in spatial.position)
    if spatial.is_point:
        return SourcePlan(
            least,
            "bilinear",
            lambda pad, window: BilinearSource(
                edisp=edisp,
                kernel=_transformed(kernel, window, folding),
                place=Follow(locator(geom, pad, lon, lat, spatial.frame)),
                window=window,
            ),
        )
    fine = math.ceil(folding.spatial_oversampling * pixel.max() / smallest)
    parts, oversampling = _parts(min(fine, _MAX_OVERSAMPLING), folding)
    if parts > 1 and dataset.psf is not None:
        kernels = psf.part_kernels(parts)
    else:
        kernels = None if kernel is None else kernel[None]
    # The root mean square of a uniform cell.
    resolution = folding.soften_edges * pixel.mean() / oversampling / math.sqrt(12.0)
    # Corrections and constants have no sum of one; that of a resolved smooth source is one.
    shape = spatial if energy is None else spatial.at(energy[0])
    is_resolved = shape.is_smooth and fine <= _MAX_OVERSAMPLING
    is_whole = folding.whole_sources and shape.has_position and not is_resolved

    def make(pad: int, window: Window) -> AbstractSource:
        return ExtendedSource(
            edisp=edisp,
            kernel=_transformed(kernels, window, folding),
            place=Follow(locator(geom, pad, lon, lat, spatial.frame)),
            resolution=np.asarray(resolution),
            energy=energy,
            window=window,
            oversampling=oversampling,
            is_whole=is_whole,
        )

    return SourcePlan(least, ("extended", oversampling, is_whole), make)


def _parts(oversampling: int, folding: Folding) -> tuple[int, int]:
    """Choose the parts per side of a pixel, and the sub-pixels, which divide evenly into parts."""
    if folding.kernel == "sampled":
        return 1, oversampling
    parts = min(oversampling, _MAX_PARTS)
    return parts, parts * math.ceil(oversampling / parts)


def _extent(spatial: Any, energy: np.ndarray | None) -> tuple[float, float]:
    """Give the largest evaluation radius and the smallest bin size over all energies, in deg."""
    shapes = [spatial] if energy is None else [spatial.at(at) for at in energy]
    radius = max(float(np.squeeze(shape.evaluation_radius)) for shape in shapes)
    smallest = min(float(np.squeeze(shape.evaluation_bin_size)) for shape in shapes)
    return radius, max(smallest, 1e-6)


def _plan_template(
    dataset: Dataset,
    spatial: Any,
    edisp: np.ndarray,
    at: tuple[float, float],
    is_free: bool,
    folding: Folding,
) -> SourcePlan:
    geom = _pixels(dataset)
    psf = _local_psf(dataset, at, folding)
    psf_reach, kernel = psf.kernel(is_point=False)
    reach = math.ceil(spatial.evaluation_radius / psf.pixel.min())
    least = _window(geom, at, reach, psf_reach)

    def make(pad: int, window: Window) -> AbstractSource:
        row, column = window_start(geom, pad, window, at)
        transform = _transformed(kernel, window, folding)

        def look_up(table: Any) -> TemplateSource:
            corner, true = (row - pad, column - pad), dataset.energy_true
            return TemplateSource(
                edisp=edisp,
                kernel=transform,
                density=template_density(table, geom, corner, window.shape, true, folding),
                place=Stay(np.asarray(row), np.asarray(column)),
                window=window,
            )

        if not is_free:
            return look_up(spatial)
        return node_source(spatial, look_up, sky_grid(geom, pad, folding.beyond_border))

    return SourcePlan(least, "table", make)


def _window(geom: WcsGeom, at: tuple[float, float], source_reach: int, psf_reach: int) -> Window:
    """Choose the window of a source that reaches that many pixels, seen through the PSF.

    A source larger than the map needs no more than the map and what can scatter into it; one
    across the seam of a map around the whole sky appears on both sides, and takes all columns.
    """
    around = 2 * (source_reach + psf_reach + _MARGIN) + 1
    whole = [pixels + 2 * (psf_reach + _MARGIN) for pixels in geom.shape]
    x = float(np.squeeze(geom.coord_to_pix(*(np.asarray(c) for c in at))[0]))
    seam = 2 * min(x + 0.5, geom.npix[0] - 0.5 - x) < around and goes_around(geom)
    sides = [min(around, whole[0]), whole[1] if seam else min(around, whole[1])]
    rows, columns = (good_size(size) for size in sides)
    return Window((rows, columns), (around < whole[0], around < whole[1] and not seam))


def _local_psf(dataset: Dataset, at: tuple[float, float], folding: Folding) -> LocalPSF:
    geom = _pixels(dataset)
    return LocalPSF(dataset, geom, at, pixel_steps(geom, at), folding)


def _transformed(kernel: np.ndarray | None, window: Window, folding: Folding) -> np.ndarray | None:
    return None if kernel is None else transform_kernel(kernel, window.shape, folding.precision)
