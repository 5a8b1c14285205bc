r"""Evidence by nested slice sampling with blackjax (extra ``nested``).

.. math:: Z = \int L(\theta)\, \pi(\theta)\, d\theta

Priors have to be normalised: each free parameter needs two bounds, between which it is flat, or a
prior with an inverse distribution function. Points move in the unit cube that these functions map
to the parameters. Factors of L that do not depend on the model, such as :math:`1 / n!`, are left
out: only ratios of evidences of the same data have a meaning.

References
----------
D. Yallup, N. Kroupa, W. Handley, arXiv:2601.23252.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_batching import sequential_vmap

from gjax.infer.objective import Objective
from gjax.infer.posterior import Posterior
from gjax.infer.priors import describe_priors, improper_priors
from gjax.infer.provenance import provenance
from gjax.infer.result import FitResult
from gjax.infer.sample import advance_together
from gjax.infer.timing import Stopwatch
from gjax.parameters import Parameters
from gjax.typing import Array, ArrayLike, Scalar, Theta

__all__ = ["Cube", "nested", "unit_cube"]

#: Steps between two looks at what is left.
_BLOCK = 20

#: Draws of the shrinkage of the prior volume, for the error of the evidence.
_VOLUMES = 100


class Cube(eqx.Module):
    """The likelihood over the unit cube, on which the prior is flat.

    Parameters
    ----------
    objective :
        The statistic.
    low, high :
        Bounds of the free parameters in internal units, or the probabilities of their priors
        there, shape ``(par,)``.
    priors :
        Prior of each free parameter; None where it is flat.
    """

    objective: Objective
    low: ArrayLike
    high: ArrayLike
    priors: tuple[Any, ...]

    def theta(self, u: Array) -> Theta:
        """Map a point of the cube to the coordinates of the objective."""
        q = self.low + (jnp.asarray(self.high) - self.low) * u
        values = [q[i] if p is None else p.icdf(q[i]) for i, p in enumerate(self.priors)]
        return jnp.stack(values) / self.objective.layout.scale

    def log_likelihood(self, u: Array) -> Scalar:
        """Give the likelihood at a point, minus infinity outside the cube."""
        inside = jnp.all((u > 0.0) & (u < 1.0))
        theta = self.theta(jnp.where(inside, u, 0.5))
        stat = self.objective(theta) + 2.0 * self.objective.layout.log_prior(theta)
        return jnp.where(inside & jnp.isfinite(stat), -0.5 * stat, -jnp.inf)


def unit_cube(objective: Objective, parameters: Parameters) -> Cube:
    """Map the prior to the unit cube.

    Raises
    ------
    ValueError
        If a prior cannot be normalised, is one of several parameters, or has no inverse
        distribution function; the message names the parameters.
    """
    if names := improper_priors(parameters):
        raise ValueError(
            "evidence needs normalised priors: give two bounds or a prior to " + ", ".join(names)
        )
    low = np.asarray(objective.layout.lower) * np.asarray(objective.layout.scale)
    high = np.asarray(objective.layout.upper) * np.asarray(objective.layout.scale)
    priors: list[Any] = []
    for n, i in enumerate(parameters.free):
        found = [p for p in parameters.priors if parameters.keys[i] in p.keys]
        if not found:
            priors.append(None)
            continue
        one = found[0].distribution
        try:
            low[n] = float(one.cdf(low[n])) if np.isfinite(low[n]) else 0.0
            high[n] = float(one.cdf(high[n])) if np.isfinite(high[n]) else 1.0
            one.icdf(0.5)
        except (NotImplementedError, AttributeError):
            one = None
        if one is None or len(found) > 1 or len(found[0].keys) > 1:
            raise ValueError(
                f"{parameters.names[i]}: evidence needs one prior of this parameter alone that has "
                "a distribution function and its inverse"
            )
        priors.append(one)
    return Cube(objective, low, high, tuple(priors))


def nested(
    result: FitResult,
    *,
    live: int = 500,
    seed: int = 0,
    inner_steps: int | None = None,
    tolerance: float = 1e-3,
    samples: int = 2000,
    max_steps: int = 100_000,
) -> Posterior:
    """Compute the evidence, and draw from the posterior, by nested sampling.

    Parameters
    ----------
    result :
        The fit, of which only data, models and priors are used: the whole prior is searched.
    live :
        Number of live points.
    seed :
        Seed of everything random.
    inner_steps :
        Slice moves per new point; by default three times the number of parameters.
    tolerance :
        The end: what is left, relative to the evidence.
    samples :
        Draws from the posterior that are kept.
    max_steps :
        Bound on the steps, each of which replaces a tenth of the points.

    Returns
    -------
    posterior :
        One chain of draws from the weighted points; ``info`` has ``log_evidence``,
        ``log_evidence_error`` and ``effective_points``, how many independent draws the points are
        worth: a mean is known to one standard deviation over the root of it, whatever the number of
        draws.

    Raises
    ------
    ImportError
        Without blackjax.
    ValueError
        If a prior cannot be normalised; or if the end was not reached.
    """
    _, tools = _blackjax()
    cube = jax.device_put(unit_cube(result.objective, result.parameters))
    size = result.theta.size
    begin, advance = _compiled(
        inner_steps or max(5, 3 * size),
        max(live // 10, 1),
        together=advance_together(result.objective, live),
    )
    keys = jax.random.split(jax.random.PRNGKey(seed), 4)
    with Stopwatch() as watch:
        state, dead = begin(jax.random.uniform(keys[0], (live, size)), cube), []
        key, left = keys[1], np.inf
        for _ in range(-(-max_steps // _BLOCK)):
            key, now = jax.random.split(key)
            state, gone = advance(state, now, cube)
            dead.append(jax.tree.map(_flatten, gone))
            left = float(state.integrator.logZ_live - state.integrator.logZ)
            if left < np.log(tolerance):
                break
        else:
            raise ValueError(f"no end after {max_steps} steps: raise max_steps")
        points = tools.finalise(state, dead, update_info=False)
        log_weight = tools.log_weights(keys[2], points, _VOLUMES)
        log_z = jax.nn.logsumexp(log_weight, axis=0)
        weight = np.asarray(jax.nn.softmax(log_weight.mean(axis=1)))
        drawn = tools.sample(keys[3], points, samples).position
        values = np.asarray(_values(cube, drawn))[None]
    info = {
        "log_evidence": float(log_z.mean()),
        "log_evidence_error": float(log_z.std()),
        "effective_points": float(1.0 / np.sum(weight**2)),
    }
    return Posterior(
        parameters=result.parameters,
        models=result.models,
        values=values,
        statistics={},
        seed=seed,
        warmup=0,
        timing={"compile": watch.compile, "sample": watch.run},
        versions=provenance(),
        priors=describe_priors(result.parameters),
        objective=result.objective,
        method="nested",
        info=info,
    )


def _blackjax() -> tuple[Any, Any]:
    try:
        return importlib.import_module("blackjax").nss, importlib.import_module("blackjax.ns.utils")
    except (ImportError, AttributeError):
        raise ImportError("this needs blackjax 1.7: pip install 'gjax[nested]'") from None


@lru_cache(maxsize=16)
def _compiled(inner_steps: int, replaced: int, *, together: bool) -> tuple[Any, Any]:
    """Give the start and a block of steps; they hold code, no data."""
    nss, _ = _blackjax()
    likelihood = Cube.log_likelihood
    if not together:
        # Points of a map that are evaluated at once leave the caches of a CPU: seven times slower.
        likelihood = sequential_vmap(likelihood)

    def algorithm(cube: Cube) -> Any:
        return nss(
            logprior_fn=lambda u: jnp.zeros(()),
            loglikelihood_fn=lambda u: likelihood(cube, u),
            num_inner_steps=inner_steps,
            num_delete=replaced,
        )

    def begin(points: Array, cube: Cube) -> Any:
        return algorithm(cube).init(points)

    def advance(state: Any, key: Array, cube: Cube) -> Any:
        sampler = algorithm(cube)

        def step(state: Any, key: Array) -> Any:
            state, info = sampler.step(key, state)
            return state, info._replace(update_info=None)

        return jax.lax.scan(step, state, jax.random.split(key, _BLOCK))

    return jax.jit(begin), jax.jit(advance)


def _flatten(leaf: Array) -> Array:
    """Put the points of all steps of a block one after the other."""
    return leaf.reshape(-1, *leaf.shape[2:])


@jax.jit
def _values(cube: Cube, u: Array) -> Array:
    return jax.vmap(lambda one: cube.objective.layout.all_values(cube.theta(one)))(u)
