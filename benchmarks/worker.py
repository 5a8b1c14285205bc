"""One case in a process of its own, on the side of gjax; started by ``python -m benchmarks``.

``python -m benchmarks.worker NAME FOLDER`` prints one JSON object as its last line: the seconds of
importing, of loading, of the first run and of the warm ones, and the peak memory.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Skip
from benchmarks.registry import CASES

__all__ = ["main", "peak_memory"]


def peak_memory() -> float:
    """Give the largest resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def measure(case: Case, folder: Path, quick: bool, repeat: int) -> dict[str, Any]:
    """Run a case once, and ``repeat`` times more."""
    begin = time.perf_counter()
    import gjax

    if case.name != "start_up":
        from gjax.infer import fit

        assert fit is gjax.fit
    imported = time.perf_counter()
    loaded = case.load(folder, quick)
    ready = time.perf_counter()
    first = case.run(loaded)
    cold = time.perf_counter() - ready
    times, last = [], first
    for _ in range(repeat):
        start = time.perf_counter()
        last = case.run(loaded)
        times.append(time.perf_counter() - start)
    return {
        "versions": versions(),
        "import": imported - begin,
        "load": ready - imported,
        "first": cold,
        "compile": first.get("compile"),
        "warm": statistics.median(times) if times else None,
        "warm_times": times,
        "memory": peak_memory(),
        **{key: last.get(key) for key in ("rows", "evaluations", "success", "stat", "values")},
    }


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
    parser.add_argument("--repeat", type=int, default=0)
    options = parser.parse_args()
    case = CASES[options.name]
    with contextlib.redirect_stdout(sys.stderr):
        try:
            if options.make:
                case.make(options.folder, options.quick)
                result: dict[str, Any] = {}
            else:
                result = measure(case, options.folder, options.quick, options.repeat)
        except Skip as reason:
            result = {"skipped": str(reason)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
