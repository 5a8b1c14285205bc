"""Parts of a dataset: an energy range, a piece of sky, a mask for the fit.

Each function returns a new dataset. Lives here: cutting and masking. Does not live here: adding
datasets up (`gjax.dataset.stack`) and resampling.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.units import to_internal

__all__ = ["cutout", "energy_mask", "slice_energy", "with_mask_fit"]

_RECO = ("counts", "background", "mask_safe", "mask_fit", "counts_off", "acceptance")
_IMAGES = (*_RECO, "acceptance_off", "exposure")
#: Fewest pixels of a response that a cutout keeps, so that it can still be interpolated.
_MIN_RESPONSE_PIXELS = 3


def energy_mask(axis: MapAxis, energy_min: Any = None, energy_max: Any = None) -> np.ndarray:
    """Bins of an energy axis that lie wholly within a range, shape ``(nbin,)``.

    Parameters
    ----------
    axis :
        The energy axis.
    energy_min, energy_max :
        The range in TeV or as a Quantity; None leaves that side open.
    """
    edges = axis.edges
    low = edges[0] if energy_min is None else to_internal(energy_min, "TeV", "energy_min")
    high = edges[-1] if energy_max is None else to_internal(energy_max, "TeV", "energy_max")
    # An edge that was computed from the same number may differ in the last digit.
    tolerance = 1e-9
    return (edges[:-1] >= low * (1 - tolerance)) & (edges[1:] <= high * (1 + tolerance))


def with_mask_fit(
    dataset: Dataset,
    energy_min: Any = None,
    energy_max: Any = None,
    *,
    image: np.ndarray | None = None,
) -> Dataset:
    """Give a dataset the mask of bins wholly within an energy range (and within an image mask).

    Parameters
    ----------
    dataset :
        The dataset; a mask it may have is replaced.
    energy_min, energy_max :
        The range in TeV or as a Quantity; None leaves that side open.
    image :
        Pixels to use, shape ``(y, x)``.

    Raises
    ------
    ValueError
        If ``image`` has the wrong shape.
    """
    bins = energy_mask(dataset.energy, energy_min, energy_max)
    pixels = np.ones(dataset.geom.shape, bool) if image is None else np.asarray(image, bool)
    if pixels.shape != dataset.geom.shape:
        raise ValueError(
            f"the image mask has shape {pixels.shape}, expected (y, x) = {dataset.geom.shape}"
        )
    return dataclasses.replace(dataset, mask_fit=bins[:, None, None] & pixels)


def slice_energy(
    dataset: Dataset, energy_min: Any = None, energy_max: Any = None, name: str | None = None
) -> Dataset:
    """Cut a range out of the reconstructed energies, at the bin edges nearest to the given ones.

    Parameters
    ----------
    dataset :
        What to cut.
    energy_min, energy_max :
        The range in TeV or as a Quantity; None leaves that side as it is.
    name :
        Name of the result; by default the same.

    Raises
    ------
    ValueError
        If no bin is left.
    """
    edges = dataset.energy.edges
    start = 0 if energy_min is None else _nearest_edge(edges, energy_min, "energy_min")
    stop = len(edges) - 1 if energy_max is None else _nearest_edge(edges, energy_max, "energy_max")
    if stop <= start:
        raise ValueError(
            f"dataset {dataset.name!r}: no energy bin between {energy_min} and {energy_max}; "
            f"the axis has edges {np.array2string(edges, precision=4)} TeV"
        )
    axis = dataset.energy.slice(start, stop)
    changes: dict[str, Any] = {
        key: getattr(dataset, key)[start:stop]
        for key in (*_RECO, "acceptance_off")
        if getattr(dataset, key) is not None
    }
    if isinstance(dataset.edisp, EDispKernelMap):
        changes["edisp"] = dataclasses.replace(
            dataset.edisp, data=dataset.edisp.data[:, start:stop], energy=axis
        )
    if isinstance(dataset.psf, RecoPSFMap):
        exposure = dataset.psf.exposure
        changes["psf"] = dataclasses.replace(
            dataset.psf,
            data=dataset.psf.data[start:stop],
            exposure=None if exposure is None else exposure[start:stop],
            energy=axis,
        )
    return dataclasses.replace(dataset, name=name or dataset.name, energy=axis, **changes)


def _nearest_edge(edges: np.ndarray, energy: Any, name: str) -> int:
    energy = to_internal(energy, "TeV", name)
    return int(np.argmin(np.abs(np.log(edges / energy))))


def cutout(dataset: Dataset, position: Any, width: Any, name: str | None = None) -> Dataset:
    """Cut a piece of sky out, with the responses that belong to it.

    Parameters
    ----------
    dataset :
        What to cut.
    position :
        Centre: a `~astropy.coordinates.SkyCoord` or ``(lon, lat)`` in deg in the dataset's frame.
    width :
        Width in deg (one number, or one for each direction).
    name :
        Name of the result; by default the same.

    Raises
    ------
    ValueError
        If the dataset is a spectrum of a region, or the piece is outside the map.
    """
    if isinstance(dataset.geom, RegionGeom):
        raise ValueError(f"dataset {dataset.name!r} is a region: it has no pieces of sky")
    geom, slices = dataset.geom.cutout(position, width)
    where = (..., *slices)
    changes: dict[str, Any] = {
        key: getattr(dataset, key)[where] for key in _IMAGES if getattr(dataset, key) is not None
    }
    for key in ("psf", "edisp"):
        response = getattr(dataset, key)
        if response is not None:
            changes[key] = _cut_response(response, position, width)
    return dataclasses.replace(dataset, name=name or dataset.name, geom=geom, **changes)


def _cut_response(
    response: PSFMap | RecoPSFMap | EDispMap | EDispKernelMap, position: Any, width: Any
) -> Any:
    if not isinstance(response.geom, WcsGeom) or min(response.geom.npix) == 1:
        return response  # one response for all directions
    smallest = _MIN_RESPONSE_PIXELS * np.array(response.geom.pixel_scale)
    if isinstance(width, (tuple, list)):
        width = [to_internal(value, "deg", "width") for value in width]
    width = np.maximum(np.broadcast_to(to_internal(width, "deg", "width"), (2,)), smallest)
    geom, slices = response.geom.cutout(position, tuple(width.tolist()))
    where = (..., *slices)
    exposure = None if response.exposure is None else response.exposure[where]
    return dataclasses.replace(response, geom=geom, data=response.data[where], exposure=exposure)
