"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

# Before anything imports gjax: tests compile what they test, and share nothing between processes.
os.environ.setdefault("GJAX_CACHE", "off")

from gjax.compilation import make_room
from gjax.dataset import Dataset, EDispKernelMap
from gjax.maps import MapAxis, RegionGeom

# Scripts that write reference files need the peer; they are no tests and hold no doctests.
collect_ignore_glob = ["*make_*.py"]

# Before anything imports matplotlib: no test opens a window.
os.environ["MPLBACKEND"] = "Agg"


@pytest.fixture(scope="module", autouse=True)
def room_for_compiled_code() -> None:
    """Thousands of tests compile more than one process may hold; here nobody counts."""
    make_room(0.25)


@pytest.fixture(scope="session")
def gammapy_data() -> Path:
    """Folder of real data, as the field finds it: ``$GAMMAPY_DATA``."""
    folder = os.environ.get("GAMMAPY_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: GAMMAPY_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def onoff_spectrum() -> Callable[..., Dataset]:
    """Make the spectrum of a circle with off counts: sixteen true and eight measured energies."""

    def make(name: str = "onoff", seed: int = 0, **parts: Any) -> Dataset:
        energy = MapAxis.from_energy_bounds(0.5, 50.0, 8)
        true = MapAxis.from_energy_bounds(0.2, 100.0, 16, name="energy_true")
        geom = RegionGeom.circle(83.63, 22.01, 0.11)
        edges = np.log(energy.edges[None, :] / true.center[:, None]) / 0.2
        kernel = np.diff(norm.cdf(edges), axis=1)[:, :, None, None]
        exposure = (1e13 * true.center**0.7)[:, None, None]
        rng = np.random.default_rng(seed)
        expected = np.array([40.0, 30.0, 20.0, 12.0, 6.0, 2.0, 0.3, 0.01])[:, None, None]
        fields = {
            "exposure": exposure,
            "edisp": EDispKernelMap(kernel, exposure, geom, true, energy),
            "counts": rng.poisson(1.5 * expected).astype(float),
            "counts_off": rng.poisson(5 * expected).astype(float),
            "acceptance": np.ones(expected.shape),
            "acceptance_off": np.full(expected.shape, 10.0),
        }
        return Dataset(name, geom, energy, true, **(fields | parts))

    return make
