"""What one waits for before anything happens: importing, and asking for help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.case import Case, Goal, median_time

__all__ = ["CASES"]

COMMANDS = {
    "import gjax": "import gjax",
    "import gjax with a fit": "import gjax; gjax.fit, gjax.Models",
    "import jax": "import jax",
    "gjax --help": "import sys; sys.argv[1:] = ['--help']; from gjax.cli.main import main; main()",
}


def make(folder: Path, quick: bool) -> None:
    """Nothing to make."""


def load(folder: Path, quick: bool) -> int:
    """Give the number of repetitions."""
    return 1 if quick else 5


def run(repeat: int) -> dict[str, Any]:
    """Time processes of their own."""

    def time_command(code: str) -> float:
        command = [sys.executable, "-c", code]
        return median_time(lambda: subprocess.run(command, check=True, capture_output=True), repeat)

    rows = {name: time_command(code) for name, code in COMMANDS.items()}
    rows["import gjax / import jax"] = rows["import gjax with a fit"] / rows["import jax"]
    return {"rows": rows}


CASES = (
    Case(
        "start_up",
        "import gjax, gjax --help",
        make,
        load,
        run,
        peer="start_up",
        repeat=1,
        goals=(
            Goal(
                "import gjax, with a fit, at most 1.6 times import jax",
                "import gjax / import jax",
                1.6,
            ),
            Goal("gjax --help below 0.5 s", "gjax --help", 0.5),
        ),
        floor="starting Python: 20 ms; import jax",
        reason="half of the rest is equinox, with the parts of JAX that it needs; the other half "
        "are the modules of gjax, and import nothing else",
    ),
)
