"""How much of a computation's time went into compiling."""

from __future__ import annotations

import time
from types import TracebackType

import jax

__all__ = ["Stopwatch"]

_COMPILE_EVENTS = (
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)

#: Seconds that this process has spent compiling, per event.
_spent = dict.fromkeys(_COMPILE_EVENTS, 0.0)


def _listen(event: str, duration_secs: float, **_: str | int) -> None:
    if event in _spent:
        _spent[event] += duration_secs


jax.monitoring.register_event_duration_secs_listener(_listen)


class Stopwatch:
    """A context that measures wall time and, apart, the part that JAX spent compiling.

    Attributes
    ----------
    total, compile :
        Seconds; available after the context has ended. Tracing counts as running.
    """

    def __enter__(self) -> Stopwatch:
        self._wall, self._compiled = time.perf_counter(), sum(_spent.values())
        self.total = self.compile = 0.0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.total = time.perf_counter() - self._wall
        self.compile = min(sum(_spent.values()) - self._compiled, self.total)

    @property
    def run(self) -> float:
        """Seconds that were not spent compiling."""
        return self.total - self.compile
