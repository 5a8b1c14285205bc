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

_seconds_compiling = 0.0


def _listen(event: str, duration: float, **_: object) -> None:
    global _seconds_compiling
    if event in _COMPILE_EVENTS:
        _seconds_compiling += duration


jax.monitoring.register_event_duration_secs_listener(_listen)


class Stopwatch:
    """A context that measures wall time and, apart, the part that JAX spent compiling.

    Attributes
    ----------
    total, compile :
        Seconds; available after the context has ended. Tracing counts as running.
    """

    def __enter__(self) -> Stopwatch:
        self._wall, self._compiled = time.perf_counter(), _seconds_compiling
        self.total = self.compile = 0.0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.total = time.perf_counter() - self._wall
        self.compile = min(_seconds_compiling - self._compiled, self.total)

    @property
    def run(self) -> float:
        """Seconds that were not spent compiling."""
        return self.total - self.compile
