"""The command itself: quick help, version, defaults."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml
from click.testing import CliRunner

from gjax.cli.main import main

_HELP = """
import sys
from gjax.cli.main import main
try:
    main({arguments!r}, standalone_mode=True)
except SystemExit as stop:
    loaded = [name for name in ("jax", "astropy", "numpy", "matplotlib") if name in sys.modules]
    sys.exit("loaded " + ", ".join(loaded) if loaded else stop.code)
"""


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["demo", "-h"], ["--version"]]
)
def test_help_waits_for_nothing(arguments):
    code = _HELP.format(arguments=arguments)
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert "gjax" in found.stdout.lower() or "Usage" in found.stdout


def test_defaults_can_be_printed_and_read_back():
    result = CliRunner().invoke(main, ["config"])
    assert result.exit_code == 0
    defaults = yaml.safe_load(result.stdout)
    assert defaults["datasets"]["geom"]["wcs"]["binsize"] == "0.02 deg"
    assert list(defaults)[-1] == "gjax"


def test_a_missing_configuration_is_one_line(tmp_path):
    result = CliRunner().invoke(main, ["run", str(tmp_path / "absent.yaml")])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "absent.yaml" in result.stderr


def test_an_output_folder_that_cannot_be_made_is_one_line(workplace, tmp_path):
    (tmp_path / "file").write_text("")
    output = str(tmp_path / "file" / "results")
    result = CliRunner().invoke(
        main, ["run", str(workplace / "config.yaml"), "--output", output, "--quiet"]
    )
    assert result.exit_code == 2
    last = result.stderr.splitlines()[-1]
    assert last.startswith("gjax: error: ")
    assert "Not a directory" in last


def test_an_interrupt_ends_at_once():
    code = """
import gjax.cli.config
from gjax.cli.main import main

def interrupted():
    raise KeyboardInterrupt

gjax.cli.config.default_yaml = interrupted
main(["config"])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 130
    assert found.stderr == "gjax: interrupted\n"
