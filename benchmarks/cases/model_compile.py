"""How long each registered model takes to compile, with its gradient and with its Hessian.

A spectral model is integrated over 30 bins in energy, a spatial one evaluated in 64 directions, a
temporal one averaged over 30 intervals, as a fit does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.case import Case, Goal

__all__ = ["CASES", "Row", "rows"]

EDGES = np.geomspace(0.05, 60.0, 31)
ANGLES = np.linspace(-1.0, 1.0, 64)


class Row(NamedTuple):
    """Times of one model in s; CPU time, so that other work on the machine does not count.

    Parameters
    ----------
    kind, tag :
        Where the registry has it.
    gradient, hessian :
        Compilation of value and gradient, and of value, gradient and Hessian.
    run :
        One evaluation of value and gradient, wall time.
    """

    kind: str
    tag: str
    gradient: float
    hessian: float
    run: float


def spectral_value(model: Any) -> Any:
    """Sum the fluxes in bins, in units that are of order one."""
    import jax.numpy as jnp

    flux = model.integral(jnp.asarray(EDGES[:-1]), jnp.asarray(EDGES[1:]))
    return jnp.sum(jnp.log(jnp.maximum(flux, 1e-300)))


def spatial_value(model: Any) -> Any:
    """Sum the densities around the centre."""
    import jax.numpy as jnp

    lon, lat = model.position if hasattr(model, "position") else (0.0, 0.0)
    return jnp.sum(model(lon + jnp.asarray(ANGLES), lat + jnp.asarray(ANGLES[::-1])))


def temporal_value(model: Any) -> Any:
    """Average the light curve over good time intervals, around the usual epoch."""
    import jax.numpy as jnp

    start = 86400.0 * jnp.linspace(-10.0, 10.0, 30)
    return model.mean(start, start + 1800.0, 51544.0)


VALUES: dict[str, Callable[[Any], Any]] = {
    "spectral": spectral_value,
    "spatial": spatial_value,
    "temporal": temporal_value,
}


def is_traced(model: Any) -> bool:
    """Tell whether a model is evaluated in compiled code: not a point, nor a map on the host."""
    return not any(getattr(model, flag, False) for flag in ("is_point", "is_tabulated"))


def rows(kinds: tuple[str, ...] = tuple(VALUES)) -> Iterator[Row]:
    """Time the registered models of some kinds."""
    from gjax.model.registry import REGISTRY
    from gjax.parameters import parameter_leaves

    for kind in kinds:
        for tag, entry in REGISTRY[kind].items():
            model = entry.example()
            if not parameter_leaves({"model": model}) or not is_traced(model):
                continue
            yield Row(kind, tag, *time_model(model, VALUES[kind]))


def time_model(model: Any, value: Callable[[Any], Any]) -> tuple[float, float, float]:
    """Time the compilations and one evaluation."""
    import jax
    import jax.numpy as jnp

    from gjax.parameters import parameter_leaves

    found = parameter_leaves({"model": model})
    leaves, structure = jax.tree.flatten(model)
    places = [number for _, _, _, number in found]
    start = jnp.asarray([float(number) for _, _, number, _ in found])

    def objective(vector: Any, leaves: list[Any]) -> Any:
        moved = list(leaves)
        for i, place in enumerate(places):
            moved[place] = vector[i]
        return value(jax.tree.unflatten(structure, moved))

    def with_hessian(vector: Any, leaves: list[Any]) -> Any:
        both = jax.value_and_grad(objective)(vector, leaves)
        return both, jax.jacfwd(jax.grad(objective))(vector, leaves)

    gradient, compiled = time_compile(jax.value_and_grad(objective), start, leaves)
    hessian, _ = time_compile(with_hessian, start, leaves)
    return gradient, hessian, time_run(compiled, start, leaves)


def time_compile(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Trace, lower and compile a function; give the CPU time and what came out."""
    import jax

    begin = time.process_time()
    compiled = jax.jit(function).lower(*arguments).compile()
    return time.process_time() - begin, compiled


def time_run(compiled: Any, *arguments: Any, repeat: int = 30) -> float:
    """Give the median wall time of a call."""
    import jax

    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def make(folder: Path, quick: bool) -> None:
    """Nothing to make."""


def load(folder: Path, quick: bool) -> tuple[str, ...]:
    """Give the kinds of models to compile."""
    return ("temporal",) if quick else tuple(VALUES)


def run(kinds: tuple[str, ...]) -> dict[str, Any]:
    """Compile each model, whatever an earlier process has compiled."""
    import jax

    jax.config.update("jax_enable_compilation_cache", False)
    found = list(rows(kinds))
    slowest = max(row.gradient for row in found)
    return {
        "rows": {"slowest to compile with its gradient": slowest},
        "models": {f"{row.kind} {row.tag}": row[2:] for row in found},
    }


CASES = (
    Case(
        "model_compile",
        "compile each registered model",
        make,
        load,
        run,
        repeat=0,
        goals=(Goal("each below 2 s", "slowest to compile with its gradient", 2.0),),
        floor="a compiler needs about 0.1 s for a formula",
        optional=True,
    ),
)
