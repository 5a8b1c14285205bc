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
        Background and constant prediction in each.
    background_total :
        Background inside the mask per energy bin, shape ``(ereco,)``.
    constant_total :
        Constant prediction inside the mask.
    mask :
        Bins in the statistic on the padded map, shape ``(y, x, ereco)``.
    is_signed :
        Whether background or constant prediction is negative anywhere.
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


def find_occupied(
    counts: np.ndarray,
    mask: np.ndarray,
    background: np.ndarray | None,
    constant: np.ndarray | None,
    pad: int,
) -> Occupied:
    """Find the bins with counts inside the mask, and sum what the models do not change.

    Parameters
    ----------
    counts, mask, background, constant :
        Cubes of shape ``(ereco, y, x)``.
    pad :
        Pixels by which the map is padded for folding.
    """
    energy, row, column = np.nonzero(np.where(mask, counts, 0.0))
    room = (0, _length(len(energy)) - len(energy))

    def at_bins(cube: np.ndarray | None) -> np.ndarray:
        values = np.zeros(len(energy)) if cube is None else cube[energy, row, column]
        return np.pad(values, room)

    def inside(cube: np.ndarray | None) -> np.ndarray:
        return np.zeros(len(counts)) if cube is None else np.where(mask, cube, 0.0).sum(axis=(1, 2))

    return Occupied(
        energy=np.pad(energy, room),
        row=np.pad(row, room) + pad,
        column=np.pad(column, room) + pad,
        counts=at_bins(counts),
        background=at_bins(background),
        constant=at_bins(constant),
        background_total=inside(background),
        constant_total=inside(constant).sum(),
        mask=np.pad(np.moveaxis(mask, 0, -1), ((pad, pad), (pad, pad), (0, 0))),
        is_signed=np.asarray(
            any(cube is not None and cube.min() < 0 for cube in (background, constant))
        ),
    )


def _length(number: int) -> int:
    """Round up to a power of two or three quarters of one, so that shapes repeat."""
    power = 1 << max(number - 1, 63).bit_length()
    return power * 3 // 4 if number <= power * 3 // 4 else power
