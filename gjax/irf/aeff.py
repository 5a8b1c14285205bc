"""Effective area."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from gjax.irf.table import Table

__all__ = ["EffectiveArea"]


class EffectiveArea(eqx.Module):
    """Effective area as a function of true energy and offset.

    Parameters
    ----------
    table :
        Axes ``(energy_true, offset)`` in TeV and deg, values in cm2.
    is_pointlike :
        Whether a cut on the direction has been applied, so that the area holds for a region of that
        size only.
    energy_min, energy_max :
        The safe energy range in TeV as written in the file (``LO_THRES``, ``HI_THRES``).
    rad_max :
        Radius of the direction cut in deg, where one number was written in the file.
    """

    table: Table
    is_pointlike: bool = eqx.field(static=True, default=False)
    energy_min: float | None = eqx.field(static=True, default=None)
    energy_max: float | None = eqx.field(static=True, default=None)
    rad_max: float | None = eqx.field(static=True, default=None)

    def evaluate(self, energy_true: Any, offset: Any) -> np.ndarray:
        """Give the effective area in cm2.

        Parameters
        ----------
        energy_true, offset :
            TeV and deg; they broadcast.
        """
        return self.table.evaluate(energy_true=energy_true, offset=offset)
