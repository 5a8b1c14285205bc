"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
