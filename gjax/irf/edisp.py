"""Energy dispersion: the distribution of reconstructed over true energy.

How dispersion is projected on a sky map lives in `gjax.reduce`, how it is applied to a spectrum in
`gjax.predict`.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from gjax.irf.table import Table, finite, inside
from gjax.maps.axis import MapAxis

__all__ = ["EnergyDispersion", "integrate_migra", "normalize_migra"]

#: Kernel entries below this are taken as rounding noise.
KERNEL_THRESHOLD = 1e-8


def normalize_migra(values: np.ndarray, migra: MapAxis, axis: int) -> np.ndarray:
    """Scale distributions to a unit integral over migra; those that are zero stay zero.

    Parameters
    ----------
    values :
        Probability per unit migra.
    migra :
        The migra axis.
    axis :
        Which dimension of ``values`` it is.
    """
    width = np.diff(migra.edges)
    total = np.moveaxis(np.moveaxis(values, axis, -1) * width, -1, axis).cumsum(axis=axis)
    total = total.max(axis=axis, keepdims=True)
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def integrate_migra(
    density: np.ndarray, migra: MapAxis, energy_true: MapAxis, energy: MapAxis
) -> np.ndarray:
    r"""Integrate a density in migra over the bins of reconstructed energy.

    .. math:: R_{te} = C_t(E_{e+1} / E_t) - C_t(E_e / E_t),

    with the cumulative distribution :math:`C_t`, linear between migra edges, and the centre
    :math:`E_t` of the true-energy bin.

    Parameters
    ----------
    density :
        Probability per unit migra, shape ``(etrue, migra, ...)``.
    migra, energy_true, energy :
        The axes.

    Returns
    -------
    Kernel of shape ``(etrue, ereco, ...)``; rows sum to at most one.
    """
    density = np.asarray(density, float)
    edges = np.asarray(migra.edges, float)
    width = np.diff(edges).reshape((1, -1) + (1,) * (density.ndim - 2))
    steps = np.cumsum(density * width, axis=1)
    cumulative = np.concatenate([np.zeros_like(steps[:, :1]), steps], axis=1)

    ratio = np.asarray(energy.edges) / np.asarray(energy_true.center)[:, None]
    ratio = np.clip(ratio, edges[0], edges[-1])
    left = np.clip(np.searchsorted(edges, ratio, side="right") - 1, 0, len(edges) - 2)
    weight = (ratio - edges[left]) / np.diff(edges)[left]
    expand = (...,) + (None,) * (density.ndim - 2)
    left, weight = left[expand], weight[expand]
    low = np.take_along_axis(cumulative, left, axis=1)
    high = np.take_along_axis(cumulative, left + 1, axis=1)
    kernel = np.maximum(np.diff(low + weight * (high - low), axis=1), 0.0)
    return np.where(kernel < KERNEL_THRESHOLD, 0.0, kernel)


class EnergyDispersion(eqx.Module):
    """Distribution of migra = energy / energy_true as a function of true energy and offset.

    Parameters
    ----------
    table :
        Axes ``(energy_true, migra, offset)`` in TeV, 1 and deg; probability per unit migra.
    is_pointlike :
        Whether a cut on the direction has been applied.
    rad_max :
        Radius of the direction cut in deg, where one number was written in the file.
    """

    table: Table
    is_pointlike: bool = eqx.field(static=True, default=False)
    rad_max: float | None = eqx.field(static=True, default=None)

    def evaluate(self, energy_true: Any, migra: Any, offset: Any) -> np.ndarray:
        """Give the probability per unit migra.

        Zero where the offset is outside, or true energy and migra both are; where only one of the
        two is outside, the table is extrapolated.

        Parameters
        ----------
        energy_true, migra, offset :
            TeV, 1 and deg; they broadcast.
        """
        values = self.table.interpolate(energy_true=energy_true, migra=migra, offset=offset)
        within = inside(self.table.axis("offset"), offset)
        if not within.all():
            values = values * within
        energy_inside = inside(self.table.axis("energy_true"), energy_true)
        migra_inside = inside(self.table.axis("migra"), migra)
        if not (energy_inside.all() or migra_inside.all()):
            values = values * (energy_inside | migra_inside)
        return finite(values)

    def kernel(self, offset: float, energy_true: MapAxis, energy: MapAxis) -> np.ndarray:
        """Give the matrix from true-energy bins to reconstructed-energy bins at one offset.

        The distribution at the centre of each true-energy bin is normalised along migra and
        integrated over the bins of reconstructed energy (`integrate_migra`).

        Parameters
        ----------
        offset :
            Offset in deg.
        energy_true, energy :
            Axes of true and reconstructed energy in TeV.

        Returns
        -------
        Probabilities, shape ``(etrue, ereco)``. Rows sum to less than one where events leave the
        range of reconstructed energies.
        """
        migra = self.table.axis("migra")
        values = self.evaluate(
            np.asarray(energy_true.center)[:, None], np.asarray(migra.center), float(offset)
        )
        return integrate_migra(normalize_migra(values, migra, 1), migra, energy_true, energy)
