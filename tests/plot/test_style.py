"""Figures without global state, units, files."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from gjax.maps.wcs import WcsGeom
from gjax.plot import plot_map, save
from gjax.plot.style import new_axes, unit_label


def test_save_is_complete_or_absent(tmp_path):
    geom = WcsGeom.create((0.0, 0.0), 0.1, (1.0, 1.0))
    path = save(plot_map(np.ones(geom.shape), geom), tmp_path / "map.png")
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert [file.name for file in tmp_path.iterdir()] == ["map.png"]


def test_no_global_state():
    code = "import sys, gjax.plot; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        ("", "Flux"),
        ("TeV", "Flux [TeV]"),
        ("cm-2 s-1 TeV-1", "Flux [cm$^{-2}$ s$^{-1}$ TeV$^{-1}$]"),
        ("m**2 s", "Flux [m$^{2}$ s]"),
    ],
)
def test_units_are_typeset_in_the_order_given(unit, written):
    assert unit_label("Flux", unit) == written


def test_notebooks_show_figures_without_a_magic_command():
    ax = new_axes(3, 2)
    ax.plot([0, 1], [0, 1])
    assert ax.figure._repr_png_().startswith(b"\x89PNG")
