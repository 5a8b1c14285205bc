"""One case in a process of its own, on the side of gjax; started by ``python -m benchmarks``.

``python -m benchmarks.worker NAME FOLDER`` prints one JSON object as its last line: the seconds of
importing, of loading, of the first run and of the warm ones, and the peak memory.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter()

import argparse  # noqa: E402
import contextlib  # noqa: E402
import json  # noqa: E402
import resource  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.case import Case, Skip  # noqa: E402
from benchmarks.registry import CASES  # noqa: E402

__all__ = ["compilations", "main", "peak_memory"]


#: What a case may return.
RESULTS = ("rows", "evaluations", "success", "stat", "values", "models")


def peak_memory() -> float:
    """Give the largest resident memory of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage gives is inherited from the parent process where that was larger.
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1.024e-3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def measure(case: Case, folder: Path, quick: bool, repeat: int, check: bool) -> dict[str, Any]:
    """Run a case once, and ``repeat`` times more."""
    import gjax

    if case.name != "start_up":
        from gjax.infer import fit

        assert fit is gjax.fit
    imported = time.perf_counter()
    loaded = case.load(folder, quick)
    ready = time.perf_counter()
    with compilations() as counted:
        first = case.run(loaded)
    cold = time.perf_counter() - ready
    times, last = [], first
    with compilations() as again:
        for _ in range(repeat):
            start = time.perf_counter()
            last = case.run(loaded)
            times.append(time.perf_counter() - start)
    measured = {
        "versions": versions(),
        "import": imported - BEGIN,
        "load": ready - imported,
        "first": cold,
        "compile": first.get("compile", sum(counted)),
        "compilations": len(counted),
        "compilations_again": len(again),
        "warm": statistics.median(times) if times else None,
        "warm_times": times,
        "memory": peak_memory(),
        **{key: last.get(key) for key in RESULTS},
    }
    if check and case.check is not None:
        found = case.check(loaded)
        measured["check"] = {key: found.get(key) for key in ("stat", "values")}
    return measured


def make_once(case: Case, folder: Path, quick: bool) -> None:
    """Write the inputs, if an earlier run has not; import what is measured later."""
    import gjax

    assert callable(gjax.fit)
    if not (folder / "made").exists():
        case.make(folder, quick)
        (folder / "made").touch()


@contextlib.contextmanager
def compilations() -> Iterator[list[float]]:
    """Collect the seconds of each compilation, or of finding it in the cache."""
    import jax

    found: list[float] = []

    def listen(event: str, duration_secs: float, **_: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            found.append(duration_secs)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def versions() -> dict[str, str]:
    """List versions and device."""
    from gjax.infer.provenance import provenance

    return provenance()


def main() -> None:
    """Read the command line and print the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=CASES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--make", action="store_true", help="only write what both sides read")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true", help="also with Gammapy's conventions")
    parser.add_argument("--repeat", type=int, default=0)
    options = parser.parse_args()
    case = CASES[options.name]
    with contextlib.redirect_stdout(sys.stderr):
        try:
            if options.make:
                make_once(case, options.folder, options.quick)
                result: dict[str, Any] = {}
            else:
                result = measure(case, options.folder, options.quick, options.repeat, options.check)
        except Skip as reason:
            result = {"skipped": str(reason)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
