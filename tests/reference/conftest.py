"""Gammapy's numbers for the data of several instruments.

``data/instruments.json`` is made by ``tests/reference/make_instruments.py``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gjax.io import read_models
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spectral import LogParabola
from gjax.parameters import Parameters

FOLDER = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def instruments() -> dict[str, Any]:
    """Load what Gammapy read, predicted and fitted."""
    return json.loads((FOLDER / "instruments.json").read_text())


@pytest.fixture(scope="session")
def crab_models(gammapy_data) -> tuple[Models, Parameters]:
    """Read the models of the 3FHL data; the log parabola is written at 0.5 TeV, not at 50 MeV."""
    models = read_models(gammapy_data / "fermi-3fhl-crab" / "Fermi-LAT-3FHL_models.yaml").models
    crab = models["Crab Nebula"]
    old, reference = crab.spectral, 0.5
    alpha = old.alpha + 2 * old.beta * np.log(reference / old.reference)
    spectrum = LogParabola(float(old(reference)), reference, float(alpha), old.beta)
    models = models.replace("Crab Nebula", SkyModel(spectrum, crab.spatial))
    return models, Parameters.from_models(models).freeze("Crab Nebula.spatial.*")


@pytest.fixture(scope="session")
def check_reading():
    """Compare a dataset with what Gammapy read, by sums with equal and unequal weights."""

    def check(dataset: Any, expected: dict[str, Any], skip: tuple[str, ...] = ()) -> None:
        for key in ("counts", "background", "exposure", "mask_safe", "psf", "edisp"):
            if key not in expected or key in skip:
                continue
            value = getattr(dataset, key)
            value = value.data if key in ("psf", "edisp") else value
            data = np.nan_to_num(np.asarray(value, float))
            ramp = np.arange(data.size).reshape(data.shape) % 97
            assert list(data.shape) == expected[key]["shape"], key
            assert data.sum() == pytest.approx(expected[key]["sum"], rel=1e-8), key
            assert (data * ramp).sum() == pytest.approx(expected[key]["weighted"], rel=1e-8), key
        np.testing.assert_allclose(dataset.energy.edges, expected["energy"], rtol=1e-6)
        np.testing.assert_allclose(dataset.energy_true.edges, expected["energy_true"], rtol=1e-5)

    return check


@pytest.fixture(scope="session")
def check_fit():
    """Compare a fit with Gammapy's: values in units of the errors, and errors."""

    def check(fit: Any, expected: dict[str, Any], within: float, errors: float) -> None:
        assert fit.success, fit.message
        keys = list(fit.parameters.keys)
        for label, row in expected["parameters"].items():
            if row["frozen"]:
                continue
            source, name = label.rsplit(".", 1)
            (i,) = [i for i, k in enumerate(keys) if k[0] == source and k[-1] == name]
            shift = (fit.parameters.values[i] - row["value"]) / row["error"]
            assert abs(shift) < within, f"{label}: {shift:.3f} errors away"
            assert fit.errors[i] == pytest.approx(row["error"], rel=errors), label

    return check


@pytest.fixture(scope="session")
def with_backgrounds():
    """Add a free norm of the background of each dataset."""

    def add(models: Models, datasets: Any) -> Models:
        return Models.create(
            [*models.items(), *(FoVBackground(dataset.name) for dataset in datasets)]
        )

    return add
