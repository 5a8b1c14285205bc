"""The information of the data on the parameters: expected, and as scattered as the bins are.

The exact (observed) information is half of the Hessian, `gjax.infer.objective.hessian`.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from gjax.infer.objective import Objective
from gjax.predict.fold import PreparedDataset, fold, map_datasets, padding
from gjax.predict.physics import Components
from gjax.predict.points import PreparedPoints, predict_points
from gjax.predict.sparse import npred_sparse
from gjax.stats.cash import NPRED_FLOOR, cash
from gjax.stats.chi2 import points_stat
from gjax.stats.wstat import profiled_background, wstat
from gjax.typing import Array, ArrayLike, Theta

__all__ = ["information", "score_scatter", "spread_bins"]


@jax.jit
def information(objective: Objective, theta: Theta) -> Array:
    r"""Evaluate the expected Fisher information of the coordinates, shape ``(par, par)``.

    .. math:: I_{jk} = \sum_i \frac{1}{v_i} \frac{\partial \mu_i}{\partial \theta_j}
        \frac{\partial \mu_i}{\partial \theta_k}

    over the bins of the masks, plus the curvature of the priors: half of the Hessian of the
    statistic where the model describes the data. For counts with a modelled background the variance
    is the prediction, :math:`v = \mu`. For on/off data the expected off counts :math:`\mu_b` of
    each bin are profiled, which leaves the variance of the excess,
    :math:`v = \mu_s + \alpha (1 + \alpha) \mu_b`. For flux points it is the square of their errors
    (the inverse curvature of their likelihood profiles).
    """

    def whitened(vector: Theta) -> list[Array]:
        models = objective.layout.models_at(vector)
        return map_datasets(_whitened, objective.prepared, models)

    prior = jax.hessian(objective.layout.log_prior)(theta)
    return _sum_of_squares(whitened, theta) - prior


@jax.jit
def score_scatter(objective: Objective, theta: Theta) -> Array:
    r"""Add up the squares of the slopes of every bin's log-likelihood, shape ``(par, par)``.

    .. math:: B_{jk} = \sum_i \frac{\partial \ln L_i}{\partial \theta_j}
        \frac{\partial \ln L_i}{\partial \theta_k}

    plus the curvature of the priors. Where the model describes the data it is the information, up
    to fluctuations; where counts scatter more than Poisson's law says, it is larger.
    """

    def log_likelihoods(vector: Theta) -> list[Array]:
        models = objective.layout.models_at(vector)
        return map_datasets(_log_likelihoods, objective.prepared, models)

    prior = jax.hessian(objective.layout.log_prior)(theta)
    return _sum_of_squares(log_likelihoods, theta) - prior


def _sum_of_squares(function: Callable[[Theta], list[Array]], theta: Theta) -> Array:
    """Sum the products of the slopes of all numbers that a function gives."""
    _, push = jax.linearize(function, theta)
    columns = jax.lax.map(push, jnp.eye(theta.size))
    total = jnp.zeros((theta.size, theta.size))
    for column in columns:
        flat = jnp.reshape(column, (theta.size, -1))
        total = total + flat @ flat.T
    return total


def _whitened(data: PreparedDataset | PreparedPoints, physics: Components) -> Array:
    """Divide predictions by the roots of their variances, which are not differentiated."""
    fixed = jax.lax.stop_gradient
    if isinstance(data, PreparedPoints):
        dnde = predict_points(data, physics)

        def slope(at: Array) -> Array:
            return jax.grad(lambda point: jnp.sum(points_stat(data.points, point)))(at)

        bend = jax.jvp(slope, (fixed(dnde),), (jnp.ones_like(dnde),))[1]
        return dnde * jnp.sqrt(0.5 * jnp.maximum(bend, 0.0))
    bins = data.occupied
    if bins.counts_off is None:
        npred = fold(data, physics)
        inside = data.mask & (npred > NPRED_FLOOR)
        return jnp.where(inside, npred, 0.0) / jnp.sqrt(fixed(jnp.where(inside, npred, 1.0)))
    sparse = npred_sparse(data, physics)
    signal, alpha = sparse.npred, jnp.asarray(sparse.alpha)
    off = fixed(profiled_background(bins.counts, bins.counts_off, alpha, signal))
    variance = fixed(signal + alpha * (1.0 + alpha) * off)
    inside = jnp.asarray(bins.is_used) & (variance > 0)
    return jnp.where(inside, signal + alpha * off, 0.0) / jnp.sqrt(jnp.where(inside, variance, 1.0))


def _log_likelihoods(data: PreparedDataset | PreparedPoints, physics: Components) -> Array:
    """Evaluate the log-likelihood of every bin or point, up to constants."""
    if isinstance(data, PreparedPoints):
        return -0.5 * points_stat(data.points, predict_points(data, physics))
    bins = data.occupied
    if bins.counts_off is None:
        counts = spread_bins(data, bins.counts)
        return -0.5 * jnp.where(data.mask, cash(counts, fold(data, physics)), 0.0)
    sparse = npred_sparse(data, physics)
    stat = wstat(bins.counts, bins.counts_off, jnp.asarray(sparse.alpha), sparse.npred)
    return -0.5 * jnp.where(jnp.asarray(bins.is_used), stat, 0.0)


def spread_bins(data: PreparedDataset, values: ArrayLike) -> Array:
    """Put values of the occupied bins on the cube of a dataset; padding of the list adds nothing.

    Parameters
    ----------
    data :
        The dataset.
    values :
        One number for each bin that is listed.
    """
    bins = data.occupied
    values = jnp.asarray(values)
    if bins.is_used is not None:
        values = jnp.where(jnp.asarray(bins.is_used), values, 0.0)
    pad = padding(data)
    # Padding has no counts, but may lie outside of the cube.
    at = jnp.asarray(bins.energy), jnp.asarray(bins.row) - pad, jnp.asarray(bins.column) - pad
    return jnp.zeros(np.shape(data.mask)).at[at].add(values)
