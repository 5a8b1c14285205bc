r"""Add datasets up into one.

The rules, for datasets :math:`k` with safe masks :math:`m_k` (1 inside):

- counts and background: :math:`\sum_k m_k n_k`;
- exposure and live time: summed where a dataset is safe at any energy;
- responses: averages weighted with the exposure, over the datasets that are safe there;
- safe mask and fit mask: a bin counts if it does in any dataset;
- good time intervals: their union;
- on/off data: off counts :math:`\sum_k m_k n_k^\mathrm{off}` and acceptance
  :math:`\sum_k m_k a_k`. The off acceptance is such that the background stays the sum of those of
  the datasets, :math:`a / a^\mathrm{off} = \sum_k m_k \alpha_k n_k^\mathrm{off} / \sum_k m_k
  n_k^\mathrm{off}`. In bins without off counts that ratio is the one over all bins.

Lives here: these rules. Does not live here: making the datasets (`gjax.reduce`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.placement import Placement, place
from gjax.dataset.response import EDispKernelMap, EDispMap, PSFMap, RecoPSFMap
from gjax.events.gti import GTI
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom

__all__ = ["safe_kernel_bins", "safe_pixels", "stack"]

_Geom = WcsGeom | RegionGeom
_Response = PSFMap | EDispMap | EDispKernelMap
_CUBES = ("counts", "background", "exposure")


def stack(
    datasets: Iterable[Dataset], name: str = "stacked", *, reference: Dataset | None = None
) -> Dataset:
    """Stack datasets on aligned sky geometries (or one region) and equal axes.

    The datasets are taken one at a time, so that a generator keeps only one of them in memory.
    A dataset without any safe bin adds nothing, neither time nor intervals. Parts that are missing
    in one dataset (a PSF, say) are missing in the stack.

    Parameters
    ----------
    datasets :
        What to stack; cutouts of one geometry at different places are fine.
    name :
        Name of the stack.
    reference :
        A dataset whose geometries the stack gets (its contents do not count). By default those of
        the first dataset; whatever lies outside is lost.

    Raises
    ------
    ValueError
        If there is nothing to stack, geometries are not aligned, axes or kinds of response differ,
        or only some of the datasets hold on/off data.
    """
    total: _Sums | None = _Sums(reference) if reference is not None else None
    for dataset in datasets:
        if total is None:
            total = _Sums(dataset)
        total.add(dataset)
    if total is None:
        raise ValueError("nothing to stack: no dataset given")
    return total.result(name)


def safe_pixels(dataset: Dataset) -> np.ndarray:
    """Pixels that are safe in any energy bin, shape ``(y, x)``."""
    if dataset.mask_safe is None:
        return np.ones(dataset.geom.shape, bool)
    return np.any(np.asarray(dataset.mask_safe, bool), axis=0)


def safe_kernel_bins(dataset: Dataset, geom: _Geom) -> np.ndarray:
    """Coarse pixels and energy bins whose neighbourhood holds a safe bin.

    A coarse pixel counts if any of the four pixels around its centre does; beyond the border the
    two outermost rows of pixels are continued. Shape ``(ereco, y, x)`` on ``geom``.
    """
    mask = dataset.mask_safe
    mask = np.ones(dataset.shape, bool) if mask is None else np.asarray(mask, bool)
    return _touches(mask, dataset.geom, geom)


def _touches(mask: np.ndarray, fine: _Geom, coarse: _Geom) -> np.ndarray:
    """Whether linear interpolation (and extrapolation) of a mask is other than zero."""
    if isinstance(fine, RegionGeom) or isinstance(coarse, RegionGeom):
        return _in_region(mask, fine, coarse)
    x, y = fine.coord_to_pix(*coarse.coords_in(fine.frame))
    (ix, wx), (iy, wy) = (_weights(pix, size) for pix, size in zip((x, y), fine.npix, strict=True))
    values = np.asarray(mask, float)
    total = np.zeros((*mask.shape[:-2], *coarse.shape))
    for jy, vy in zip(iy, wy, strict=True):
        for jx, vx in zip(ix, wx, strict=True):
            total += vy * vx * values[..., jy, jx]
    # Rounding of pixel coordinates must not let the neighbour of an exact hit count.
    return np.abs(total) > 1e-6


def _weights(pix: np.ndarray, size: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    if size == 1:
        return [np.zeros(pix.shape, int)], [np.ones(pix.shape)]
    finite = np.nan_to_num(pix, nan=-1e9)
    low = np.clip(np.floor(finite + 1e-9).astype(int), 0, size - 2)
    fraction = finite - low
    return [low, low + 1], [1 - fraction, fraction]


def _in_region(mask: np.ndarray, fine: _Geom, coarse: _Geom) -> np.ndarray:
    """Mask of a region on the response of that region, or on all pixels of a response."""
    if not isinstance(fine, RegionGeom):
        raise ValueError("the response of a region cannot be stacked for a map")
    return np.broadcast_to(mask, (*mask.shape[:-2], *coarse.shape))


def _nearest(mask: np.ndarray, fine: _Geom, coarse: _Geom) -> np.ndarray:
    """Value of a mask at the centres of coarse pixels; false outside."""
    if isinstance(fine, RegionGeom) or isinstance(coarse, RegionGeom):
        return _in_region(mask, fine, coarse)
    ix, iy = fine.coord_to_idx(*coarse.coords_in(fine.frame))
    inside = (ix >= 0) & (iy >= 0)
    return mask[np.where(inside, iy, 0), np.where(inside, ix, 0)] & inside


class _ResponseSum:
    """Exposure-weighted sum of one kind of response."""

    def __init__(self, like: _Response) -> None:
        self.like = like
        self.data = np.zeros(like.data.shape)
        self.exposure = np.zeros(like.exposure.shape)

    def add(self, other: _Response, weights: np.ndarray) -> None:
        """Add a response; ``weights`` has shape ``(y, x)`` or ``(ereco, y, x)``."""
        if type(other) is not type(self.like):
            raise ValueError(
                f"cannot stack {type(other).__name__} on {type(self.like).__name__}: "
                "energy dispersion must be of one kind"
            )
        if not all(
            getattr(other, field.name).is_allclose(getattr(self.like, field.name))
            for field in dataclasses.fields(other)
            if field.name in ("energy_true", "energy", "rad", "migra")
        ):
            raise ValueError(f"cannot stack {type(other).__name__}: their axes differ")
        where = place(self.like.geom, other.geom)
        if where is None:
            return
        target, source = (..., *where.parent), (..., *where.child)
        weights = weights[source]
        exposure = np.nan_to_num(np.asarray(other.exposure, float)[source], posinf=0.0, neginf=0.0)
        data = np.nan_to_num(np.asarray(other.data, float)[source], posinf=0.0, neginf=0.0)
        self.data[target] += data * exposure[:, None] * weights
        self.exposure[target] += exposure * (weights if weights.ndim == 2 else weights.any(axis=0))

    def result(self) -> _Response:
        """Divide the sums."""
        with np.errstate(invalid="ignore", divide="ignore"):
            data = np.nan_to_num(self.data / self.exposure[:, None], posinf=0.0, neginf=0.0)
        return dataclasses.replace(self.like, data=data, exposure=self.exposure)


class _OnOffSum:
    """Sums of on/off data, on the bins of a reference dataset."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.acceptance = np.zeros(shape)
        self.acceptance_off = np.zeros(shape)
        self.counts_off = np.zeros(shape)
        self.background = np.zeros(shape)

    def add(self, dataset: Dataset, mask: np.ndarray, where: Placement) -> None:
        """Add one dataset with its safe mask."""
        if dataset.alpha is None:
            raise ValueError(f"dataset {dataset.name!r} has off counts but no acceptances")
        counts_off = np.asarray(dataset.counts_off, float)
        cubes = {
            "acceptance": dataset.acceptance,
            "acceptance_off": dataset.acceptance_off,
            "counts_off": counts_off,
            "background": dataset.alpha * counts_off,
        }
        target, source = (..., *where.parent), (..., *where.child)
        for key, cube in cubes.items():
            values = np.nan_to_num(np.asarray(cube, float)[source], posinf=0.0, neginf=0.0)
            getattr(self, key)[target] += values * mask[source]

    def result(self) -> dict[str, np.ndarray]:
        """Derive the off acceptance."""
        off, on = self.counts_off, self.acceptance
        total, background = off.sum(), self.background.sum()
        # Without any off counts the acceptances themselves are all there is to go by.
        if total > 0 and background > 0:
            average = background / total
        else:
            average = on.sum() / max(self.acceptance_off.sum(), np.finfo(float).tiny)
        ratio = np.divide(self.background, off, out=np.full(off.shape, average), where=off > 0)
        acceptance_off = np.divide(on, ratio, out=self.acceptance_off.copy(), where=ratio > 0)
        return {"counts_off": off, "acceptance": on, "acceptance_off": acceptance_off}


def _true_psf(dataset: Dataset) -> PSFMap:
    """Give the PSF of a dataset, which must be one in true energy."""
    if isinstance(dataset.psf, RecoPSFMap):
        raise ValueError(
            f"dataset {dataset.name!r} cannot be stacked: its PSF is given in reconstructed energy"
        )
    assert dataset.psf is not None
    return dataset.psf


class _Sums:
    """Running sums of a stack, on the geometries of a reference dataset."""

    def __init__(self, like: Dataset) -> None:
        self.like = like
        true = (like.energy_true.nbin, *like.geom.shape)
        self.cubes: dict[str, np.ndarray | None] = {
            "counts": np.zeros(like.shape),
            "background": np.zeros(like.shape),
            "exposure": np.zeros(true),
        }
        self.psf = None if like.psf is None else _ResponseSum(_true_psf(like))
        self.edisp = None if like.edisp is None else _ResponseSum(like.edisp)
        self.mask_safe = np.zeros(like.shape, bool)
        self.mask_fit = np.zeros(like.shape, bool)
        self.has_mask_fit = False
        self.onoff: _OnOffSum | None = None
        self.is_onoff: bool | None = None
        if like.acceptance is not None:
            self.cubes["background"] = None
        self.gti: list[GTI] = []
        self.livetime = 0.0
        self.obs_ids: list[int] = []
        self.names: dict[str, dict[str, None]] = {"telescope": {}, "instrument": {}}

    def add(self, dataset: Dataset) -> None:
        """Add one dataset."""
        self._check_axes(dataset)
        where = place(self.like.geom, dataset.geom)
        safe = safe_pixels(dataset)
        if where is None or not safe.any():
            return
        mask = dataset.mask_safe
        mask = np.ones(dataset.shape, bool) if mask is None else np.asarray(mask, bool)
        self._add_onoff(dataset, mask, where)
        for key in _CUBES:
            self._add_cube(key, getattr(dataset, key), safe if key == "exposure" else mask, where)
        self._add_responses(dataset, safe)
        target, source = (..., *where.parent), (..., *where.child)
        self.mask_safe[target] |= mask[source]
        if dataset.mask_fit is None:
            self.mask_fit[target] = True
        else:
            self.has_mask_fit = True
            self.mask_fit[target] |= np.asarray(dataset.mask_fit, bool)[source]
        if dataset.gti is not None:
            self.gti.append(dataset.gti)
        self.livetime += 0.0 if dataset.livetime is None else float(dataset.livetime)
        self.obs_ids += [key for key in dataset.obs_ids if key not in self.obs_ids]
        for field, names in self.names.items():
            if getattr(dataset, field):
                names[getattr(dataset, field)] = None

    def _check_axes(self, dataset: Dataset) -> None:
        for field in ("energy", "energy_true"):
            if not getattr(dataset, field).is_allclose(getattr(self.like, field)):
                raise ValueError(
                    f"dataset {dataset.name!r} cannot be stacked: its {field} axis differs"
                )

    def _add_onoff(self, dataset: Dataset, mask: np.ndarray, where: Placement) -> None:
        if self.is_onoff is None:
            self.is_onoff = dataset.is_onoff
            self.onoff = _OnOffSum(self.like.shape) if dataset.is_onoff else None
        if dataset.is_onoff != self.is_onoff:
            raise ValueError(
                f"dataset {dataset.name!r} cannot be stacked: either all or none have off counts"
            )
        if self.onoff is not None:
            self.onoff.add(dataset, mask, where)

    def _add_cube(self, key: str, data: Any, weights: np.ndarray, where: Placement) -> None:
        target, source = (..., *where.parent), (..., *where.child)
        sums = self.cubes[key]
        if data is None or sums is None:
            self.cubes[key] = None
            return
        values = np.nan_to_num(np.asarray(data, float)[source], posinf=0.0, neginf=0.0)
        sums[target] += values * weights[source]

    def _add_responses(self, dataset: Dataset, safe: np.ndarray) -> None:
        if dataset.psf is None or self.psf is None:
            self.psf = None
        else:
            self.psf.add(_true_psf(dataset), _nearest(safe, dataset.geom, dataset.psf.geom))
        edisp = dataset.edisp
        if edisp is None or self.edisp is None:
            self.edisp = None
        elif isinstance(edisp, EDispKernelMap):
            self.edisp.add(edisp, safe_kernel_bins(dataset, edisp.geom))
        else:
            self.edisp.add(edisp, _touches(safe, dataset.geom, edisp.geom))

    def result(self, name: str) -> Dataset:
        """Put the stack together."""
        onoff: dict[str, Any] = {} if self.onoff is None else self.onoff.result()
        return Dataset(
            name=name,
            geom=self.like.geom,
            energy=self.like.energy,
            energy_true=self.like.energy_true,
            **self.cubes,
            **onoff,
            psf=None if self.psf is None else self.psf.result(),  # type: ignore[arg-type]
            edisp=None if self.edisp is None else self.edisp.result(),  # type: ignore[arg-type]
            mask_safe=self.mask_safe,
            mask_fit=self.mask_fit if self.has_mask_fit else None,
            gti=GTI.stack(self.gti).union() if self.gti else None,
            livetime=np.asarray(self.livetime),
            obs_ids=tuple(self.obs_ids),
            telescope=", ".join(self.names["telescope"]),
            instrument=", ".join(self.names["instrument"]),
        )
