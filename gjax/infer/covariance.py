"""Covariance from the exact Hessian of the statistic, the expected information, or both."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from gjax.infer.information import information, score_scatter
from gjax.infer.objective import Objective, hessian
from gjax.parameters import Layout
from gjax.typing import Array, Theta

__all__ = [
    "DEGENERATE",
    "KINDS",
    "Inverse",
    "covariance_of_kind",
    "covariance_of_values",
    "invert_hessian",
]

#: The kinds of covariance that `covariance_of_kind` knows.
KINDS = ("exact", "expected", "sandwich")

#: Condition number of the correlation beyond which parameters are called degenerate: a Hessian is
#: known to about 1e-12 of its diagonal, so that four digits of the errors are left.
DEGENERATE = 1e8

#: Part of the largest component of the worst measured direction that makes a parameter belong.
_LARGE_PART = 0.2


@dataclass(frozen=True)
class Inverse:
    """The covariance of the free coordinates.

    Parameters
    ----------
    covariance :
        Shape ``(par, par)``; zero for held coordinates, NaN where the Hessian has no inverse.
    condition :
        Condition number of the correlation matrix; infinite where there is none.
    degenerate :
        Coordinates of which only a combination is measured; none where the condition is good.
    """

    covariance: np.ndarray
    condition: float
    degenerate: tuple[int, ...] = ()


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
    condition = float(values.max() / values.min()) if values.min() > 0 else np.inf
    weakest = np.abs(vectors[:, 0])
    weak = weakest > _LARGE_PART * weakest.max()
    degenerate = tuple(int(i) for i in free[weak]) if condition > DEGENERATE else ()
    if condition == np.inf:
        covariance[np.ix_(free, free)] = np.nan
        return Inverse(covariance, condition, degenerate)
    inverse = (vectors / values) @ vectors.T
    covariance[np.ix_(free, free)] = 2.0 * inverse / np.outer(scale, scale)
    return Inverse(covariance, condition, degenerate)


def covariance_of_kind(
    objective: Objective, theta: Theta, held: np.ndarray, kind: str = "exact"
) -> Inverse:
    r"""Give the covariance of the coordinates at the best fit.

    Parameters
    ----------
    held :
        Coordinates that are fixed, as those on a bound.
    kind :
        ``"exact"``: inverse of the observed information, half of the exact Hessian, :math:`A^{-1}`.
        ``"expected"``: inverse of the expected (Fisher) information, which does not know how the
        counts happened to scatter. ``"sandwich"``: :math:`A^{-1} B A^{-1}` with the scatter B of
        the slopes of the bins, right for large samples also where the scatter is not that of the
        model; with few counts it is too small.

    Raises
    ------
    ValueError
        For another kind.

    References
    ----------
    H. White, Econometrica 50 (1982) 1, theorem 3.2 (sandwich); A. C. Davison, Statistical Models
    (2003), section 4.6.
    """
    if kind not in KINDS:
        raise ValueError(f"covariance {kind!r} is none of: {', '.join(KINDS)}")
    if kind == "expected":
        return invert_hessian(2.0 * np.asarray(information(objective, theta)), held)
    inverse = invert_hessian(np.asarray(hessian(objective, theta)), held)
    if kind == "exact":
        return inverse
    scatter = np.asarray(score_scatter(objective, theta))
    sandwich = inverse.covariance @ scatter @ inverse.covariance
    return Inverse(sandwich, inverse.condition, inverse.degenerate)


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
