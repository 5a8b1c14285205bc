"""The posterior: NumPyro's No-U-Turn sampler on the same objective as the fit.

The sampler walks in coordinates in which the posterior is nearly a unit Gaussian
(`gjax.infer.whiten`), in blocks whose state can be kept (`gjax.infer.chains`). The density is that
of the parameters' values: flat between the bounds unless a prior is given.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import jax
import numpy as np

from gjax.dataset.datasets import AnyDataset
from gjax.infer.chains import ChainSettings, run_chains
from gjax.infer.checkpoint import Checkpoint
from gjax.infer.diagnostics import PosteriorWarning
from gjax.infer.fit import fit
from gjax.infer.objective import Objective
from gjax.infer.posterior import Posterior
from gjax.infer.priors import describe_priors
from gjax.infer.progress import SamplingProgress, progress_bar
from gjax.infer.provenance import provenance
from gjax.infer.result import FitResult
from gjax.infer.timing import Stopwatch
from gjax.infer.whiten import values_at, whiten
from gjax.parameters import Parameters

__all__ = ["advance_together", "sample", "sample_fit"]

#: Bins with counts up to which chains on a CPU share their calls.
_SMALL = 2000


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
    warmup: int = 200,
    samples: int = 500,
    seed: int = 0,
    target_accept: float = 0.8,
    max_tree_depth: int = 8,
    chain_method: Literal["auto", "vectorized", "sequential"] = "auto",
    checkpoint: Checkpoint | None = None,
    progress: bool | Callable[[SamplingProgress], None] | None = None,
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
    chain_method :
        Whether the chains advance together (``vectorized``) or one after the other
        (``sequential``); by default what is faster, see `advance_together`.
    checkpoint :
        Keeps the state of the run, such as `gjax.io.checkpoint.CheckpointFile`. A run that was
        killed, during warm-up or later, goes on where it was kept last, and ends with the same
        draws bit by bit.
    progress :
        Whether to show a bar with divergences, step size and time to go, by default on a terminal;
        or a function that is called with them after every block of steps.

    Returns
    -------
    posterior :
        Draws in model space with their diagnostics; ``info`` has the number of gradients.

    Raises
    ------
    ValueError
        If no parameter is free, or the checkpoint belongs to another problem.

    Warns
    -----
    PosteriorWarning
        If there are divergences, or chains disagree; and if the fit did not converge.
    """
    if not result.theta.size:
        raise ValueError("nothing to sample: no parameter is free")
    if not result.success:
        text = f"the chains start at a fit that did not converge: {result.message}"
        warnings.warn(text, PosteriorWarning, stacklevel=_outside())
    if chain_method not in ("auto", "vectorized", "sequential"):
        raise ValueError(f"chain_method is auto, vectorized or sequential, not {chain_method!r}")
    together = chain_method == "vectorized"
    if chain_method == "auto":
        together = advance_together(result.objective, chains)
    settings = ChainSettings(
        chains, warmup, samples, seed, target_accept, max_tree_depth, vectorized=together
    )

    shown = nullcontext(progress) if callable(progress) else progress_bar(progress)
    with Stopwatch() as watch, shown as report:
        whitened = whiten(result.objective, result.theta)
        record = run_chains(whitened, settings, checkpoint, report)
        values = np.asarray(values_at(jax.device_put(whitened), record.pop("z")))
    gradients = record.pop("warmup_steps").sum() + record["steps"].sum()
    posterior = Posterior(
        parameters=result.parameters,
        models=result.models,
        values=values,
        statistics=record,
        seed=seed,
        warmup=warmup,
        timing={"compile": watch.compile, "sample": watch.run},
        versions=provenance(),
        priors=describe_priors(result.parameters),
        objective=result.objective,
        info={"gradients": float(gradients)},
    )
    if not posterior.success:
        warnings.warn(posterior.message, PosteriorWarning, stacklevel=_outside())
    return posterior


def advance_together(objective: Objective, chains: int) -> bool:
    """Choose whether chains advance together.

    On a GPU they do. On a CPU only where a call costs more than its arithmetic, that is with few
    bins: chains that advance together all wait for the longest trajectory.
    """
    if chains == 1:
        return False
    if jax.default_backend() != "cpu":
        return True
    leaves = jax.tree.leaves(objective.prepared)
    return sum(np.size(leaf) for leaf in leaves) <= _SMALL


def _outside() -> int:
    """Count the frames up to the caller's code: a warning about its chains belongs there."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("gjax."):
        frame, level = frame.f_back, level + 1
    return level
