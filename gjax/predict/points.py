"""Flux points as data of a fit: predicted fluxes and their statistic.

The spectra of all sources that act in the dataset are added; where they are on the sky does not
matter. Which values, errors and limits count is decided in `gjax.dataset.flux_points`.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp

from gjax.predict.physics import Components, Emission, Intervals
from gjax.stats.chi2 import Points, points_stat
from gjax.typing import Array, ArrayLike, Float, Scalar

__all__ = ["PreparedPoints", "points_statistic", "predict_points"]


class PreparedPoints(eqx.Module):
    """The arrays of one dataset of flux points (or a stack of them).

    Parameters
    ----------
    points :
        Values, errors, limits or profiles.
    energy :
        Reference energies in TeV, shape ``(n,)``.
    band :
        Lower and upper ends in TeV, and the width by which an integral is divided; None where the
        spectrum is compared at the reference energies.
    intervals :
        Good time intervals, where a source varies with time.
    """

    points: Points
    energy: ArrayLike
    band: tuple[ArrayLike, ArrayLike, ArrayLike] | None
    intervals: Intervals | None


def predict_points(data: PreparedPoints, physics: Components) -> Float[Array, " n"]:
    """Predict differential fluxes in cm-2 s-1 TeV-1."""

    def one(emission: Emission) -> Array:
        if data.band is None:
            return emission.dnde(data.energy, data.intervals)
        low, high, width = data.band
        return emission.flux(low, high, data.intervals) / width

    total = jnp.zeros(jnp.shape(data.energy))
    for emissions, _ in physics.sources:
        total = total + jax.vmap(one)(emissions).sum(axis=0)
    return total


def points_statistic(data: PreparedPoints, physics: Components) -> Scalar:
    """Give the statistic of a dataset of flux points."""
    return jnp.sum(points_stat(data.points, predict_points(data, physics)))
