"""Responses brought to the energies of their dataset.

Some instruments give the PSF at other energies than the exposure (Fermi-LAT: at nodes). Lives here:
interpolation between true energies. Does not live here: the lookup of a response at a source
(`gjax.predict`).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gjax.dataset.response import PSFMap
from gjax.maps.axis import MapAxis
from gjax.numerics.interpolate import interpolate_grid

__all__ = ["psf_at_energies"]


def psf_at_energies(psf: PSFMap, energy_true: MapAxis) -> PSFMap:
    """Interpolate a PSF to other true energies, linearly in the logarithm of energy.

    Beyond its own energies the PSF is continued linearly (never below zero), its exposure is kept.

    Parameters
    ----------
    psf :
        The point spread function.
    energy_true :
        The axis that the result gets.
    """
    if psf.energy_true.is_allclose(energy_true):
        return dataclasses.replace(psf, energy_true=energy_true)
    data = _at_energies(psf.data, psf.energy_true, energy_true, extrapolate=True)
    exposure = _at_energies(psf.exposure, psf.energy_true, energy_true, extrapolate=False)
    return dataclasses.replace(
        psf, data=np.maximum(data, 0.0), exposure=exposure, energy_true=energy_true
    )


def _at_energies(values: Any, axis: MapAxis, other: MapAxis, *, extrapolate: bool) -> np.ndarray:
    values = np.nan_to_num(np.asarray(values, float))
    nodes, points = [np.log(axis.center)], [np.log(other.center)]
    return np.asarray(interpolate_grid(values, nodes, points, extrapolate=extrapolate))
