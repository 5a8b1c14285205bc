"""The other minimisers end where the default does."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numpy as np
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.infer.backends import minimize_by
from gjax.infer.fit import fit
from gjax.infer.minimize import minimize
from gjax.infer.objective import make_objective
from gjax.infer.problem import Status
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters

MINUIT = pytest.param(
    "minuit",
    marks=pytest.mark.skipif(find_spec("iminuit") is None, reason="iminuit is not installed"),
)


@pytest.mark.parametrize("method", ["newton", "lbfgs", MINUIT])
def test_same_minimum_and_covariance(spot, spot_truth, spot_table, spot_fit, method):
    start = spot_table.update({"*.index": 2.6, "*.amplitude": 2e-12})
    result = fit(spot, spot_truth, start, method=method)
    assert result.success, result.message
    assert result.stat == pytest.approx(spot_fit.stat, abs=2e-4)
    free = list(spot_fit.parameters.free)
    pull = (result.parameters.values - spot_fit.parameters.values)[free] / spot_fit.errors[free]
    assert np.abs(pull).max() < 0.02
    np.testing.assert_allclose(result.errors[free], spot_fit.errors[free], rtol=0.01)


@pytest.mark.parametrize("method", ["newton", "lbfgs", MINUIT])
def test_bound_is_reached(spot, spot_truth, spot_table, method):
    table = spot_table.bound("*.norm", 0.5, 0.7)
    result = fit(spot, spot_truth, table, method=method)
    assert result.success, result.message
    assert result.value("*.norm") == 0.7
    assert result.at_bounds == (("spot-bkg", "spectral", "norm"),)


@pytest.mark.parametrize("method", ["lbfgs", MINUIT])
def test_budget_and_bad_starts(spot, spot_truth, spot_table, method):
    problem = make_objective(spot, spot_truth, spot_table)
    start = np.asarray(problem.layout.start)
    bad = minimize_by(method, problem, np.full(3, np.nan))
    assert bad.status is Status.NOT_FINITE
    seen = []
    found = minimize_by(method, problem, start * 1.2, callback=lambda *args: seen.append(args))
    assert found.status is Status.CONVERGED
    assert [n for n, _ in seen] == list(range(1, len(seen) + 1))


def test_hundreds_of_parameters():
    """A hundred sources with a spectrum of their own."""
    number = 100
    energy = np.geomspace(0.5, 20.0, 6)
    rng = np.random.default_rng(0)
    names = [f"source-{i}" for i in range(number)]
    points = [
        FluxPointsDataset(
            f"{name}-points",
            energy,
            2e-12 * energy**-2.0 * (1 + 0.1 * rng.standard_normal(6)),
            dnde_err=0.2e-12 * energy**-2.0,
        )
        for name in names
    ]
    models = Models.create(
        {name: SkyModel(PowerLaw(2.5, 1e-12), datasets_names=(f"{name}-points",)) for name in names}
    )
    problem = make_objective(points, models, Parameters.from_models(models))
    start = np.asarray(problem.layout.start)
    assert start.size == 2 * number
    found = minimize_by("lbfgs", problem, start)
    assert found.status is Status.CONVERGED
    assert found.stat == pytest.approx(minimize(problem, start).stat, abs=1e-4)


def test_other_names_are_refused(spot, spot_truth, spot_table):
    with pytest.raises(ValueError, match="none of: newton, lbfgs, minuit"):
        fit(spot, spot_truth, spot_table, method="simplex")


def test_minuit_that_is_missing_is_named(spot, spot_truth, spot_table, monkeypatch):
    monkeypatch.setitem(sys.modules, "iminuit", None)
    with pytest.raises(ImportError, match=r"gjax\[minuit\]"):
        fit(spot, spot_truth, spot_table, method="minuit")
