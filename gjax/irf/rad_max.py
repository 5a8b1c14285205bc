"""Radius of the direction cut that goes with point-like responses."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from gjax.irf.aeff import EffectiveArea
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis

__all__ = ["RadMax"]


class RadMax(eqx.Module):
    """Radius of the region in which events of a point-like analysis are counted.

    Parameters
    ----------
    table :
        Axes ``(energy, offset)`` in TeV and deg, values in deg.
    """

    table: Table

    @classmethod
    def from_irf(cls, irf: EffectiveArea | EnergyDispersion) -> RadMax | None:
        """Make a constant radius of the one number of a point-like response, None without it."""
        if not irf.is_pointlike or irf.rad_max is None:
            return None
        energy, offset = irf.table.axis("energy_true"), irf.table.axis("offset")
        axes = (
            MapAxis.from_edges(np.asarray(energy.edges)[[0, -1]], "energy", interp="log"),
            MapAxis.from_nodes([float(np.mean(np.asarray(offset.edges)[[0, -1]]))], "offset"),
        )
        return cls(Table([[irf.rad_max]], axes, "deg"))

    @property
    def is_fixed(self) -> bool:
        """Whether the radius is one number."""
        return self.table.data.size == 1

    def evaluate(self, energy: Any, offset: Any) -> np.ndarray:
        """Give the radius in deg; a fixed radius holds everywhere.

        Parameters
        ----------
        energy, offset :
            TeV and deg; they broadcast.
        """
        if self.is_fixed:
            shape = np.broadcast_shapes(np.shape(energy), np.shape(offset))
            return np.full(shape, float(self.table.data.ravel()[0]))
        return self.table.evaluate(energy=energy, offset=offset)
