r"""From the flux of a source to its counts where the statistic needs them.

With everything else given, the counts of a source are linear in its flux F per true energy bin. The
statistic needs their sum over the mask and those in the occupied bins, of which a window sees only
the ones in its rows.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.predict.occupied import Occupied, round_up
from gjax.predict.reco import is_exposed
from gjax.predict.source import AbstractSource
from gjax.typing import Array, ArrayLike

__all__ = [
    "BinSlice",
    "Known",
    "Transfer",
    "exposure_at",
    "find_span",
    "rows_of_window",
]


class BinSlice(eqx.Module):
    """The occupied bins in the rows of a window, and where they are in it.

    Parameters
    ----------
    first :
        Position of the first of them among the occupied bins.
    inside :
        Whether each lies in the window; the others have any valid index.
    row, column, energy :
        Indices in the window, shape ``(span,)``.
    exposure :
        In cm2 s, shape ``(span, etrue)``.
    """

    first: Array
    inside: Array
    row: Array
    column: Array
    energy: Array
    exposure: Array

    @property
    def at(self) -> tuple[Array, Array, Array]:
        """Index ``(row, column, energy)`` of each."""
        return self.row, self.column, self.energy

    def cut(self, values: Array) -> Array:
        """Cut the slice out of the last axis of values in all occupied bins."""
        values = jnp.asarray(values)
        return jax.lax.dynamic_slice_in_dim(values, self.first, len(self.row), values.ndim - 1)


class Transfer(eqx.Module):
    """Counts per unit flux of each true energy bin.

    Parameters
    ----------
    total :
        Sum over the mask, shape ``(etrue,)``.
    bins :
        In the occupied bins of a `BinSlice`, shape ``(span, etrue)``.
    """

    total: ArrayLike
    bins: ArrayLike


class Known(eqx.Module):
    """What of the sources of a kind cannot change, and need not be computed again.

    Parameters
    ----------
    transfer :
        If their images cannot change.
    weights :
        If their windows cannot move: the weights of the sum over the mask, from
        `gjax.predict.reco.weigh`.
    """

    transfer: Transfer | None = None
    weights: ArrayLike | None = None


def find_span(occupied: Occupied, height: int) -> int:
    """Find the largest number of occupied bins in the rows of any window of a height.

    Of several datasets, stacked or not; rounded up, so that it repeats.
    """
    first = np.atleast_2d(np.asarray(occupied.first))
    rows = first.shape[-1]
    upper = first[:, np.minimum(np.arange(rows) + height, rows - 1)]
    return min(round_up(int((upper - first).max())), np.shape(occupied.row)[-1])


def rows_of_window(
    bins: Occupied, start: tuple[Array, Array], shape: tuple[int, int], span: int
) -> BinSlice:
    """Find the occupied bins in a window.

    Parameters
    ----------
    start :
        First row and column of the window.
    span :
        Number of bins to look at, from `find_span`; all of them if the bins are in no order.
    """
    height, width = shape
    first = jnp.zeros((), int)
    if bins.first is not None and span < np.shape(bins.row)[0]:
        first = jnp.asarray(bins.first)[start[0]]
        # As the slices do, so that a slice at the end of the list is where it says.
        first = jnp.minimum(first, np.shape(bins.row)[0] - span)
    else:
        span = np.shape(bins.row)[0]

    def cut(values: ArrayLike) -> Array:
        return jax.lax.dynamic_slice_in_dim(jnp.asarray(values), first, span)

    row, column = cut(bins.row) - start[0], cut(bins.column) - start[1]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    return BinSlice(
        first=first,
        inside=inside,
        row=jnp.clip(row, 0, height - 1),
        column=jnp.clip(column, 0, width - 1),
        energy=cut(bins.energy),
        exposure=cut(bins.exposure),
    )


def exposure_at(source: AbstractSource, bins: BinSlice) -> Array:
    """Give the exposure in some bins, as it applies to a source, shape ``(span, etrue)``."""
    return bins.exposure if is_exposed(source) else jnp.ones_like(bins.exposure)
