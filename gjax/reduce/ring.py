r"""Background of a map, measured in a ring around each pixel.

With counts n, predicted background b (any scale) and exclusion mask m, for each pixel p and ring R,

.. math::
    n_\mathrm{off}(p) = \sum_{q \in R(p)} m_q n_q, \qquad
    a(p) = b_p, \qquad
    a_\mathrm{off}(p) = \sum_{q \in R(p)} m_q b_q,

so that the background of the pixel is :math:`n_\mathrm{off}\,a / a_\mathrm{off}`. Sums are Fast
Fourier Transforms; beyond the border of the map there is nothing.

Lives here: rings of one size, and rings that grow where too much is excluded. Does not live here:
scaling the background of the whole field (`gjax.reduce.background`).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy.signal import fftconvolve

from gjax.dataset.dataset import Dataset
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.reduce.background import exclusion_on
from gjax.units import to_internal

__all__ = ["adaptive_ring_background", "ring_background", "ring_kernel"]

#: Sums of less than this part of the largest one are rounding noise of the transform.
_NOISE = 1e-12


def ring_kernel(geom: WcsGeom, radius_in: float, width: float) -> np.ndarray:
    """Pixels around the middle whose distance from it is within a ring, both radii included.

    Parameters
    ----------
    geom :
        Geometry whose pixel size counts.
    radius_in, width :
        Inner radius and width in deg; an inner radius of zero makes a disk.

    Returns
    -------
    Zeros and ones, shape ``(2 m + 1, 2 n + 1)``.
    """
    outer = radius_in + width
    x, y = (
        scale * np.arange(-int(outer / scale) - 1, int(outer / scale) + 2)
        for scale in geom.pixel_scale
    )
    square = x**2 + y[:, None] ** 2
    # A pixel centre on the rim counts, whatever the rounding of pixel sizes.
    slack = 1e-9 * outer**2
    return ((square >= radius_in**2 - slack) & (square <= outer**2 + slack)).astype(float)


def ring_background(
    dataset: Dataset, exclusion_mask: Map | None = None, *, r_in: Any, width: Any
) -> Dataset:
    """Measure the background of each pixel in a ring around it.

    Parameters
    ----------
    dataset :
        A map with counts and background.
    exclusion_mask :
        An image, true where there is no source; what it does not cover is excluded.
    r_in, width :
        Inner radius and width of the ring in deg or as quantities.

    Returns
    -------
    The dataset with off counts and acceptances instead of ``background``. Where the ring has no
    acceptance, nothing is safe.

    Raises
    ------
    ValueError
        If the dataset is no map, or has no counts or background.
    """
    counts, background, geom = _inputs(dataset)
    allowed = exclusion_on(geom, exclusion_mask)
    kernel = ring_kernel(geom, _angle(r_in, "r_in"), _angle(width, "width"))
    return _with_off(
        dataset, _sum(counts * allowed, kernel), background, _sum(background * allowed, kernel)
    )


def adaptive_ring_background(
    dataset: Dataset,
    exclusion_mask: Map | None = None,
    *,
    r_in: Any,
    r_out_max: Any,
    width: Any,
    stepsize: Any = 0.02,
    threshold_alpha: float = 0.1,
    theta: Any = 0.22,
    method: str = "fixed_width",
) -> Dataset:
    r"""Measure the background of each pixel in the first ring that is large enough.

    A ring is large enough if the background within ``theta`` of the pixel is at most
    ``threshold_alpha`` times that in the ring outside of excluded regions. Where no ring is,
    nothing is safe.

    Parameters
    ----------
    dataset, exclusion_mask :
        As in `ring_background`.
    r_in, width, r_out_max, stepsize :
        First inner radius and width, largest outer radius, and the step by which rings grow, in deg
        or as quantities.
    threshold_alpha :
        Largest ratio of on and off acceptance.
    theta :
        Radius of the on region of that ratio in deg or as a Quantity.
    method :
        ``"fixed_width"`` moves the ring outwards, ``"fixed_r_in"`` widens it.

    Returns
    -------
    As `ring_background`; the acceptance is that of the pixel, as are its counts.

    Raises
    ------
    ValueError
        If the method is unknown, no ring fits in the largest radius, or the dataset is unsuitable.

    Notes
    -----
    Gammapy 2.1 multiplies ``theta`` with the pixel size where it should divide by it, so that its
    on region is always one pixel and its rings stay smaller.
    """
    counts, background, geom = _inputs(dataset)
    allowed = exclusion_on(geom, exclusion_mask)
    near = _sum(background, ring_kernel(geom, 0.0, _angle(theta, "theta")))
    rings = _rings(
        _angle(r_in, "r_in"),
        _angle(r_out_max, "r_out_max"),
        _angle(width, "width"),
        _angle(stepsize, "stepsize"),
        method,
    )
    counts_off, acceptance_off = np.zeros(dataset.shape), np.zeros(dataset.shape)
    open_ = np.ones(dataset.shape, bool)
    for ring in rings:
        if not open_.any():
            break
        kernel = ring_kernel(geom, *ring)
        acceptance = _sum(background * allowed, kernel)
        found = open_ & (near <= threshold_alpha * acceptance) & (acceptance > 0)
        acceptance_off[found] = acceptance[found]
        counts_off[found] = _sum(counts * allowed, kernel)[found]
        open_ &= ~found
    return _with_off(dataset, counts_off, background, acceptance_off)


def _inputs(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, WcsGeom]:
    if not isinstance(dataset.geom, WcsGeom):
        raise ValueError(f"dataset {dataset.name!r} is a region: rings need a map")
    if dataset.counts is None or dataset.background is None:
        raise ValueError(f"dataset {dataset.name!r} has no counts or no background for rings")
    background = np.nan_to_num(np.asarray(dataset.background, float))
    return np.asarray(dataset.counts, float), background, dataset.geom


def _angle(value: Any, name: str) -> float:
    angle = float(to_internal(value, "deg", name))
    if not angle > 0:
        raise ValueError(f"{name} must be positive, got {value}")
    return angle


def _sum(cube: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Sum the pixels of each plane that the kernel selects around each pixel."""
    total = fftconvolve(cube, kernel[None], mode="full", axes=(-2, -1))
    rows, columns = (size // 2 for size in kernel.shape)
    total = total[:, rows : rows + cube.shape[1], columns : columns + cube.shape[2]]
    if (cube == np.rint(cube)).all():
        return np.rint(total)
    return np.where(total > _NOISE * total.max(), total, 0.0)


def _rings(
    r_in: float, r_out_max: float, width: float, step: float, method: str
) -> list[tuple[float, float]]:
    """Inner radius and width of each ring, the smallest first."""
    if method == "fixed_width":
        rings = [(float(r), width) for r in np.arange(r_in, r_out_max - width, step)]
    elif method == "fixed_r_in":
        rings = [(r_in, float(w)) for w in np.arange(width, r_out_max - r_in, step)]
    else:
        raise ValueError(f"unknown method {method!r}; there are fixed_width and fixed_r_in")
    if not rings:
        raise ValueError(f"no ring fits between {r_in:g} and {r_out_max:g} deg")
    return rings


def _with_off(
    dataset: Dataset, counts_off: np.ndarray, acceptance: np.ndarray, acceptance_off: np.ndarray
) -> Dataset:
    mask = np.ones(dataset.shape, bool)
    if dataset.mask_safe is not None:
        mask &= np.asarray(dataset.mask_safe, bool)
    return dataclasses.replace(
        dataset,
        background=None,
        counts_off=counts_off,
        acceptance=acceptance,
        acceptance_off=acceptance_off,
        mask_safe=mask & (acceptance_off > 0),
    )
