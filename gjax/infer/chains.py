"""Markov chains in blocks of steps, whose whole state can be kept between any two of them.

A block is one compiled call. Between blocks the state of the sampler, its adaptation and its random
keys are plain arrays: a run that is interrupted goes on from the last block that was kept, and ends
with the same draws bit by bit.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import NUTS
from numpyro.infer.hmc_util import dual_averaging

from gjax.infer.checkpoint import Checkpoint, CheckpointError, check_fingerprint, fingerprint
from gjax.infer.progress import SamplingProgress
from gjax.infer.whiten import Whitened, numpyro_density
from gjax.typing import Array

__all__ = ["ChainSettings", "run_chains"]

#: Steps of a chain that run as one compiled call, between two reports of progress.
_BLOCK = 25

#: Step size of the integrator at the start, in standard deviations.
_FIRST_STEP = 0.8

#: Keeping the state may take this fraction of the time.
_SAVING = 0.05


@dataclass(frozen=True)
class ChainSettings:
    """How chains are run.

    Parameters
    ----------
    chains, warmup, samples :
        Number of chains, of adaptation steps and of draws kept per chain.
    seed :
        The same seed gives the same draws on the same device.
    target_accept, max_tree_depth :
        As in NumPyro.
    vectorized :
        Whether the chains advance together in one compiled call, or one after the other.
    """

    chains: int
    warmup: int
    samples: int
    seed: int
    target_accept: float
    max_tree_depth: int
    vectorized: bool

    @property
    def n_blocks(self) -> int:
        """Blocks of a chain."""
        return -(-(self.warmup + self.samples) // _BLOCK)


def run_chains(
    whitened: Whitened,
    settings: ChainSettings,
    checkpoint: Checkpoint | None = None,
    report: Callable[[SamplingProgress], None] | None = None,
) -> dict[str, np.ndarray]:
    """Run chains, or go on with those of a checkpoint.

    Returns
    -------
    record :
        Per step after warm-up, shape ``(chain, draw)``: ``z`` (with an axis of coordinates behind),
        ``diverging``, ``steps``, ``accept_prob``, ``energy`` and ``step_size``; and
        ``warmup_steps``, those of the integrator before. A step takes one gradient.

    Raises
    ------
    gjax.infer.checkpoint.CheckpointError
        If the checkpoint is that of another problem or of other settings.
    """
    run = _start(whitened, settings, checkpoint)
    keeper = _Keeper(run, checkpoint)
    began, at_start = time.perf_counter(), None
    while run.group < run.n_groups:
        run.advance()
        if at_start is None:
            # The first block waits for the compiler, the others do not.
            began, at_start = time.perf_counter(), run.done
        keeper.keep()
        if report is not None:
            pace = (time.perf_counter() - began) / max(run.done - at_start, 1)
            left = pace * (run.total - run.done) if run.done > at_start else np.nan
            report(run.progress(0.0 if run.done == run.total else left))
    keeper.keep(at_once=True)
    kept = slice(settings.warmup, settings.warmup + settings.samples)
    found = {name: values[:, kept] for name, values in run.record.items()}
    return found | {"warmup_steps": run.record["steps"][:, : settings.warmup]}


class _Run:
    """Chains on their way: in groups that advance together, block by block.

    Parameters
    ----------
    whitened :
        The density.
    settings :
        How the chains are run.
    """

    def __init__(self, whitened: Whitened, settings: ChainSettings) -> None:
        self.settings = settings
        self.whitened = jax.device_put(whitened)
        self.group = self.block = 0
        self.state: Any = None
        self.n_groups = 1 if settings.vectorized else settings.chains
        self.total = settings.chains * settings.n_blocks * _BLOCK
        keys = jax.random.split(jax.random.PRNGKey(settings.seed), 2 * settings.chains)
        size = np.shape(whitened.center)[0]
        self._keys, self._starts = keys, [jax.random.normal(k, (size,)) for k in keys]
        self.begin, self._advance = _compiled(
            settings.warmup,
            settings.target_accept,
            settings.max_tree_depth,
            settings.chains if settings.vectorized else None,
        )
        shape = (settings.chains, settings.n_blocks * _BLOCK)
        kinds = {"diverging": bool, "steps": np.int64}
        names = ("diverging", "steps", "accept_prob", "energy", "step_size")
        self.record: dict[str, np.ndarray] = {
            name: np.zeros(shape, kinds.get(name, float)) for name in names
        }
        self.record["z"] = np.zeros((*shape, size))

    @property
    def done(self) -> int:
        """Steps done, all chains together."""
        together = self.settings.chains if self.settings.vectorized else 1
        return (self.group * self.settings.n_blocks + self.block) * _BLOCK * together

    def start_arguments(self) -> tuple[Any, Any, Whitened]:
        """Give keys, first points and density of the present group."""
        first = self.settings.chains
        if self.settings.vectorized:
            return self._keys[:first], np.stack(self._starts[first:]), self.whitened
        return self._keys[self.group], self._starts[first + self.group], self.whitened

    def advance(self) -> None:
        """Do one block of the present group, and go to the next group after its last."""
        if self.block == 0:
            self.state = self.begin(*self.start_arguments())
        self.state, found = self._advance(self.state, self.whitened)
        steps = slice(self.block * _BLOCK, (self.block + 1) * _BLOCK)
        rows = slice(None) if self.settings.vectorized else self.group
        for name, values in jax.device_get(found).items():
            # A scan puts steps first; vectorised chains come before them.
            self.record[name][rows, steps] = values
        self.block += 1
        if self.block == self.settings.n_blocks:
            self.group, self.block = self.group + 1, 0

    def progress(self, seconds_left: float) -> SamplingProgress:
        """Sum up where the run stands."""
        settings = self.settings
        last = self.block or settings.n_blocks
        group = self.group if self.block else self.group - 1
        rows = slice(None) if settings.vectorized else group
        return SamplingProgress(
            done=self.done,
            total=self.total,
            chain=None if settings.vectorized else group,
            is_warmup=last * _BLOCK <= settings.warmup,
            divergences=int(self.record["diverging"][:, settings.warmup :].sum()),
            step_size=float(np.mean(self.record["step_size"][rows, last * _BLOCK - 1])),
            seconds_left=float(seconds_left),
        )


class _Keeper:
    """Keeps the state of a run often enough, but not so often that it costs."""

    def __init__(self, run: _Run, checkpoint: Checkpoint | None) -> None:
        self.run, self.checkpoint = run, checkpoint
        self._cost, self._kept = 0.0, -np.inf

    def keep(self, *, at_once: bool = False) -> None:
        """Save the state, unless it was saved a moment ago."""
        now = time.perf_counter()
        if self.checkpoint is None or not (at_once or now - self._kept > self._cost / _SAVING):
            return
        run = self.run
        arrays = _fingerprint(run.whitened, run.settings) | {
            "position": np.array([run.group, run.block]),
            "center": np.asarray(run.whitened.center),
            "root": np.asarray(run.whitened.root),
        }
        arrays |= {f"record_{name}": values for name, values in run.record.items()}
        leaves = jax.device_get(jax.tree.leaves(run.state))
        arrays |= {f"state_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
        self.checkpoint.save(arrays)
        self._kept = time.perf_counter()
        self._cost = self._kept - now


def _start(whitened: Whitened, settings: ChainSettings, checkpoint: Checkpoint | None) -> _Run:
    """Begin a run, or go back to where a checkpoint left it."""
    saved = None if checkpoint is None else checkpoint.load()
    if saved is None:
        return _Run(whitened, settings)
    check_fingerprint(saved, _fingerprint(whitened, settings))
    whitened = dataclasses.replace(whitened, center=saved["center"], root=saved["root"])
    run = _Run(whitened, settings)
    run.group, run.block = (int(number) for number in saved["position"])
    for name, values in run.record.items():
        values[...] = saved[f"record_{name}"]
    if run.block:
        # Tracing the start also prepares the kernel, which a block cannot do.
        like = jax.eval_shape(run.begin, *run.start_arguments())
        shapes, structure = jax.tree.flatten(like)
        leaves = _state(saved, len(shapes))
        if [leaf.shape for leaf in leaves] != [leaf.shape for leaf in shapes]:
            raise CheckpointError("the checkpoint was written by another version: remove it")
        run.state = jax.tree.unflatten(structure, jax.device_put(leaves))
    return run


def _state(saved: Mapping[str, np.ndarray], n: int) -> list[np.ndarray]:
    found = [saved[f"state_{i}"] for i in range(n) if f"state_{i}" in saved]
    return found if f"state_{n}" not in saved else []


def _fingerprint(whitened: Whitened, settings: ChainSettings) -> dict[str, np.ndarray]:
    return fingerprint(whitened.objective, dataclasses.asdict(settings))


@lru_cache(maxsize=16)
def _compiled(
    warmup: int, target_accept: float, max_tree_depth: int, together: int | None
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Give the start of chains and a block of their steps for some settings.

    They hold code, no data, so that a second posterior of the same shape compiles nothing.
    Operation by operation, the start alone would take longer than a chain.
    """
    kernel = NUTS(
        numpyro_density,
        step_size=_FIRST_STEP,
        max_tree_depth=max_tree_depth,
        adapt_step_size=False,
        adapt_mass_matrix=False,
    )
    start_averaging, average = dual_averaging()

    def begin(key: Array, start: Array, whitened: Whitened) -> Any:
        first = kernel.init(
            key, 0, init_params={"z": start}, model_args=(whitened,), model_kwargs={}
        )
        return first, start_averaging(jnp.log(_FIRST_STEP))

    def step(state: Any, whitened: Whitened) -> tuple[Any, dict[str, Array]]:
        chain, averaging = state
        chain = kernel.sample(chain, (whitened,), {})
        # NumPyro adapts in windows, the last of 50 steps, since it learns a mass matrix as well.
        # Here there is none to be learnt, and the whole warm-up tells the step size.
        new = average(target_accept - chain.accept_prob, averaging)
        log_step, log_mean, _, n, _ = new
        adapts = n <= warmup
        size = jnp.exp(jnp.where(n < warmup, log_step, log_mean))
        size = jnp.where(adapts, size, chain.adapt_state.step_size)
        averaging = jax.tree.map(lambda now, old: jnp.where(adapts, now, old), new, averaging)
        chain = chain._replace(adapt_state=chain.adapt_state._replace(step_size=size))
        return (chain, averaging), {
            "z": chain.z["z"],
            "diverging": chain.diverging,
            "steps": chain.num_steps,
            "accept_prob": chain.accept_prob,
            "energy": chain.energy,
            "step_size": size,
        }

    def run(state: Any, whitened: Whitened) -> tuple[Any, dict[str, Array]]:
        return jax.lax.scan(lambda s, _: step(s, whitened), state, None, length=_BLOCK)

    if together is None:
        return jax.jit(begin), jax.jit(run)
    # All densities of a step in one call: the longest trajectory decides how long it takes.
    return jax.jit(jax.vmap(begin, (0, 0, None))), jax.jit(jax.vmap(run, (0, None)))
