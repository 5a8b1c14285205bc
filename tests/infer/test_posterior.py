"""Draws by name, diagnostics that warn, and models of single draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest


def test_shapes_and_names(posterior, spot_fit):
    assert posterior.values.shape == (4, 400, len(spot_fit.parameters.keys))
    assert posterior.free_names == tuple(
        spot_fit.parameters.names[i] for i in spot_fit.parameters.free
    )
    np.testing.assert_array_equal(posterior.draws("*.index"), posterior.free_values[..., 0])
    for name in ("diverging", "steps", "accept_prob", "energy"):
        assert posterior.statistics[name].shape == (4, 400)
    with pytest.raises(ValueError, match="several parameters"):
        posterior.draws("*.reference")


def test_draws_have_units(posterior):
    flux = posterior.quantity("*.amplitude")
    np.testing.assert_allclose(
        flux.to_value("m-2 s-1 TeV-1"), 1e4 * posterior.draws("*.amplitude"), rtol=1e-12
    )
    with pytest.raises(ValueError, match="several parameters"):
        posterior.quantity("*.reference")


def test_frozen_parameters_do_not_move(posterior):
    assert np.ptp(posterior.draws("*.lon_0")) == 0.0
    assert posterior.std()[posterior.parameters.select("*.lon_0")[0]] < 1e-9


def test_models_of_a_draw(posterior):
    models = posterior.models_at(2, 17)
    for name in ("index", "amplitude", "reference"):
        expected = posterior.draws(("spot", "spectral", name))[2, 17]
        assert float(getattr(models["spot"].spectral, name)) == expected


def test_chains_that_disagree_are_no_success(posterior):
    assert posterior.success
    moved = posterior.values.copy()
    moved[0, :, 0] += 5 * posterior.std()[0]
    apart = dataclasses.replace(posterior, values=moved)
    assert not apart.success
    assert "R-hat above 1.01 for spot.spectral.index" in apart.message
    diverging = posterior.statistics["diverging"].copy()
    diverging[0, 0] = True
    bad = dataclasses.replace(posterior, statistics=posterior.statistics | {"diverging": diverging})
    assert not bad.success
    assert "1 divergences" in bad.message


def test_chain_that_is_stuck_is_no_success(posterior):
    stuck = np.broadcast_to(posterior.values[:, :1], posterior.values.shape)
    assert not dataclasses.replace(posterior, values=stuck).success


def test_effective_samples(posterior):
    assert (posterior.effective_samples > 300).all()
    assert (posterior.effective_samples < 2 * 1600).all()


def test_text(posterior):
    text = str(posterior)
    assert "4 chains of 400 draws" in text
    assert all(name in text for name in posterior.free_names)


def test_summary(posterior):
    """A table with units: its numbers are those of the draws."""
    table = posterior.summary(quantiles=(0.05, 0.5))
    assert list(table) == [
        *("name", "unit", "mean", "sd", "q5", "q50"),
        *("ess_bulk", "ess_tail", "r_hat", "divergences"),
    ]
    row = table["name"].index("spot.spectral.amplitude")
    draws = posterior.draws("*.amplitude")
    assert table["unit"][row] == "cm-2 s-1 TeV-1"
    assert table["mean"][row] == draws.mean()
    assert table["sd"][row] == draws.std()
    assert table["q5"][row] == np.quantile(draws, 0.05)
    assert 300 < table["ess_tail"][row] < 4000
    assert "cm-2 s-1 TeV-1" in str(table)


def test_priors_are_printed_and_recorded(posterior):
    assert posterior.priors["spot.spectral.amplitude"].startswith("flat in")
    assert posterior.priors["spot.spectral.amplitude"] in str(posterior)


def test_quick_look_is_no_success(posterior):
    approximate = dataclasses.replace(posterior, method="laplace", info={"efficiency": 0.42})
    assert not approximate.success
    assert "quick look, not sampled" in str(approximate)
    assert "worth 42%" in approximate.message


def test_few_draws_have_no_diagnosis(posterior):
    short = dataclasses.replace(posterior, values=posterior.values[:, :3])
    assert np.isnan(short.r_hat).all()
    assert not short.success
    assert "nan" in str(short)
