"""Run cases on both sides, and write the table: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.case import Case
from benchmarks.machine import describe_machine
from benchmarks.registry import CASES, OPEN
from benchmarks.table import compare, to_markdown

ROOT = Path(__file__).parents[1]
SIDE = Path(__file__).parent / "peer" / "side.py"


def call(command: list[str], timeout: float, **environment: str) -> dict[str, Any]:
    """Run a process that prints a JSON object as its last line."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | environment,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {timeout:.0f} s"}
    if done.returncode or not done.stdout.strip():
        lines = done.stderr.strip().splitlines() or ["no output"]
        return {"failed": lines[-1][:300]}
    return json.loads(done.stdout.splitlines()[-1])


def run_case(case: Case, options: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Run one case: gjax with an empty cache, gjax with a filled one, the peer."""
    folder = work / (case.name + ("-quick" if options.quick else ""))
    folder.mkdir(parents=True, exist_ok=True)
    worker = [sys.executable, "-m", "benchmarks.worker", case.name, str(folder)]
    worker += ["--quick"] if options.quick else []
    row: dict[str, Any] = {
        "name": case.name,
        "title": case.title,
        "target": case.target,
        "floor": case.floor,
    }
    if not (folder / "made").exists():
        made = call([*worker, "--make"], options.timeout)
        if made:
            return row | made
        (folder / "made").touch()
    repeat = 1 if options.quick else case.repeat
    with tempfile.TemporaryDirectory() as cache:
        # The worker must not inherit a cache that this process was given.
        own = {"GJAX_CACHE": cache}
        row["empty"] = call(worker, options.timeout, **own)
        row["gjax"] = call([*worker, "--repeat", str(repeat)], options.timeout, **own)
    if case.peer and options.peer is not None:
        repeat = 1 if options.quick else case.peer_repeat
        command = [str(options.peer), str(SIDE), case.peer, str(folder), "--repeat", str(repeat)]
        row["peer"] = call(command, options.timeout)
    return row | compare(row)


def find_peer(options: argparse.Namespace) -> Path | None:
    """Find the interpreter of the peer environment."""
    if options.no_peer:
        return None
    if not options.peer_python.exists():
        print(f"no peer: {options.peer_python} is not there; run benchmarks/peer/make.sh")
        return None
    return options.peer_python


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--quick", action="store_true", help="small problems, one repetition")
    parser.add_argument("--output", type=Path, default=Path("benchmark-results"))
    parser.add_argument("--work", type=Path, help="folder for inputs, kept between runs")
    parser.add_argument("--cases", type=Path, help="configurations with known results")
    parser.add_argument("--no-peer", action="store_true", help="gjax alone")
    parser.add_argument("--peer-python", type=Path, default=ROOT / ".venv-peer" / "bin" / "python")
    parser.add_argument("--timeout", type=float, default=3600.0, help="s, for each process")
    return parser.parse_args()


def main() -> int:
    """Run what is asked for; the exit code is 1 if a case failed."""
    options = parse()
    if options.list:
        for case in CASES.values():
            print(f"{case.name:20} {case.title}")
        return 0
    if options.cases is not None:
        os.environ["GJAX_CASES"] = str(options.cases.resolve())
    options.peer = find_peer(options)
    options.output.mkdir(parents=True, exist_ok=True)
    work = options.work or options.output / "inputs"
    result: dict[str, Any] = {"machine": describe_machine(), "quick": options.quick, "open": OPEN}
    result["cases"] = []
    for name in options.case:
        print(f"{name} ...", flush=True)
        row = run_case(CASES[name], options, work.resolve())
        result["cases"].append(row)
        print(f"  {row['line']}" if "line" in row else f"  {row}", flush=True)
        # Written after each case: a long run that is interrupted has not been in vain.
        write(options.output, result)
    sides = [side for row in result["cases"] for side in (row, *row.values())]
    return int(any(isinstance(side, dict) and "failed" in side for side in sides))


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write the results as JSON and as a page."""
    text = json.dumps(result, indent=1)
    (folder / "benchmarks.json").write_text(text + "\n", encoding="utf-8")
    (folder / "benchmarks.md").write_text(to_markdown(result), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
