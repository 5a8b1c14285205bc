"""Every case says what it is; the command lists and runs them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.case import Skip
from benchmarks.inputs import cases_folder, data_folder
from benchmarks.registry import CASES, OPEN

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_every_case_has_a_title_and_a_floor():
    assert all(case.title and case.floor for case in CASES.values())
    assert all(name == case.name for name, case in CASES.items())
    assert all(OPEN.values())


def test_the_peer_knows_every_action():
    """The script of the peer cannot be imported here: its table of actions is read."""
    tree = ast.parse((ROOT / "benchmarks" / "peer" / "side.py").read_text(encoding="utf-8"))
    tables = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ACTIONS"
    ]
    (table,) = tables
    actions = {ast.literal_eval(key) for key in table.keys}
    assert {case.peer for case in CASES.values()} - {None} <= actions


def test_what_is_missing_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("GAMMAPY_DATA", raising=False)
    monkeypatch.delenv("GJAX_CASES", raising=False)
    with pytest.raises(Skip, match="GAMMAPY_DATA is not set"):
        data_folder("hess-dl3-dr1")
    with pytest.raises(Skip, match="GJAX_CASES"):
        cases_folder()
    monkeypatch.setenv("GAMMAPY_DATA", str(tmp_path))
    with pytest.raises(Skip, match="no hess-dl3-dr1"):
        data_folder("hess-dl3-dr1")


def test_scripts_have_a_counterpart():
    """The names under which the peer finds the scripts, read from its file."""
    text = (ROOT / "benchmarks" / "peer" / "scripts.py").read_text(encoding="utf-8")
    known = ast.literal_eval(_keys(ast.parse(text), "ACTIONS"))
    asked = [case.peer for case in CASES.values() if (case.peer or "").startswith("script_")]
    assert sorted(asked) == sorted(f"script_{name}" for name in known)


def _keys(tree: ast.Module, name: str) -> ast.List:
    (table,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    assert isinstance(table, ast.Dict)
    return ast.List([key for key in table.keys if key is not None], ast.Load())


def test_a_quick_run_is_not_published():
    done = run("--quick", "--publish")
    assert done.returncode == 2
    assert "its times mean nothing" in done.stderr


def test_the_memory_of_a_process_is_its_own():
    """Not that of its parent, which getrusage gives where the parent was larger."""
    large = b"x" * 400_000_000
    code = "from benchmarks.worker import peak_memory; print(peak_memory())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert 10 < float(done.stdout) < 350
    assert len(large) == 400_000_000


def test_the_command_lists_the_cases():
    done = run("--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(CASES)


def test_a_case_runs_and_one_without_data_is_skipped(tmp_path):
    arguments = (
        "--quick",
        "--no-peer",
        "--case",
        "io_datasets",
        "crab1d",
        "--output",
        str(tmp_path),
    )
    done = run(*arguments, GJAX_CASES="/missing")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "benchmarks.json").read_text())
    skipped, ran = result["cases"]
    assert ran["gjax"]["rows"]["read"] > 0
    assert ran["warm_s"] > 0
    assert ran["gjax"]["memory"] > 10
    assert "GJAX_CASES" in skipped["skipped"]
    assert {"processor", "cores", "python"} <= set(result["machine"])
    page = (tmp_path / "benchmarks.md").read_text()
    assert "| read and write a dataset" in page
    assert "- crab1d: skipped" in page
