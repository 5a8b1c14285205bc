"""Where the instrument is understood well enough to be used.

Lives here: the rules by which bins are marked as safe. Does not live here: masks that the user
wants (`gjax.dataset.edit`) and exclusion regions (`gjax.reduce.background`).
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.edit import energy_mask
from gjax.events.observation import Observation
from gjax.maps.frames import convert
from gjax.maps.region_geom import RegionGeom
from gjax.numerics.sphere import offset_by
from gjax.reduce.edisp import kernel_at
from gjax.reduce.exposure import pixel_offsets, pointing_in, require
from gjax.units import to_internal

__all__ = ["METHODS", "aeff_threshold", "bias_threshold", "safe_mask"]

log = logging.getLogger(__name__)

_TINY = float(np.finfo(np.float64).tiny)


def safe_mask(
    dataset: Dataset,
    observation: Observation,
    methods: Sequence[str] = ("aeff-default",),
    *,
    aeff_percent: float = 10.0,
    bias_percent: float = 10.0,
    offset_max: Any = 3.0,
    position: tuple[float, float] | None = None,
    fixed_offset: Any = None,
) -> Dataset:
    """Mark the bins that every one of the methods calls safe.

    Bins without a positive, finite background are never safe (if there is a background at all).
    The methods that find a threshold in true energy apply it to reconstructed energy, as is the
    custom; only bins wholly inside a safe range are kept.

    Parameters
    ----------
    dataset :
        The reduced observation.
    observation :
        Where it comes from.
    methods :
        Any of

        - ``aeff-default``: the energy range given in the effective-area file;
        - ``aeff-max``: above the energy at which the effective area first exceeds ``aeff_percent``
          of its maximum;
        - ``edisp-bias``: above the energy at which the relative energy bias has fallen to
          ``bias_percent``;
        - ``bkg-peak``: from the energy bin with the highest background on, predicted or (on/off
          data) measured;
        - ``offset-max``: closer to the pointing than ``offset_max``.
    aeff_percent, bias_percent :
        Thresholds in percent.
    offset_max :
        Largest offset in deg or as a Quantity.
    position :
        Where effective area and bias are looked up: ``(lon, lat)`` in deg (ICRS). By default the
        centre of the map. In a region they are known at one place only, and that is taken.
    fixed_offset :
        Look them up at this offset (deg or Quantity) north of the pointing instead.

    Returns
    -------
    The dataset with its ``mask_safe``.

    Raises
    ------
    ValueError
        If a method is unknown, or both ``position`` and ``fixed_offset`` are given.
    """
    unknown = set(methods) - set(METHODS)
    if unknown:
        raise ValueError(
            f"unknown safe mask methods {sorted(unknown)}; there are {sorted(METHODS)}"
        )
    if position is not None and fixed_offset is not None:
        raise ValueError("give either position or fixed_offset for the safe mask, not both")
    mask = np.ones(dataset.shape, bool)
    if dataset.mask_safe is not None:
        mask &= np.asarray(dataset.mask_safe, bool)
    if dataset.background is not None:
        background = np.asarray(dataset.background)
        mask &= np.isfinite(background)
        mask &= background > 0
    options = {
        "aeff_percent": aeff_percent,
        "bias_percent": bias_percent,
        "offset_max": to_internal(offset_max, "deg", "offset_max"),
        "position": _look_up_position(dataset, observation, position, fixed_offset),
    }
    for method in dict.fromkeys(methods):
        mask &= METHODS[method](dataset, observation, options)
    return dataclasses.replace(dataset, mask_safe=mask)


def _look_up_position(
    dataset: Dataset,
    observation: Observation,
    position: tuple[float, float] | None,
    fixed_offset: Any,
) -> tuple[float, float]:
    """Where to look responses up, in the frame of the dataset."""
    if fixed_offset is not None:
        offset = to_internal(fixed_offset, "deg", "fixed_offset")
        lon, lat = offset_by(*pointing_in(observation, "icrs"), 0.0, float(offset))
    elif position is not None:
        lon, lat = position
    else:
        return dataset.geom.center
    lon, lat = convert(np.asarray(lon), np.asarray(lat), "icrs", dataset.geom.frame)
    return float(lon), float(lat)


def _offset_max(dataset: Dataset, observation: Observation, options: dict[str, Any]) -> np.ndarray:
    return pixel_offsets(observation, dataset.geom) < options["offset_max"]


def _aeff_default(
    dataset: Dataset, observation: Observation, options: dict[str, Any]
) -> np.ndarray:
    aeff = require(observation.aeff, observation, "effective area")
    limits = {"lower": aeff.energy_min, "upper": aeff.energy_max}
    for side, limit in limits.items():
        if not limit:
            log.warning(
                "no default %s safe energy threshold in observation %s", side, observation.obs_id
            )
    bins = energy_mask(dataset.energy, limits["lower"] or None, limits["upper"] or None)
    return bins[:, None, None]


def _aeff_max(dataset: Dataset, observation: Observation, options: dict[str, Any]) -> np.ndarray:
    if dataset.exposure is None:
        raise ValueError("the safe mask 'aeff-max' needs the exposure")
    exposure = _exposure_at(dataset, options["position"])
    threshold = aeff_threshold(dataset.energy_true.center, exposure, options["aeff_percent"] / 100)
    if threshold is None:
        log.warning(
            "observation %s: the effective area is zero where the safe mask looks it up, "
            "no bin is safe",
            observation.obs_id,
        )
        return np.zeros((dataset.energy.nbin, 1, 1), bool)
    return energy_mask(dataset.energy, threshold)[:, None, None]


def _exposure_at(dataset: Dataset, position: tuple[float, float]) -> np.ndarray:
    """Exposure at a position, zero outside the map; that of a region is one everywhere."""
    exposure = np.asarray(dataset.exposure)
    if isinstance(dataset.geom, RegionGeom):
        return exposure[:, 0, 0]
    ix, iy = dataset.geom.coord_to_idx(*(np.asarray(x) for x in position))
    return exposure[:, int(iy), int(ix)] * (ix >= 0) * (iy >= 0)


def _edisp_bias(dataset: Dataset, observation: Observation, options: dict[str, Any]) -> np.ndarray:
    if dataset.edisp is None:
        raise ValueError("the safe mask 'edisp-bias' needs the energy dispersion")
    lon, lat = options["position"]
    kernel = kernel_at(dataset.edisp, lon, lat, dataset.energy)
    threshold = bias_threshold(
        kernel, dataset.energy_true.center, dataset.energy.center, options["bias_percent"] / 100
    )
    return energy_mask(dataset.energy, threshold)[:, None, None]


def _bkg_peak(dataset: Dataset, observation: Observation, options: dict[str, Any]) -> np.ndarray:
    background = dataset.background
    if dataset.counts_off is not None and dataset.alpha is not None:
        background = dataset.alpha * np.asarray(dataset.counts_off)
    if background is None:
        raise ValueError("the safe mask 'bkg-peak' needs the background")
    spectrum = np.nansum(np.asarray(background), axis=(1, 2))
    threshold = dataset.energy.edges[int(np.argmax(spectrum))]
    return energy_mask(dataset.energy, threshold)[:, None, None]


#: The methods by name.
METHODS: dict[str, Callable[[Dataset, Observation, dict[str, Any]], np.ndarray]] = {
    "aeff-default": _aeff_default,
    "aeff-max": _aeff_max,
    "bkg-peak": _bkg_peak,
    "edisp-bias": _edisp_bias,
    "offset-max": _offset_max,
}


def aeff_threshold(energy: np.ndarray, area: np.ndarray, fraction: float) -> float | None:
    """Find the energy at which an effective area first exceeds a fraction of its maximum.

    Interpolated log-log between the nodes. Where the area exceeds the fraction from the start, it
    is the first node with any area; None if there is no area at all.

    Parameters
    ----------
    energy, area :
        Nodes in TeV and the effective area (in any unit) there.
    fraction :
        Fraction of the maximum.
    """
    positive = np.flatnonzero(area > 0)
    if not positive.size:
        return None
    first, level = positive[0], fraction * area.max()
    above = np.flatnonzero(area[first:] >= level)[0] + first
    if above == first:
        return float(energy[first])
    return _crossing(energy[above - 1 : above + 1], area[above - 1 : above + 1], level)


def bias_threshold(
    kernel: np.ndarray, energy_true: np.ndarray, energy: np.ndarray, bias: float
) -> float:
    r"""Find the reconstructed energy above which the energy bias is below a limit.

    The relative bias is :math:`b_t = \sum_e R_{te} E_e / (E_t \sum_e R_{te}) - 1`. The energy is
    where it first falls to the limit after its peak, interpolated log-log, times one plus the
    limit; if it never does, that of the peak.

    Parameters
    ----------
    kernel :
        Shape ``(etrue, ereco)``.
    energy_true, energy :
        Bin centres in TeV.
    bias :
        The limit (0.1 for ten percent).
    """
    norm = kernel.sum(axis=1)
    mean = np.divide(kernel @ energy, norm, out=np.zeros_like(norm), where=norm > 0)
    values = np.maximum(mean / energy_true - 1.0, _TINY)
    peak = int(np.argmax(mean / energy_true))
    below = np.flatnonzero((values[peak:-1] >= bias) & (values[peak + 1 :] <= bias))
    if not below.size:
        return float(energy_true[peak] * (1 + bias))
    pair = slice(peak + below[0], peak + below[0] + 2)
    return _crossing(energy_true[pair], values[pair], bias) * (1 + bias)


def _crossing(x: np.ndarray, y: np.ndarray, level: float) -> float:
    """Solve a power law through two points for ``y = level``."""
    log_x, log_y = np.log(x), np.log(np.maximum(y, _TINY))
    if log_y[1] == log_y[0]:
        return float(x[0])
    weight = (np.log(level) - log_y[0]) / (log_y[1] - log_y[0])
    return float(np.exp(log_x[0] + weight * (log_x[1] - log_x[0])))
