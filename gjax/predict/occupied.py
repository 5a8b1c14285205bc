"""The occupied bins of a dataset, found once on the host."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from gjax.typing import ArrayLike

__all__ = ["Occupied", "find_occupied"]


class Occupied(eqx.Module):
    """The bins with counts, and what is linear in the models and can be summed once for all.

    Parameters
    ----------
    energy, row, column :
        Index of each bin, rows and columns on the padded map; padded with bins of zero counts.
    counts :
        Content of each.
    background, constant :
        Backgrounds (shape ``(background, bin)``) and constant prediction in each.
    background_total :
        Backgrounds inside the mask per energy bin, shape ``(background, ereco)``.
    constant_total :
        Constant prediction inside the mask.
    mask :
        Bins in the statistic on the padded map, shape ``(y, x, ereco)``.
    is_signed :
        Whether background or constant prediction is negative anywhere.
    counts_off, alpha, is_used :
        Off counts and ratio of acceptances in each bin of on/off data, and which are no padding;
        else None.
    """

    energy: ArrayLike
    row: ArrayLike
    column: ArrayLike
    counts: ArrayLike
    background: ArrayLike
    constant: ArrayLike
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
    off: tuple[np.ndarray, np.ndarray] | None = None,
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
    off :
        Off counts and ratio of acceptances, cubes. All bins of the mask are then occupied (in those
        without counts a negative signal matters), and the background is one of zeros, whose factor
        is that of the acceptances.
    """
    if background is None:
        background = np.zeros((0 if off is None else 1, *counts.shape))
    energy, row, column = np.nonzero(mask if off is not None else np.where(mask, counts, 0.0))
    number, length = len(energy), _length(len(energy))

    def filled(values: np.ndarray, fill: float = 0.0) -> np.ndarray:
        found = np.full(length, fill, values.dtype)
        found[:number] = values
        return found

    def at_bins(cube: np.ndarray | None, fill: float = 0.0) -> np.ndarray:
        return np.zeros(length) if cube is None else filled(cube[energy, row, column], fill)

    cubes = [*background] if constant is None else [*background, constant]
    return Occupied(
        energy=filled(energy),
        row=filled(row) + pad,
        column=filled(column) + pad,
        counts=at_bins(counts),
        background=np.stack([at_bins(cube) for cube in background])
        if len(background)
        else np.zeros((0, length)),
        constant=at_bins(constant),
        background_total=np.where(mask, background, 0.0).sum(axis=(2, 3)),
        constant_total=np.asarray(0.0 if constant is None else np.where(mask, constant, 0.0).sum()),
        mask=np.pad(np.moveaxis(mask, 0, -1), ((pad, pad), (pad, pad), (0, 0))),
        is_signed=np.asarray(any(cube.min() < 0 for cube in cubes)),
        counts_off=None if off is None else at_bins(off[0]),
        alpha=None if off is None else at_bins(off[1], fill=1.0),
        is_used=None if off is None else np.arange(length) < number,
    )


def _length(number: int) -> int:
    """Round up to a power of two or three quarters of one, so that shapes repeat."""
    power = 1 << max(number - 1, 63).bit_length()
    return power * 3 // 4 if number <= power * 3 // 4 else power
