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
import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.parameters import Layout, Parameters
from gjax.predict.expand import Varying, expand, local_vector
from gjax.predict.fold import (
    Block,
    Components,
    Prepared,
    PreparedDataset,
    components,
    fold,
    map_datasets,
)
from gjax.predict.group import map_stacked
from gjax.predict.options import Folding
from gjax.predict.prepare import prepare
from gjax.predict.sparse import npred_sparse
from gjax.stats.cash import NPRED_FLOOR, cash_sum
from gjax.typing import Array, Scalar, Theta

__all__ = [
    "Expansion",
    "Objective",
    "expand_objective",
    "hessian",
    "information",
    "make_objective",
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
    sparse = npred_sparse(data, physics)
    return cash_sum(sparse.total, sparse.npred, data.occupied.counts)


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


class Expansion(eqx.Module):
    r"""The objective to second order around a point.

    Parameters
    ----------
    stat, gradient, hessian :
        Value and exact derivatives, shapes ``()``, ``(par,)`` and ``(par, par)``.
    positive :
        The part of the Hessian that needs no second derivative of the model,
        :math:`2 \sum_i (n_i / \mu_i^2)\, \partial_j \mu_i\, \partial_k \mu_i` and the priors':
        never negative, and all of it where the prediction is linear.
    """

    stat: Scalar
    gradient: Theta
    hessian: Array
    positive: Array


@jax.jit
def expand_objective(objective: Objective, theta: Theta) -> Expansion:
    """Evaluate the statistic with its exact gradient and Hessian, source by source.

    Same numbers as automatic differentiation of the whole gives, for a fraction of the cost; see
    `gjax.predict.expand`.
    """
    layout = objective.layout
    log_prior = layout.log_prior
    prior = -2.0 * jax.hessian(log_prior)(theta)
    stat = -2.0 * log_prior(theta)
    gradient, positive = -2.0 * jax.grad(log_prior)(theta), prior
    hessian = prior
    for block in objective.prepared.blocks:
        varying = _varying(layout, block)

        def local(point: Theta, block: Block = block, varying: Varying = varying) -> Array:
            physics = components(block, layout.models_at(point))
            return jax.vmap(lambda one: local_vector(one, varying))(physics)

        def one(parts: Any, varying: Varying = varying) -> tuple[Array, ...]:
            data, physics, chain = parts
            return _chain_rule(data, expand(data, physics, varying), chain)

        chain = jax.jacfwd(local)(theta)
        physics = components(block, layout.models_at(theta))
        *sums, pulls = map_stacked(one, (block.data, physics, chain))
        added = [part.sum(axis=0) for part in sums]
        # What a curved link adds: the slope of the statistic times the curvature of the link.
        bent = jax.hessian(lambda point, pulls=pulls, local=local: jnp.sum(pulls * local(point)))
        curved = bent(theta) if layout.links else 0.0
        stat, gradient = stat + added[0], gradient + added[1]
        positive, hessian = positive + added[2], hessian + added[2] + added[3] + curved
    return Expansion(stat, gradient, hessian, positive)


def _chain_rule(data: PreparedDataset, found: Any, chain: Array) -> tuple[Array, ...]:
    """Carry an expansion in local parameters to the coordinates of the objective."""
    counts, npred = jnp.asarray(data.occupied.counts), found.sparse.npred
    above = npred > NPRED_FLOOR
    root = jnp.where(above, jnp.sqrt(counts) / jnp.where(above, npred, 1.0), 0.0)
    scaled = chain.T @ (found.slopes * root)
    return (
        jnp.asarray(cash_sum(found.sparse.total, npred, counts)),
        2.0 * found.gradient @ chain,
        2.0 * scaled @ scaled.T,
        2.0 * chain.T @ found.curvature @ chain,
        2.0 * found.gradient,
    )


def _varying(layout: Layout, block: Block) -> Varying:
    """Tell which leaves of the models of a block's datasets can change."""
    leaves, structure = jax.tree.flatten(layout.models)
    changing = {*layout.free, *(position for position, _, _ in layout.links)}
    marks: list[Any] = [np.bool_(False)] * len(leaves)
    for i, leaf in enumerate(layout.leaves):
        marks[leaf] = np.bool_(i in changing)
    stacked = components(block, jax.tree.unflatten(structure, marks))
    return jax.tree.map(lambda mark: bool(np.any(mark)), stacked)


def hessian(objective: Objective, theta: Theta) -> Array:
    """Evaluate the exact Hessian of the statistic, shape ``(par, par)``."""
    return expand_objective(objective, theta).hessian
