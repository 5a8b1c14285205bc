"""The posterior: NumPyro's No-U-Turn sampler on the same objective as the fit.

The sampler walks in coordinates in which the posterior is nearly a unit Gaussian: bounds are
removed by smooth maps and the rest is whitened by the covariance at the best fit. The density is
that of the parameters' values: flat between the bounds unless a prior is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.distributions import constraints
from numpyro.infer import NUTS

from gjax.dataset.datasets import AnyDataset
from gjax.infer.fit import fit
from gjax.infer.objective import Objective, expand_objective
from gjax.infer.posterior import Posterior
from gjax.infer.provenance import provenance
from gjax.infer.result import FitResult
from gjax.infer.timing import Stopwatch
from gjax.numerics import bijector
from gjax.parameters import Parameters
from gjax.typing import Array, ArrayLike, Scalar, Theta

__all__ = ["Whitened", "numpyro_density", "sample", "sample_fit", "whiten"]

#: Steps of a chain that run as one compiled call, between two reports of progress.
_BLOCK = 25


class Whitened(eqx.Module):
    """The posterior density in coordinates without bounds, shifted and scaled to a unit Gaussian.

    Parameters
    ----------
    objective :
        The statistic.
    center :
        Unbounded coordinates of the best fit, shape ``(par,)``.
    root :
        Lower triangular root of their covariance, shape ``(par, par)``.
    """

    objective: Objective
    center: ArrayLike
    root: ArrayLike

    def theta(self, z: Array) -> Theta:
        """Give the coordinates of the objective at a whitened point."""
        layout = self.objective.layout
        return bijector.to_bounded(self.center + self.root @ z, layout.lower, layout.upper)

    def log_density(self, z: Array) -> Scalar:
        """Give the logarithm of the posterior density over ``z``, up to a constant."""
        layout = self.objective.layout
        x = self.center + self.root @ z
        slope = bijector.log_slope(x, layout.lower, layout.upper)
        theta = bijector.to_bounded(x, layout.lower, layout.upper)
        return -0.5 * self.objective(theta) + jnp.sum(slope)


def whiten(objective: Objective, theta: Theta) -> Whitened:
    """Find whitened coordinates from the curvature at a point near the optimum.

    A coordinate that sits on a bound is moved inside by a tenth of its error.
    """
    lower, upper = np.asarray(objective.layout.lower), np.asarray(objective.layout.upper)
    found = expand_objective(objective, jnp.asarray(theta))
    info = 0.5 * np.asarray(found.hessian)
    if not np.isfinite(info).all() or np.linalg.eigvalsh(info).min() <= 0:
        info = 0.5 * np.asarray(found.positive)
    scale = np.sqrt(np.maximum(np.diag(info), 1e-300))
    values, vectors = np.linalg.eigh(info / np.outer(scale, scale))
    covariance = (vectors / np.maximum(values, 1e-8)) @ vectors.T / np.outer(scale, scale)
    room = 0.1 * np.minimum(np.sqrt(np.diag(covariance)), np.maximum(upper - lower, 1e-300))
    inside = np.clip(theta, lower + room, upper - room)
    center = np.asarray(bijector.to_real(inside, lower, upper))
    slope = np.exp(np.asarray(bijector.log_slope(center, lower, upper)))
    root = np.linalg.cholesky(covariance / np.outer(slope, slope))
    return Whitened(objective, center, root)


def numpyro_density(whitened: Whitened) -> None:
    """Declare the posterior as a NumPyro model with one site ``z``; data come as the argument."""
    flat = dist.ImproperUniform(constraints.real_vector, (), np.shape(whitened.center))
    z = numpyro.sample("z", flat)
    numpyro.factor("log_density", whitened.log_density(z))


def sample(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    **options: Any,
) -> Posterior:
    """Fit, then draw from the posterior; options are those of `sample_fit`."""
    return sample_fit(fit(datasets, models, parameters), **options)


def sample_fit(
    result: FitResult,
    *,
    chains: int = 4,
    warmup: int = 300,
    samples: int = 500,
    seed: int = 0,
    target_accept: float = 0.8,
    max_tree_depth: int = 8,
    callback: Callable[[int, int], None] | None = None,
) -> Posterior:
    """Draw from the posterior of a fit with NUTS.

    Parameters
    ----------
    result :
        The fit; chains start around its best values, spread by its errors.
    chains, warmup, samples :
        Number of chains, of adaptation steps and of draws kept per chain.
    seed :
        The same seed gives the same draws on the same device.
    target_accept, max_tree_depth :
        As in NumPyro.
    callback :
        Called with the steps done and the steps to do, all chains together.

    Returns
    -------
    posterior :
        Draws in model space with their diagnostics.
    """
    if not result.theta.size:
        raise ValueError("nothing to sample: no parameter is free")
    with Stopwatch() as watch:
        whitened = jax.device_put(whiten(result.objective, result.theta))
        keys = jax.random.split(jax.random.PRNGKey(seed), 2 * chains)
        starts = [jax.random.normal(key, (result.theta.size,)) for key in keys[chains:]]
        draws, stats = [], []
        n_blocks = -(-(warmup + samples) // _BLOCK)
        total, done = chains * n_blocks * _BLOCK, 0
        begin, advance = _compiled(warmup, target_accept, max_tree_depth)
        for key, start in zip(keys[:chains], starts, strict=True):
            state = begin(key, start, whitened)
            collected = []
            for _ in range(n_blocks):
                state, record = advance(state, whitened)
                collected.append(jax.device_get(record))
                done += _BLOCK
                if callback is not None:
                    callback(done, total)
            kept = slice(warmup, warmup + samples)
            record = {k: np.concatenate([c[k] for c in collected])[kept] for k in collected[0]}
            draws.append(record.pop("z"))
            stats.append(record)
        values = np.asarray(_values(whitened, np.stack(draws)))
    return Posterior(
        parameters=result.parameters,
        models=result.models,
        values=values,
        statistics={k: np.stack([s[k] for s in stats]) for k in stats[0]},
        seed=seed,
        warmup=warmup,
        timing={"compile": watch.compile, "sample": watch.run},
        versions=provenance(),
    )


@lru_cache(maxsize=16)
def _compiled(warmup: int, target_accept: float, max_tree_depth: int) -> tuple[Any, Any]:
    """Give the start of a chain and a block of its steps for some settings.

    They hold code, no data, so that a second posterior of the same shape compiles nothing.
    """
    kernel = NUTS(
        numpyro_density,
        target_accept_prob=target_accept,
        max_tree_depth=max_tree_depth,
        adapt_mass_matrix=False,
    )
    return _starter(kernel, warmup), _advancer(kernel)


def _starter(kernel: NUTS, warmup: int) -> Callable[[Array, Array, Whitened], Any]:
    """Compile the start of a chain; operation by operation it would take longer than the chain."""

    @jax.jit
    def begin(key: Array, start: Array, whitened: Whitened) -> Any:
        return kernel.init(
            key, warmup, init_params={"z": start}, model_args=(whitened,), model_kwargs={}
        )

    return begin


def _advancer(kernel: NUTS) -> Callable[[Any, Whitened], tuple[Any, dict[str, Array]]]:
    """Compile a block of steps of one chain; all blocks and chains share it."""

    def step(state: Any, whitened: Whitened) -> tuple[Any, dict[str, Array]]:
        state = kernel.sample(state, (whitened,), {})
        return state, {
            "z": state.z["z"],
            "diverging": state.diverging,
            "steps": state.num_steps,
            "accept_prob": state.accept_prob,
            "energy": state.energy,
        }

    @jax.jit
    def run(state: Any, whitened: Whitened) -> tuple[Any, dict[str, Array]]:
        return jax.lax.scan(lambda s, _: step(s, whitened), state, None, length=_BLOCK)

    return run


@jax.jit
def _values(whitened: Whitened, z: Array) -> Array:
    layout = whitened.objective.layout
    return jax.vmap(jax.vmap(lambda one: layout.all_values(whitened.theta(one))))(z)
