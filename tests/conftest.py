"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Scripts that write reference files need the peer; they are no tests and hold no doctests.
collect_ignore_glob = ["*make_*.py"]

# Before anything imports matplotlib: no test opens a window.
os.environ["MPLBACKEND"] = "Agg"


@pytest.fixture(scope="session")
def gammapy_data() -> Path:
    """Folder of real data, as the field finds it: ``$GAMMAPY_DATA``."""
    folder = os.environ.get("GAMMAPY_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: GAMMAPY_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def peer_fit(gammapy_data: Path) -> Callable[[Path, Path], dict]:
    """Fit of a configuration and models by Gammapy, in its own environment (benchmarks/peer)."""
    python = Path(os.environ.get("GJAX_PEER_PYTHON", ROOT / ".venv-peer" / "bin" / "python"))
    if not python.exists():
        pytest.skip("needs Gammapy's own environment: see benchmarks/peer/README.md")

    def fit(config: Path, models: Path) -> dict:
        script = ROOT / "benchmarks" / "peer" / "fit.py"
        done = subprocess.run(
            [python, script, config, "--models", models],
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
        return json.loads(done.stdout.splitlines()[-1])

    return fit
