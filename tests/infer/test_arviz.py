"""Draws in ArviZ, whichever version is installed; LOO works on them, of joint fits too."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.infer import predictive
from gjax.infer.arviz import to_arviz
from gjax.infer.fit import fit
from gjax.infer.quick_look import laplace


def groups_of(data):
    """Give variables by group, from ArviZ before or after 1.0."""
    names = ("posterior", "sample_stats", "log_likelihood")
    return {name: data[name] for name in names}


@pytest.mark.filterwarnings("ignore")
def test_groups_and_loo(posterior, spot):
    arviz = pytest.importorskip("arviz", reason="the extra arviz is not installed")
    data = to_arviz(posterior, draws=100)
    groups = groups_of(data)
    index = groups["posterior"]["spot.spectral.index"]
    assert index.shape == (4, 100)
    assert groups["posterior"]["spot.spectral.amplitude"].attrs["unit"] == "cm-2 s-1 TeV-1"
    assert groups["sample_stats"]["n_steps"].shape == (4, 100)
    each = groups["log_likelihood"]["data"]
    assert each.shape == (4, 100, spot.mask.sum())
    assert each.sel(bin="spot").shape == each.shape
    found = arviz.loo(data)
    # Three parameters: that is what LOO counts as the effective number.
    effective = found.p_loo if hasattr(found, "p_loo") else found.p
    assert effective == pytest.approx(3.0, abs=1.5)


@pytest.mark.filterwarnings("ignore")
def test_joint_fit(linear_fit):
    """The bins of all datasets are one variable; a dataset is found by its name."""
    arviz = pytest.importorskip("arviz", reason="the extra arviz is not installed")
    points = linear_fit.objective.prepared.blocks[0].data
    energy, value = np.asarray(points.energy)[0], np.asarray(points.points.value)[0]
    datasets = [
        FluxPointsDataset(name, energy[part], value[part], dnde_err=0.1 * value[part])
        for name, part in (("low", slice(5)), ("high", slice(5, None)))
    ]
    result = fit(datasets, linear_fit.models, linear_fit.parameters)
    drawn = laplace(result, samples=400)
    data = to_arviz(drawn)
    each = data["log_likelihood"]["data"]
    assert each.shape == (1, 400, 8)
    theirs = predictive.log_likelihood(drawn)
    for name in ("low", "high"):
        np.testing.assert_array_equal(each.sel(bin=name).values, theirs[name])
    found = arviz.loo(data, reff=1.0)
    assert np.isfinite(found.elpd_loo if hasattr(found, "elpd_loo") else found.elpd)


class FakeTree(dict):
    """Stands for what ArviZ gives."""


@pytest.mark.parametrize("is_old", [True, False])
def test_both_interfaces(posterior, monkeypatch, is_old):
    """Before 1.0 the groups are arguments, since then one mapping."""

    class Variable:
        def __init__(self, values):
            self.values, self.attrs = values, {}

    def tree(groups):
        return FakeTree({g: {n: Variable(v) for n, v in vs.items()} for g, vs in groups.items()})

    fake = types.ModuleType("arviz")
    fake.__version__ = "0.23.4" if is_old else "1.3.0"
    fake.from_dict = (lambda **groups: tree(groups)) if is_old else tree
    monkeypatch.setitem(sys.modules, "arviz", fake)
    data = posterior.to_arviz(log_likelihood=False)
    assert set(data) == {"posterior", "sample_stats"}
    index = data["posterior"]["spot.spectral.index"]
    np.testing.assert_array_equal(index.values, posterior.draws("*.index"))
    assert data["posterior"]["spot.spectral.amplitude"].attrs == {"unit": "cm-2 s-1 TeV-1"}
    assert "acceptance_rate" in data["sample_stats"]


def test_without_arviz(posterior, monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", None)
    with pytest.raises(ImportError, match=r"gjax\[arviz\]"):
        to_arviz(posterior)
