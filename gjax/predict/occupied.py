"""The occupied bins of a dataset, found once on the host."""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import numpy as np

from gjax.typing import ArrayLike

__all__ = ["Occupied", "find_occupied", "lengthened", "padded", "round_up"]


class Occupied(eqx.Module):
    """The bins with counts, and what is linear in the models and can be summed once for all.

    Parameters
    ----------
    energy, row, column :
        Index of each bin, rows and columns on the padded map, in the order of the rows; filled up
        with bins of zero counts in a row beyond the map.
    first :
        Number of bins before each row of the padded map, by which the bins of a window are found;
        None if they are in another order.
    counts :
        Content of each.
    background, constant :
        Backgrounds (shape ``(background, bin)``) and constant prediction in each.
    exposure :
        In each, in cm2 s, shape ``(bin, etrue)``.
    background_total :
        Backgrounds inside the mask per energy bin, shape ``(background, ereco)``.
    constant_total :
        Constant prediction inside the mask.
    mask :
        Bins in the statistic on the padded map, shape ``(ereco, y, x)``.
    is_signed :
        Whether background or constant prediction is negative anywhere.
    counts_off, alpha, is_used :
        Off counts and ratio of acceptances in each bin of on/off data, and which are no padding;
        else None.
    """

    energy: ArrayLike
    row: ArrayLike
    column: ArrayLike
    first: ArrayLike | None
    counts: ArrayLike
    background: ArrayLike
    constant: ArrayLike
    exposure: ArrayLike
    background_total: ArrayLike
    constant_total: ArrayLike
    mask: ArrayLike
    is_signed: ArrayLike
    counts_off: ArrayLike | None = None
    alpha: ArrayLike | None = None
    is_used: ArrayLike | None = None

    @property
    def is_onoff(self) -> bool:
        """Whether the background was measured in an off region."""
        return self.counts_off is not None


def find_occupied(
    counts: np.ndarray,
    mask: np.ndarray,
    background: np.ndarray | None,
    constant: np.ndarray | None,
    pad: int,
    *,
    exposure: np.ndarray | None = None,
    off: tuple[np.ndarray, np.ndarray] | None = None,
    is_signed: bool = False,
) -> Occupied:
    """Find the bins with counts inside the mask, and sum what the models do not change.

    Parameters
    ----------
    counts, mask, constant :
        Cubes of shape ``(ereco, y, x)``.
    background :
        Several cubes, shape ``(background, ereco, y, x)``.
    pad :
        Pixels by which the map is padded for folding.
    exposure :
        In cm2 s, shape ``(etrue, y, x)``.
    off :
        Off counts and ratio of acceptances, cubes. All bins of the mask are then occupied (in those
        without counts a negative signal matters), and the background is one of zeros, whose factor
        is that of the acceptances.
    is_signed :
        Whether any other part of the prediction may be negative.
    """
    if background is None:
        background = np.zeros((0 if off is None else 1, *counts.shape))
    wanted = mask if off is not None else mask & (counts != 0)
    row, column, energy = np.nonzero(np.moveaxis(wanted, 0, -1))
    number, length = len(energy), round_up(len(energy))
    rows = counts.shape[1] + 2 * pad

    def filled(values: np.ndarray, fill: float = 0.0) -> np.ndarray:
        found = np.full((length, *values.shape[1:]), fill, values.dtype)
        found[:number] = values
        return found

    def at_bins(cube: np.ndarray | None, fill: float = 0.0) -> np.ndarray:
        return np.zeros(length) if cube is None else filled(cube[energy, row, column], fill)

    cubes = [*background] if constant is None else [*background, constant]
    return Occupied(
        energy=filled(energy),
        row=filled(row + pad, rows),
        column=filled(column) + pad,
        first=np.searchsorted(row + pad, np.arange(rows + 1)),
        counts=at_bins(counts),
        background=np.stack([at_bins(cube) for cube in background])
        if len(background)
        else np.zeros((0, length)),
        constant=at_bins(constant),
        exposure=np.zeros((length, 0)) if exposure is None else filled(exposure[:, row, column].T),
        background_total=np.where(mask, background, 0.0).sum(axis=(2, 3)),
        constant_total=np.asarray(0.0 if constant is None else np.where(mask, constant, 0.0).sum()),
        mask=padded(mask, pad),
        is_signed=np.asarray(is_signed or any(cube.min() < 0 for cube in cubes)),
        counts_off=None if off is None else at_bins(off[0]),
        alpha=None if off is None else at_bins(off[1], fill=1.0),
        is_used=None if off is None else np.arange(length) < number,
    )


def padded(cube: np.ndarray, pad: int) -> np.ndarray:
    """Fill a cube with zeros around its images."""
    return np.pad(cube, ((0, 0), (pad, pad), (pad, pad))) if pad else cube


def lengthened(bins: Occupied, length: int) -> Occupied:
    """Fill a list of bins up to a length."""
    more = length - len(bins.counts)
    if more == 0:
        return bins
    rows = len(np.asarray(bins.first)) - 1

    def filled(values: ArrayLike | None, fill: float = 0.0, axis: int = 0) -> Any:
        if values is None:
            return None
        room = [(0, 0)] * np.ndim(values)
        room[axis] = (0, more)
        return np.pad(np.asarray(values), room, constant_values=fill)

    return dataclasses.replace(
        bins,
        row=filled(bins.row, rows),
        background=filled(bins.background, axis=1),
        alpha=filled(bins.alpha, 1.0),
        is_used=filled(bins.is_used, False),
        **{
            name: filled(getattr(bins, name))
            for name in ("energy", "column", "counts", "constant", "exposure", "counts_off")
        },
    )


def round_up(number: int) -> int:
    """Round up to a power of two or three quarters of one, so that shapes repeat."""
    power = 1 << max(number - 1, 63).bit_length()
    return power * 3 // 4 if number <= power * 3 // 4 else power
