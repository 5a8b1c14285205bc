"""The one function behind every inference: -2 ln L plus the priors, of a flat vector.

A fit, a covariance, a profile and a posterior are all transformations of `Objective`. Its data are
array leaves, never closed over: new counts can never meet old compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from gjax.compilation import jit_on_host, make_room
from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.numerics.forward import pushed_forward
from gjax.parameters import Layout, Parameters
from gjax.predict.expand import Expansion as DatasetExpansion
from gjax.predict.expand import Varying, expand, local_vector, place_vector
from gjax.predict.fold import (
    Block,
    Prepared,
    PreparedDataset,
    map_datasets,
)
from gjax.predict.group import map_stacked
from gjax.predict.options import Folding
from gjax.predict.physics import Components, components, components_at
from gjax.predict.points import PreparedPoints, points_statistic, predict_points
from gjax.predict.prepare import as_list, prepare
from gjax.predict.sparse import npred_sparse
from gjax.predict.statistic import statistic
from gjax.stats.chi2 import points_stat
from gjax.typing import Array, Scalar, Theta

__all__ = [
    "Expansion",
    "Objective",
    "expand_from_host",
    "expand_objective",
    "hessian",
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
        total = -2.0 * self.layout.log_prior(theta)
        for block in self.prepared.blocks:
            total = total + _block_stat(self.layout, block, theta)
        return total


def make_objective(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    folding: Folding | None = None,
) -> Objective:
    """Build the objective of datasets and models.

    The data decide on the statistic of each dataset: W for counts with off counts, Cash for other
    counts, and that of the points for flux points.

    Raises
    ------
    ValueError
        Without datasets, for a dataset without counts, and as `gjax.predict.prepare`.
    """
    make_room()
    listed = as_list(datasets)
    if not listed:
        raise ValueError("nothing to fit: no dataset was given")
    for dataset in listed:
        if isinstance(dataset, Dataset) and dataset.counts is None:
            raise ValueError(f"dataset {dataset.name!r} has no counts to fit")
    table = Parameters.from_models(models) if parameters is None else parameters
    layout = table.layout(models)
    models = layout.models_at(layout.start)
    prepared = prepare(listed, models, table, folding)
    return Objective(prepared, jax.device_put(table.layout(models)))


def _stat(data: PreparedDataset | PreparedPoints, physics: Components) -> Scalar:
    if isinstance(data, PreparedPoints):
        return points_statistic(data, physics)
    return statistic(data.occupied, npred_sparse(data, physics))


def _block_stat(layout: Layout, block: Block, theta: Theta) -> Scalar:
    """Evaluate the statistic of stacked datasets.

    The gradient of each is taken together with its value, in the parameters that act in it: nothing
    of one dataset has to be kept while the others are evaluated.
    """
    physics = components_at(block.members, layout, theta)
    if isinstance(block.data, PreparedPoints):
        return jnp.sum(map_stacked(lambda one: _stat(*one), (block.data, physics)))
    varying = _varying(layout, block)

    def stat(vector: Array, data: PreparedDataset, physics: Components) -> Array:
        return jnp.asarray(_stat(data, place_vector(physics, varying, vector)))

    def with_push(vector: Array, *rest: Any) -> tuple[Array, Callable[[Array], Array]]:
        value, slope = jax.value_and_grad(stat)(vector, *rest)
        return value, lambda move: slope @ move

    def one(parts: tuple[PreparedDataset, Components]) -> Scalar:
        data, physics = parts
        fixed = jax.lax.stop_gradient(physics)
        return pushed_forward(
            stat, local_vector(physics, varying), data, fixed, with_push=with_push
        )

    return jnp.sum(map_stacked(one, (block.data, physics)))


@jax.jit
def value_and_grad(objective: Objective, theta: Theta) -> tuple[Scalar, Theta]:
    """Evaluate the statistic and its exact gradient."""
    return jax.value_and_grad(Objective.__call__, argnums=1)(objective, theta)


@jax.jit
def stat_per_dataset(objective: Objective, theta: Theta) -> Array:
    """Evaluate the statistic of each dataset, priors left out."""
    models = objective.layout.models_at(theta)
    return jnp.stack(map_datasets(_stat, objective.prepared, models))


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
    expected :
        An estimate of the expected Hessian (Fisher scoring): the positive part with the ratio of
        measured to predicted counts taken out, source by source. Steps of amplitudes with it end
        near their best values however far those are, where Newton steps would double them at most.
    """

    stat: Scalar
    gradient: Theta
    hessian: Array
    positive: Array
    expected: Array


@jax.jit
def expand_objective(objective: Objective, theta: Theta) -> Expansion:
    """Evaluate the statistic with its exact gradient and Hessian, source by source.

    Same numbers as automatic differentiation of the whole gives, for a fraction of the cost; see
    `gjax.predict.expand`.
    """
    layout = objective.layout
    log_prior = layout.log_prior
    prior = -2.0 * jax.hessian(log_prior)(theta)
    slope = -2.0 * jax.grad(log_prior)(theta)
    total = Expansion(-2.0 * log_prior(theta), slope, prior, prior, prior)
    for block in objective.prepared.blocks:
        of_points = isinstance(block.data, PreparedPoints)
        added = (_expand_points if of_points else _expand_block)(layout, block, theta)
        total = jax.tree.map(jnp.add, total, added)
    return total


_expand_from_host = jit_on_host(expand_objective)


def expand_from_host(objective: Objective, theta: Theta) -> Expansion:
    """Call `expand_objective` from Python, compiled in less time; not inside compiled code."""
    return _expand_from_host(objective, theta)


def _expand_points(layout: Layout, block: Block, theta: Theta) -> Expansion:
    """Expand the statistic of flux points: few numbers, so by automatic differentiation."""
    data = block.data
    assert isinstance(data, PreparedPoints)

    def predicted(point: Theta) -> Array:
        physics = components_at(block.members, layout, point)
        return jax.vmap(predict_points)(data, physics)

    def total(dnde: Array) -> Array:
        return jnp.sum(jax.vmap(points_stat)(data.points, dnde))

    def stat(point: Theta) -> Array:
        return total(predicted(point))

    dnde, push = jax.linearize(predicted, theta)
    jacobian = jax.vmap(push)(jnp.eye(theta.size)).reshape(theta.size, -1)
    bend = jax.jvp(jax.grad(total), (dnde,), (jnp.ones_like(dnde),))[1].reshape(-1)
    positive = (jacobian * jnp.maximum(bend, 0.0)) @ jacobian.T
    return Expansion(
        stat(theta), jax.grad(stat)(theta), jax.hessian(stat)(theta), positive, positive
    )


def _expand_block(layout: Layout, block: Block, theta: Theta) -> Expansion:
    """Expand the statistic of stacked datasets of counts."""
    varying = _varying(layout, block)

    def local(point: Array) -> Array:
        physics = components_at(block.members, layout, point)
        return jax.vmap(lambda one: local_vector(one, varying))(physics)

    def one(parts: Any) -> tuple[Array, ...]:
        data, physics, chain = parts
        return _chain_rule(data, expand(data, physics, varying), chain)

    chain = jax.jacfwd(local)(theta)
    physics = components_at(block.members, layout, theta)
    *sums, pulls = map_stacked(one, (block.data, physics, chain))
    stat, gradient, positive, expected, rest = (part.sum(axis=0) for part in sums)
    if layout.links:
        # What a curved link adds: the slope of the statistic times the curvature of the link.
        rest = rest + jax.hessian(lambda point: jnp.sum(pulls * local(point)))(theta)
    return Expansion(stat, gradient, positive + rest, positive, expected)


def _chain_rule(data: PreparedDataset, found: DatasetExpansion, chain: Array) -> tuple[Array, ...]:
    """Carry an expansion in local parameters to the coordinates of the objective."""
    bins, curvature = found.bins, found.curvature
    if found.slopes_alpha is not None and bins.npred_alpha is not None:
        mixed = (found.slopes * bins.npred_alpha) @ found.slopes_alpha.T
        own = (found.slopes_alpha * jnp.asarray(bins.alpha_alpha)) @ found.slopes_alpha.T
        curvature = curvature + mixed + mixed.T + own
    # Rounding may leave a tiny negative curvature of the W statistic.
    rows = found.slopes * jnp.sqrt(jnp.maximum(bins.npred_npred, 0.0))
    scaled = chain.T @ rows
    return (
        jnp.asarray(statistic(data.occupied, found.sparse)),
        2.0 * found.gradient @ chain,
        2.0 * scaled @ scaled.T,
        2.0 * chain.T @ _expected(found, rows) @ chain,
        2.0 * chain.T @ curvature @ chain,
        2.0 * found.gradient,
    )


def _expected(found: DatasetExpansion, rows: Array) -> Array:
    """Take the ratio of measured to predicted counts out of the curvature.

    In the curvature of amplitudes that ratio, which a step is about to change, stands once too
    often. Other parameters keep it in their own block: their slope has it too.
    """
    ratio = jnp.maximum(found.ratio, 1e-3)
    shrunk = rows / jnp.sqrt(ratio)[:, None]
    is_bent = jnp.diag(found.curvature) != 0
    surplus = jnp.sqrt(1.0 - 1.0 / jnp.maximum(ratio, 1.0)) * is_bent
    kept = rows * surplus[:, None]
    same_model = ratio[:, None] == ratio[None, :]
    return shrunk @ shrunk.T + jnp.where(same_model, kept @ kept.T, 0.0)


def _varying(layout: Layout, block: Block) -> Varying:
    """Tell which leaves of the models of a block's datasets can change."""
    leaves, structure = jax.tree.flatten(layout.models)
    changing = {*layout.free, *(position for position, _, _ in layout.links)}
    marks: list[Any] = [np.bool_(False)] * len(leaves)
    for i, leaf in enumerate(layout.leaves):
        marks[leaf] = np.bool_(i in changing)
    stacked = components(block.members, jax.tree.unflatten(structure, marks))
    return jax.tree.map(lambda mark: bool(np.any(mark)), stacked)


def hessian(objective: Objective, theta: Theta) -> Array:
    """Evaluate the exact Hessian of the statistic, shape ``(par, par)``."""
    return expand_from_host(objective, theta).hessian
