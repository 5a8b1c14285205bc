"""Two samplers of one posterior are compared in standard deviations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.posterior_means import bounded, compare
from gjax.dataset import FluxPointsDataset
from gjax.infer.quick_look import laplace
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters


def test_bounds_and_differences():
    energy = np.geomspace(0.5, 20.0, 8)
    dnde = 2e-12 * energy**-2.0
    points = FluxPointsDataset("points", energy, dnde, dnde_err=0.1 * dnde)
    models = Models.create({"one": SkyModel(PowerLaw(2.0, 2e-12))})
    result = bounded(([points], models, Parameters.from_models(models).bound("*.index", min=1.9)))
    table = result.parameters
    assert table.minimum[0] == 1.9
    error = result.errors[list(table.free)]
    np.testing.assert_allclose(table.maximum[:2] - table.values[:2], 6 * error, rtol=1e-2)
    first, second = laplace(result, samples=1000), laplace(result, samples=4000, seed=1)
    moved = second.values + 0.5 * first.std()
    second = dataclasses.replace(second, values=moved, info={"effective_points": 100.0})
    for _, shift, uncertainty, ratio in compare(first, second):
        assert uncertainty == pytest.approx(np.sqrt(1 / 1000 + 1 / 100 + 1 / 4000), rel=0.1)
        assert shift == pytest.approx(-0.5, abs=0.15)
        assert ratio == pytest.approx(1.0, abs=0.1)
