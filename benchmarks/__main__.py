"""Run cases on both sides, and write the table: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.case import Case
from benchmarks.floor import measure_speeds
from benchmarks.machine import describe_machine, load
from benchmarks.registry import CASES, OPEN
from benchmarks.table import compare, judge, to_markdown, too_many_compilations

ROOT = Path(__file__).parents[1]
SIDE = Path(__file__).parent / "peer" / "side.py"
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "benchmarks_results.md"


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
        "load": load(),
    }
    # Installed packages have their bytecode: so has gjax here, whatever is set outside.
    own = {"PYTHONPYCACHEPREFIX": str(work / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    made = call([*worker, "--make"], options.timeout, **own)
    if made:
        return row | made
    with tempfile.TemporaryDirectory() as cache:
        # The worker must not inherit a cache that this process was given.
        own["GJAX_CACHE"] = cache
        first = [*worker, "--repeat", "1"] if options.quick else worker
        row["empty"] = call(first, options.timeout, **own)
        row["gjax"] = row["empty"]
        if not options.quick:
            repeated = [*worker, "--repeat", str(case.repeat)]
            repeated += ["--check"] if options.peer is not None else []
            row["gjax"] = call(repeated, options.timeout, **own)
    if case.peer and options.peer is not None:
        repeat = 1 if options.quick else case.peer_repeat
        command = [str(options.peer), str(SIDE), case.peer, str(folder), "--repeat", str(repeat)]
        command += ["--documented"] if options.documented else []
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
    parser.add_argument("--case", nargs="+", choices=CASES, metavar="NAME")
    parser.add_argument("--all", action="store_true", help="the optional cases as well")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--quick", action="store_true", help="small problems, one repetition")
    parser.add_argument(
        "--documented", action="store_true", help="fit through Datasets.models as well (minutes)"
    )
    parser.add_argument("--output", type=Path, default=Path("benchmark-results"))
    parser.add_argument(
        "--publish", action="store_true", help="write benchmarks/results and the page in docs"
    )
    parser.add_argument("--add", action="store_true", help="keep the cases of the last run")
    parser.add_argument("--work", type=Path, help="folder for inputs, kept between runs")
    parser.add_argument("--cases", type=Path, help="configurations with known results")
    parser.add_argument("--no-peer", action="store_true", help="gjax alone")
    parser.add_argument("--peer-python", type=Path, default=ROOT / ".venv-peer" / "bin" / "python")
    parser.add_argument("--timeout", type=float, default=3600.0, help="s, for each process")
    options = parser.parse_args()
    if options.quick and options.publish:
        parser.error("a quick run is not published: its times mean nothing")
    if options.case is None:
        options.case = [name for name, case in CASES.items() if options.all or not case.optional]
    return options


def main() -> int:
    """Run what is asked for; the exit code is 1 if a case failed or compiled too often."""
    options = parse()
    if options.list:
        for case in CASES.values():
            print(f"{case.name:20} {case.title}{' (optional)' if case.optional else ''}")
        return 0
    if options.cases is not None:
        os.environ["GJAX_CASES"] = str(options.cases.resolve())
    options.peer = find_peer(options)
    work = (options.work or options.output / "inputs").resolve()
    target = RESULTS if options.publish else options.output
    speeds = measure_speeds()
    result: dict[str, Any] = {"machine": describe_machine(), "quick": options.quick, "open": OPEN}
    kept = read_kept(target / "benchmarks.json", options)
    rows: dict[str, dict[str, Any]] = {row["name"]: row for row in kept.get("cases", [])}
    result |= {"speeds": speeds}
    failed = False
    for name in options.case:
        begin = time.perf_counter()
        print(f"{name} ...", flush=True)
        row = run_case(CASES[name], options, work)
        row |= judge(CASES[name], row, speeds, options.quick)
        said = row.get("line", row)
        print(f"  {time.perf_counter() - begin:.0f} s: {said}", flush=True)
        failed |= any(isinstance(side, dict) and "failed" in side for side in (row, *row.values()))
        if too_many_compilations(CASES[name], row):
            print(f"  too many compilations: {row['goals']}", flush=True)
            failed = True
        rows[name] = row
        result["cases"] = [rows[name] for name in CASES if name in rows]
        # Written after each case: a long run that is interrupted has not been in vain.
        write(target, result)
        if options.publish:
            PAGE.write_text(to_markdown(result), encoding="utf-8")
    return int(failed)


def read_kept(path: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Read the run to which cases are added; each row is of both sides, from one run."""
    if not (options.add and path.exists()):
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write the results as JSON and as a page."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1)
    (folder / "benchmarks.json").write_text(text + "\n", encoding="utf-8")
    (folder / "benchmarks.md").write_text(to_markdown(result), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
