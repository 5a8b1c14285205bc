"""Covariance from the exact Hessian of the statistic."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from gjax.parameters import Layout
from gjax.typing import Array, Theta

__all__ = ["Inverse", "covariance_of_values", "invert_hessian"]


@dataclass(frozen=True)
class Inverse:
    """The covariance of the free coordinates.

    Parameters
    ----------
    covariance :
        Shape ``(par, par)``; zero for held coordinates, NaN where the Hessian has no inverse.
    condition :
        Condition number of the correlation matrix; infinite where there is none.
    """

    covariance: np.ndarray
    condition: float


def invert_hessian(hessian: np.ndarray, held: np.ndarray) -> Inverse:
    r"""Invert the Hessian of :math:`-2 \ln L` over the coordinates that are not held.

    The covariance is :math:`2 H^{-1}`. Held coordinates (those on a bound) are fixed, so that the
    errors of their neighbours are those at the bound.
    """
    free = np.flatnonzero(~held)
    covariance = np.zeros_like(hessian)
    block = hessian[np.ix_(free, free)]
    if not free.size:
        return Inverse(covariance, 1.0)
    diagonal = np.diag(block)
    if not np.isfinite(block).all() or not (diagonal > 0).all():
        covariance[np.ix_(free, free)] = np.nan
        return Inverse(covariance, np.inf)
    # Scaled to a unit diagonal, so that tiny fluxes beside large angles lose no digits.
    scale = np.sqrt(diagonal)
    values, vectors = np.linalg.eigh(block / np.outer(scale, scale))
    if values.min() <= 0:
        covariance[np.ix_(free, free)] = np.nan
        return Inverse(covariance, np.inf)
    inverse = (vectors / values) @ vectors.T
    covariance[np.ix_(free, free)] = 2.0 * inverse / np.outer(scale, scale)
    return Inverse(covariance, float(values.max() / values.min()))


def covariance_of_values(layout: Layout, theta: Theta, covariance: np.ndarray) -> np.ndarray:
    """Carry the covariance of the coordinates to the values of all parameters, links followed."""
    layout = jax.device_get(layout)
    if layout.links:
        slope = np.asarray(_slope_of_values(layout, np.asarray(theta, float)))
    else:
        slope = np.zeros((len(layout.values), len(layout.free)))
        slope[list(layout.free), np.arange(len(layout.free))] = layout.scale
    return slope @ covariance @ slope.T


@jax.jit
def _slope_of_values(layout: Layout, theta: Theta) -> Array:
    return jax.jacfwd(layout.all_values)(theta)
