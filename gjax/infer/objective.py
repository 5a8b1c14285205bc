"""The one function behind every inference: -2 ln L plus the priors, of a flat vector.

A fit, a covariance, a profile and a posterior are all transformations of `Objective`. Its data are
array leaves, never closed over: new counts can never meet old compiled code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from gjax.dataset.dataset import Dataset
from gjax.parameters import Layout, Parameters
from gjax.predict.fold import Components, Prepared, PreparedDataset, fold, map_datasets
from gjax.predict.options import Folding
from gjax.predict.prepare import prepare
from gjax.predict.sparse import npred_occupied, npred_sparse
from gjax.stats.cash import NPRED_FLOOR, cash_sum
from gjax.typing import Array, Scalar, Theta

__all__ = [
    "Objective",
    "hessian",
    "information",
    "make_objective",
    "observed_information",
    "stat_per_dataset",
    "value_and_grad",
]


class Objective(eqx.Module):
    r"""The total statistic as a function of the free coordinates.

    ``objective(theta)`` is :math:`-2 \ln L - 2 \ln \pi` with the likelihood L of all datasets
    and the prior densities :math:`\pi`.

    Parameters
    ----------
    prepared :
        Datasets and models made ready by `gjax.predict.prepare`.
    layout :
        The map between coordinates and models.
    """

    prepared: Prepared
    layout: Layout

    def __call__(self, theta: Theta) -> Scalar:
        """Evaluate the total statistic at ``theta``."""
        models = self.layout.models_at(theta)
        stats = map_datasets(_stat, self.prepared, models)
        return jnp.sum(jnp.stack(stats)) - 2.0 * self.layout.log_prior(theta)


def make_objective(
    datasets: Dataset | Sequence[Dataset],
    models: Any,
    parameters: Parameters | None = None,
    folding: Folding | None = None,
) -> Objective:
    """Build the objective of datasets and models.

    Raises
    ------
    ValueError
        For a dataset without counts, and as `gjax.predict.prepare`.
    """
    listed = [datasets] if isinstance(datasets, Dataset) else list(datasets)
    for dataset in listed:
        if dataset.counts is None:
            raise ValueError(f"dataset {dataset.name!r} has no counts to fit")
        if dataset.is_onoff:
            raise ValueError(f"dataset {dataset.name!r} has off counts: on/off fits need wstat")
    table = Parameters.from_models(models) if parameters is None else parameters
    layout = table.layout(models)
    models = jax.device_get(layout.models_at(jnp.asarray(layout.start)))
    prepared = prepare(listed, models, table, folding)
    return Objective(prepared, jax.device_put(table.layout(models)))


def _stat(data: PreparedDataset, physics: Components) -> Scalar:
    total, npred = npred_sparse(data, physics)
    return cash_sum(total, npred, data.occupied.counts)


@jax.jit
def value_and_grad(objective: Objective, theta: Theta) -> tuple[Scalar, Theta]:
    """Evaluate the statistic and its exact gradient."""
    return jax.value_and_grad(Objective.__call__, argnums=1)(objective, theta)


@jax.jit
def stat_per_dataset(objective: Objective, theta: Theta) -> Array:
    """Evaluate the statistic of each dataset, priors left out."""
    models = objective.layout.models_at(theta)
    return jnp.stack(map_datasets(_stat, objective.prepared, models))


@jax.jit
def information(objective: Objective, theta: Theta) -> Array:
    r"""Evaluate the expected Fisher information of the coordinates, shape ``(par, par)``.

    .. math:: I_{jk} = \sum_i \frac{1}{\mu_i} \frac{\partial \mu_i}{\partial \theta_j}
        \frac{\partial \mu_i}{\partial \theta_k}

    over the bins of the masks, plus the curvature of the priors. Half of the Hessian of the
    statistic where the model describes the data.
    """

    def root_counts(vector: Theta) -> list[Array]:
        # d(2 sqrt(mu)) = d(mu) / sqrt(mu): the weight comes with the derivative.
        def root(data: PreparedDataset, physics: Components) -> Array:
            npred = fold(data, physics)
            inside = data.mask & (npred > NPRED_FLOOR)
            return jnp.where(inside, 2.0 * jnp.sqrt(jnp.where(inside, npred, 1.0)), 0.0)

        return map_datasets(root, objective.prepared, objective.layout.models_at(vector))

    _, push = jax.linearize(root_counts, theta)
    columns = jax.lax.map(push, jnp.eye(theta.size))
    total = jnp.zeros((theta.size, theta.size))
    for column in columns:
        flat = jnp.reshape(column, (theta.size, -1))
        total = total + flat @ flat.T
    return total - jax.hessian(objective.layout.log_prior)(theta)


@jax.jit
def observed_information(objective: Objective, theta: Theta) -> Array:
    r"""Evaluate the observed information without second derivatives of the model.

    .. math:: O_{jk} = \sum_i \frac{n_i}{\mu_i^2} \frac{\partial \mu_i}{\partial \theta_j}
        \frac{\partial \mu_i}{\partial \theta_k}

    over the occupied bins, plus the curvature of the priors. It is half of the exact Hessian where
    the prediction is linear in the parameters.
    """

    def weighted_counts(vector: Theta) -> list[Array]:
        def logarithm(data: PreparedDataset, physics: Components) -> Array:
            npred = npred_occupied(data, physics)
            above = npred > NPRED_FLOOR
            return jnp.sqrt(data.occupied.counts) * jnp.log(jnp.where(above, npred, 1.0))

        return map_datasets(logarithm, objective.prepared, objective.layout.models_at(vector))

    _, push = jax.linearize(weighted_counts, theta)
    columns = jax.lax.map(push, jnp.eye(theta.size))
    total = jnp.zeros((theta.size, theta.size))
    for column in columns:
        total = total + column @ column.T
    return total - jax.hessian(objective.layout.log_prior)(theta)


@jax.jit
def hessian(objective: Objective, theta: Theta) -> Array:
    """Evaluate the exact Hessian of the statistic, shape ``(par, par)``.

    Row by row: each is the directional derivative of the gradient, so one compiled product serves
    any number of parameters.
    """
    gradient = jax.grad(Objective.__call__, argnums=1)

    def row(direction: Theta) -> Theta:
        return jax.jvp(lambda t: gradient(objective, t), (theta,), (direction,))[1]

    rows = jax.lax.map(row, jnp.eye(theta.size))
    return 0.5 * (rows + rows.T)
