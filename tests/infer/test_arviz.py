"""Draws in ArviZ, old and new; LOO and WAIC work on them."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from gjax.infer.arviz import to_arviz


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
    assert groups["log_likelihood"]["spot"].shape == (4, 100, spot.mask.sum())
    found = arviz.loo(data)
    # Three parameters: that is what LOO counts as the effective number.
    effective = found.p_loo if hasattr(found, "p_loo") else found.p
    assert effective == pytest.approx(3.0, abs=1.5)


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
    fake.from_dict = (lambda **groups: tree(groups)) if is_old else tree
    if is_old:
        fake.InferenceData = object
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
