"""What draws from a posterior predict: counts of another measurement, and likelihoods per bin."""

from __future__ import annotations

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln

from gjax.dataset.datasets import AnyDataset
from gjax.infer.information import spread_bins
from gjax.infer.objective import Objective, make_objective
from gjax.infer.posterior import Posterior
from gjax.parameters import Layout
from gjax.predict.fold import PreparedDataset, fold, map_datasets
from gjax.predict.physics import Components
from gjax.predict.points import PreparedPoints, predict_points
from gjax.predict.sparse import npred_sparse
from gjax.stats.cash import cash
from gjax.stats.chi2 import points_stat
from gjax.stats.wstat import profiled_background, wstat
from gjax.typing import Array

__all__ = ["expected", "log_likelihood", "posterior_predictive"]

#: Draws that are evaluated together on a GPU; on a CPU several maps at once leave its caches.
_TOGETHER = 8

#: Largest array that is made without being asked for it, in bytes.
_LARGE = 4e9


class _Bins(eqx.Module):
    """One dataset at one draw: prediction, log-likelihood and which bins count, equal shapes."""

    expected: Array
    log_likelihood: Array
    inside: Array


def expected(
    posterior: Posterior, draws: int | None = None, datasets: Any = None
) -> dict[str, np.ndarray]:
    """Predict every dataset for draws of the posterior.

    Parameters
    ----------
    posterior :
        The draws.
    draws :
        Number of draws to take, evenly from all chains; by default all.
    datasets :
        The data, for a posterior that was read from a file; by default those that were fitted.

    Returns
    -------
    npred :
        By name, expected counts of shape ``(draw, ereco, y, x)``, background included, or
        differential fluxes of flux points, shape ``(draw, n)``.

    Raises
    ------
    ValueError
        If the posterior has no data, or the result would take more than 4 GB.
    """
    objective, rows = _objective(posterior, datasets), _rows(posterior, draws)
    found = _evaluate(objective, rows, "expected")
    return dict(zip(objective.prepared.names, found, strict=True))


def posterior_predictive(
    posterior: Posterior, draws: int | None = None, *, seed: int = 0, datasets: Any = None
) -> dict[str, np.ndarray]:
    """Draw the counts of another measurement: a Poisson variate of each prediction.

    Parameters
    ----------
    posterior, draws, datasets :
        As for `expected`.
    seed :
        Seed of the counts.

    Returns
    -------
    counts :
        By name, shape ``(draw, ereco, y, x)``; datasets of flux points are left out.
    """
    found = expected(posterior, draws, datasets)
    generator = np.random.default_rng(seed)
    counted = {name: npred for name, npred in found.items() if npred.ndim == 4}
    return {name: generator.poisson(np.maximum(npred, 0.0)) for name, npred in counted.items()}


def log_likelihood(
    posterior: Posterior, draws: int | None = None, datasets: Any = None
) -> dict[str, np.ndarray]:
    r"""Evaluate the logarithm of the likelihood of every bin.

    Of counts :math:`n \ln \mu - \mu - \ln n!`; of on/off data and of flux points half of the
    negative statistic of the bin, which differs by a constant.

    Parameters
    ----------
    posterior, datasets :
        As for `expected`.
    draws :
        Number of draws per chain to take, evenly; by default all.

    Returns
    -------
    log_likelihood :
        By name, shape ``(chain, draw, bin)``: the bins inside the mask, in the order of the cube.
    """
    objective = _objective(posterior, datasets)
    chains, n = posterior.values.shape[:2]
    picked = _evenly(n, n if draws is None else draws)
    rows = posterior.values[:, picked].reshape(chains * len(picked), -1)
    found = _evaluate(objective, rows, "log_likelihood")
    inside = _inside(objective, rows)
    return {
        name: values[:, bins].reshape(chains, len(picked), -1)
        for name, values, bins in zip(objective.prepared.names, found, inside, strict=True)
    }


def _objective(posterior: Posterior, datasets: AnyDataset | Any) -> Objective:
    if datasets is not None:
        return make_objective(datasets, posterior.models, posterior.parameters)
    if posterior.objective is None:
        raise ValueError("this posterior was read from a file: pass datasets=")
    return posterior.objective


def _evenly(n: int, wanted: int) -> np.ndarray:
    return np.unique(np.linspace(0, n - 1, min(n, wanted)).round().astype(int))


def _rows(posterior: Posterior, draws: int | None) -> np.ndarray:
    rows = posterior.values.reshape(-1, posterior.values.shape[-1])
    return rows if draws is None else rows[_evenly(len(rows), draws)]


def _evaluate(objective: Objective, rows: np.ndarray, what: str) -> list[np.ndarray]:
    """Evaluate something of all datasets for all rows of parameter values."""
    prepared = objective.prepared
    shapes = jax.eval_shape(partial(_at_rows, what=what), objective, rows[:1])
    size = 8 * len(rows) * sum(np.prod(shape.shape) for shape in shapes)
    if size > _LARGE:
        raise ValueError(
            f"{len(rows)} draws of all bins take {size / 1e9:.0f} GB: pass a lower number of draws"
        )
    found = jax.device_get(_at_rows(objective, jnp.asarray(rows), what=what))
    return [np.asarray(v)[:, :n] for v, n in zip(found, prepared.n_energy, strict=True)]


def _inside(objective: Objective, rows: np.ndarray) -> list[np.ndarray]:
    return [bins[0] for bins in _evaluate(objective, rows[:1], "inside")]


@partial(jax.jit, static_argnames="what")
def _at_rows(objective: Objective, rows: Array, what: str) -> list[Array]:
    def one(row: Array) -> list[Array]:
        models = _models(objective.layout, row)
        found = map_datasets(_bins, objective.prepared, models)
        return [getattr(bins, what) for bins in found]

    together = None if jax.default_backend() == "cpu" else _TOGETHER
    return jax.lax.map(one, rows, batch_size=together)


def _models(layout: Layout, values: Array) -> Any:
    """Put the values of all parameters into the models."""
    leaves, structure = jax.tree.flatten(layout.models)
    for i, leaf in enumerate(layout.leaves):
        leaves[leaf] = values[i]
    return jax.tree.unflatten(structure, leaves)


def _bins(data: PreparedDataset | PreparedPoints, physics: Components) -> _Bins:
    if isinstance(data, PreparedPoints):
        dnde = predict_points(data, physics)
        return _Bins(dnde, -0.5 * points_stat(data.points, dnde), jnp.asarray(data.points.is_used))
    inside = jnp.asarray(data.mask)
    if data.occupied.is_onoff:
        return _onoff_bins(data, physics, inside)
    npred, counts = fold(data, physics), spread_bins(data, data.occupied.counts)
    stat = cash(counts, npred)
    return _Bins(npred, jnp.where(inside, -0.5 * stat - gammaln(counts + 1.0), 0.0), inside)


def _onoff_bins(data: PreparedDataset, physics: Components, inside: Array) -> _Bins:
    """Evaluate on/off data, whose bins inside the mask are all listed."""
    bins, found = data.occupied, npred_sparse(data, physics)
    assert found.alpha is not None
    assert bins.counts_off is not None
    off = profiled_background(bins.counts, bins.counts_off, found.alpha, found.npred)
    stat = wstat(bins.counts, bins.counts_off, found.alpha, found.npred)
    npred = spread_bins(data, found.npred + found.alpha * off)
    return _Bins(npred, spread_bins(data, -0.5 * stat), inside)
