"""Fits from many starts find the lowest minimum, and say what else there is."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.infer.starts import multi_start
from gjax.model import Models, SkyModel
from gjax.model.spectral import ExpCutoffPowerLaw, PowerLaw
from gjax.parameters import Parameters
from tests.infer.conftest import free_errors


def test_one_minimum_from_ten_starts(spot, spot_truth, spot_table, spot_fit):
    """Spectrum and background of one source, each by three errors."""
    found = multi_start(spot, spot_truth, spot_table, starts=10, seed=1)
    assert found.unconverged == 0
    assert len(found.minima) == 1
    assert found.minima[0].starts == 11
    free = list(spot_table.free)
    pull = (found.minima[0].values - spot_fit.parameters.values)[free] / free_errors(spot_fit)
    assert np.abs(pull).max() < 0.05
    assert "11 starts, 1 minima, 0 not converged" in str(found)


def test_two_sources_in_exchanged_roles():
    """Two power laws of which either can be the steep one: two minima with the same statistic."""
    energy = np.geomspace(0.5, 20.0, 12)
    dnde = 2e-12 * energy**-1.5 + 4e-12 * energy**-4.0
    points = FluxPointsDataset("points", energy, dnde, dnde_err=0.02 * dnde)
    models = Models.create(
        {"a": SkyModel(PowerLaw(1.6, 2e-12)), "b": SkyModel(ExpCutoffPowerLaw(3.8, 4e-12))}
    )
    table = Parameters.from_models(models).bound("*.amplitude", min=0.0)
    table = table.freeze("b.spectral.lambda_", "b.spectral.alpha").update(
        {"b.spectral.lambda_": 0.3}
    )
    found = multi_start(points, models, table, starts=30, spread=30.0)
    stats = [one.stat for one in found.minima]
    assert stats == sorted(stats)
    assert found.best.stat == pytest.approx(stats[0], abs=1e-3)
    assert found.best.success
    assert sum(one.starts for one in found.minima) + found.unconverged == 31
