"""Fits end at the minimum, say so, and say why where they do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.infer.fit import fit
from gjax.infer.limits import upper_limit
from gjax.infer.objective import hessian
from gjax.infer.problem import Status
from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.simulate import fake
from gjax.stats import cash
from tests.infer.conftest import free_errors
from tests.infer.small_problems import elongated_field


def values(result) -> np.ndarray:
    return result.parameters.values[list(result.parameters.free)]


def test_expectation_gives_the_truth_back(spot_expected, spot_truth, spot_table):
    table = spot_table.thaw("spot.spatial.lon_0", "spot.spatial.lat_0")
    away = {"*.index": 2.6, "*.amplitude": 8e-12, "*.norm": 0.6, "*.lon_0": 83.637}
    result = fit(spot_expected, spot_truth, table.update(away), tolerance=1e-9)
    assert result.success
    pull = (values(result) - table.values[list(table.free)]) / free_errors(result)
    assert np.abs(pull).max() < 1e-4
    expected = np.sum(cash(spot_expected.counts, spot_expected.counts), where=spot_expected.mask)
    assert result.stat == pytest.approx(float(expected), abs=1e-8)


def test_fit_of_the_field(field_fit, table):
    assert field_fit.success
    assert field_fit.evaluations < 30
    assert field_fit.edm < 1e-5
    assert field_fit.gradient_norm < 0.01
    pull = (values(field_fit) - table.values[list(table.free)]) / free_errors(field_fit)
    assert np.sum(pull**2) < 30.0, "chi2 of 11 parameters"
    assert field_fit.trace[-1] == field_fit.stat
    assert set(field_fit.timing) == {"prepare", "compile", "fit", "covariance"}


def test_covariance_is_the_inverse_of_half_the_hessian(field_fit):
    layout, chosen = field_fit.objective.layout, list(field_fit.parameters.free)
    half = 0.5 * np.asarray(hessian(field_fit.objective, field_fit.theta))
    scale = np.asarray(layout.scale)
    expected = np.linalg.inv(half) * np.outer(scale, scale)
    found = field_fit.covariance[np.ix_(chosen, chosen)]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-12 * np.abs(expected).max())
    rest = sorted(set(range(len(field_fit.errors))) - set(chosen))
    np.testing.assert_array_equal(field_fit.errors[rest], 0.0)


def test_start_does_not_matter(field, truth, table, field_fit):
    """From three sigma away, through other preparations, the same minimum."""
    errors = free_errors(field_fit)
    found = []
    for seed in (1, 2, 3):
        away = np.random.default_rng(seed).uniform(-3, 3, len(errors))
        new = values(field_fit) + away * errors
        start = table.update(dict(zip((table.keys[i] for i in table.free), new, strict=True)))
        found.append(fit(field, truth, start, tolerance=1e-8))
    assert all(result.success for result in found)
    for result in found:
        assert result.evaluations < 30
        assert np.abs((values(result) - values(found[0])) / errors).max() < 1e-3


def test_warm_fit_compiles_nothing(spot, spot_truth, spot_table, spot_fit):
    fit(spot, spot_truth, spot_table)
    again = fit(spot, spot_truth, spot_table.update({"*.index": 2.4}))
    assert again.timing["compile"] == 0.0
    np.testing.assert_allclose(values(again), values(spot_fit), rtol=1e-3)


@pytest.mark.parametrize(("side", "bound", "start"), [("min", 2.3, 2.4), ("max", 1.9, 1.5)])
def test_bounds_are_reached_exactly(spot, spot_truth, spot_table, spot_fit, side, bound, start):
    assert 1.9 < spot_fit.value("*.index") < 2.3
    table = spot_table.bound("*.index", **{side: bound}).update({"*.index": start})
    result = fit(spot, spot_truth, table)
    assert result.success
    assert result.value("*.index") == bound
    assert float(result.models["spot"].spectral.index) == bound
    assert result.at_bounds == (("spot", "spectral", "index"),)
    assert "on a bound: spot.spectral.index" in result.message
    assert np.isnan(result.error("*.index"))
    fixed = fit(spot, spot_truth, spot_table.update({"*.index": bound}).freeze("*.index"))
    assert result.stat == pytest.approx(fixed.stat, abs=1e-5)
    assert result.error("*.amplitude") == pytest.approx(fixed.error("*.amplitude"), rel=1e-4)


def test_the_end_of_a_prior_is_a_bound(spot, spot_truth, spot_table):
    """The density ends there, though the table has no bound."""
    table = spot_table.prior("*.index", dist.Uniform(2.4, 3.0)).update({"*.index": 2.6})
    result = fit(spot, spot_truth, table)
    assert result.success
    assert result.value("*.index") == 2.4
    assert result.at_bounds == (("spot", "spectral", "index"),)
    limit = upper_limit(result, "*.norm")
    assert np.isfinite(limit.value)


def test_amplitude_goes_to_its_bound_where_there_is_no_source(spot, spot_truth, spot_table):
    empty = fake(spot, np.asarray(spot.background))
    table = spot_table.bound("*.amplitude", min=0.0).freeze("*.index")
    result = fit(dataclasses.replace(empty, counts=0.9 * empty.counts), spot_truth, table)
    assert result.success
    assert 0.0 <= result.value("*.amplitude") < 1e-14
    assert result.value("*.norm") == pytest.approx(0.9, rel=1e-3)


def test_amplitude_on_its_bound_takes_the_effect_of_the_index_away(spot, spot_truth, spot_table):
    """Fewer counts than background: no source is best, its index means nothing, a limit does."""
    counts = 0.9 * np.asarray(spot.background)
    middle = slice(counts.shape[1] // 2 - 3, counts.shape[1] // 2 + 3)
    counts[:, middle, middle] *= 0.5
    data, table = fake(spot, counts), spot_table.bound("*.amplitude", min=0.0)
    result = fit(data, spot_truth, table)
    assert result.success
    assert result.at_bounds == (("spot", "spectral", "amplitude"),)
    assert result.without_effect == (("spot", "spectral", "index"),)
    assert result.message.endswith("the data do not depend on: spot.spectral.index")
    undefined = np.isnan(result.errors[list(table.free)])
    names = [table.names[i] for i in table.free]
    assert [n for n, no in zip(names, undefined, strict=True) if no] == names[:2]
    # The limit is that of the index for which it is largest.
    limit = upper_limit(result, "*.amplitude").value
    others = []
    for index in (1.5, 2.2, 3.0):
        fixed = table.update({"*.index": index}).freeze("*.index")
        others.append(upper_limit(fit(data, spot_truth, fixed), "*.amplitude").value)
    assert max(others) == others[1]
    assert others[1] <= limit < 1.05 * others[1]


def test_no_counts_at_all(spot, spot_truth, spot_table):
    """The statistic is linear: its minimum is at the bounds."""
    table = spot_table.freeze("*.index").bound("*.norm", min=0.0).bound("*.amplitude", min=0.0)
    result = fit(dataclasses.replace(spot, counts=0 * spot.counts), spot_truth, table)
    assert result.success
    assert result.value("*.norm") == 0.0
    assert result.value("*.amplitude") == 0.0
    assert len(result.at_bounds) == 2


def test_degenerate_parameters_are_no_success(spot, spot_truth, spot_table):
    result = fit(spot, spot_truth, spot_table.thaw("spot.spectral.reference"))
    assert not result.success
    assert result.status in (Status.NOT_CONVEX, Status.STALLED)
    assert "no minimum" in result.message or "no step" in result.message


def test_degenerate_parameters_are_named(spot, spot_truth, spot_table, spot_fit):
    """The pivot energy and the amplitude of a power law; nothing is said of a good fit."""
    result = fit(spot, spot_truth, spot_table.thaw("spot.spectral.reference"))
    pair = {("spot", "spectral", "amplitude"), ("spot", "spectral", "reference")}
    assert set(result.degenerate) == pair
    assert result.correlation_condition > 1e8
    for text in (result.message, str(result)):
        assert "only a combination of these is measured" in text
        assert "spot.spectral.reference" in text
    assert spot_fit.degenerate == ()
    assert "degenerate" not in str(spot_fit)


def test_parameter_without_effect_is_no_success(spot, spot_truth, spot_table):
    """The pivot energy of a flat spectrum changes nothing."""
    table = spot_table.freeze("*").thaw("spot-bkg.spectral.reference", "*.norm")
    result = fit(spot, spot_truth, table)
    assert not result.success
    assert result.without_effect == (("spot-bkg", "spectral", "reference"),)
    assert result.message.endswith("(freeze these): spot-bkg.spectral.reference")


def test_start_that_is_not_a_number(spot, spot_truth, spot_table):
    result = fit(spot, spot_truth, spot_table.update({"*.amplitude": np.nan}))
    assert result.status is Status.NOT_FINITE
    assert not result.success
    assert result.evaluations == 1


def test_too_few_evaluations(spot, spot_truth, spot_table):
    start = spot_table.update({"*.index": 3.5, "*.norm": 3.0})
    result = fit(spot, spot_truth, start, max_evaluations=2)
    assert result.status is Status.MAX_EVALUATIONS
    assert result.evaluations == 2
    assert not result.success


def test_nothing_free(spot, spot_truth, spot_table):
    result = fit(spot, spot_truth, spot_table.freeze("*"))
    assert result.status is Status.NOTHING_FREE
    assert np.isfinite(result.stat)
    assert result.errors.tolist() == [0.0] * len(result.errors)


def test_frozen_parameters_stay(field_fit, table):
    for i, key in enumerate(table.keys):
        if table.frozen[i]:
            assert field_fit.value(key) == table.values[i]


def test_links_are_followed_with_their_errors(spot, spot_truth, spot_table):
    table = spot_table.link("spot-bkg.spectral.tilt", "spot.spectral.index", lambda x: 0.5 * x)
    result = fit(spot, spot_truth, table)
    assert result.success
    assert result.value("*.tilt") == pytest.approx(0.5 * result.value("*.index"), rel=1e-12)
    assert result.error("*.tilt") == pytest.approx(0.5 * result.error("*.index"), rel=1e-12)
    tilt, index = table.select("*.tilt")[0], table.select("*.index")[0]
    assert result.correlation[tilt, index] == pytest.approx(1.0, rel=1e-12)


def test_prior_is_a_measurement(spot, spot_truth, spot_table, spot_fit):
    """A narrow prior adds its weight to that of the data, which moves its neighbours too."""
    width = 0.04
    result = fit(spot, spot_truth, spot_table.prior("*.index", dist.Normal(2.15, width)))
    assert result.success
    free = list(spot_table.free)
    covariance = spot_fit.covariance[np.ix_(free, free)]
    gain = covariance[0] / (covariance[0, 0] + width**2)
    shift = gain * (2.15 - values(spot_fit)[0])
    errors = np.sqrt(np.diag(covariance - np.outer(gain, covariance[0])))
    # The likelihood is a parabola only nearly.
    assert np.abs((values(result) - values(spot_fit) - shift) / errors).max() < 0.1
    np.testing.assert_allclose(free_errors(result), errors, rtol=0.05)
    added = -2 * float(dist.Normal(2.15, width).log_prob(result.value("*.index")))
    assert result.stat == pytest.approx(result.stat_datasets["spot"] + added, rel=1e-10)


def test_progress_is_reported(spot, spot_truth, spot_table):
    seen = []
    result = fit(spot, spot_truth, spot_table, callback=lambda n, stat: seen.append((n, stat)))
    assert [n for n, _ in seen] == list(range(1, result.evaluations + 1))
    assert min(stat for _, stat in seen) == result.stat


def test_source_that_moves_far_is_prepared_again(field, truth, table, field_fit):
    start = table.update({"point.spatial.lon_0": 83.47, "point.spatial.lat_0": 21.95})
    result = fit(field, truth, start)
    assert result.success
    # Both stop within sqrt(1e-5) errors of the minimum.
    assert np.abs((values(result) - values(field_fit)) / free_errors(field_fit)).max() < 5e-3


def test_random_starts_lead_to_the_same_minimum(spot, spot_truth):
    """Ten starts as wrong as a guess may be: brightness, index, background, place."""
    table = Parameters.from_models(spot_truth)
    best = fit(spot, spot_truth, table)
    rng = np.random.default_rng(3)
    for _ in range(10):
        draw = rng.uniform(-1.0, 1.0, 5)
        start = table.update(
            {
                "*.amplitude": 5e-12 * 30.0 ** draw[0],
                "*.index": 2.2 + draw[1],
                "*.norm": 2.0 ** draw[2],
                "*.lon_0": 83.63 + 0.15 * draw[3],
                "*.lat_0": 22.01 + 0.15 * draw[4],
            }
        )
        found = fit(spot, spot_truth, start)
        assert found.success, found.message
        assert found.stat == pytest.approx(best.stat, abs=1e-2)


def test_a_source_far_too_bright_in_the_dark_finds_its_place(spot_expected, spot_truth):
    """From a place in the dark, far too bright, with a background that is too low."""
    table = Parameters.from_models(spot_truth)
    start = {"*.lon_0": 83.85, "*.lat_0": 21.82, "*.amplitude": 2e-10, "*.norm": 0.3}
    found = fit(spot_expected, spot_truth, table.update(start))
    assert found.success
    assert found.value("*.lon_0") == pytest.approx(83.63, abs=0.002)
    assert found.value("*.amplitude") == pytest.approx(5e-12, rel=0.01)


@pytest.mark.slow
def test_overlapping_sources_do_not_take_opposite_signs():
    """One starts far too bright: if it may turn negative, the other slides away to balance it."""
    field, spectrum = elongated_field(1.0), PowerLaw(2.0, 1e-11)
    shapes = {"a": Gaussian(-0.25, 0.1, 0.3, frame="galactic")}
    shapes["b"] = Gaussian(0.25, -0.1, 0.15, frame="galactic")
    truth = Models.create({name: SkyModel(spectrum, shape) for name, shape in shapes.items()})
    data = fake(field, npred(field, truth), np.random.default_rng(1))
    table = Parameters.from_models(truth).freeze("*.index")
    best = fit(data, truth, table)
    start = {"a.*.amplitude": 1.1e-12, "b.*.amplitude": 2.06e-10, "a.*.sigma": 0.347}
    start |= {"b.*.sigma": 0.102, "a.*.lon_0": -0.29, "a.*.lat_0": -0.094}
    found = fit(data, truth, table.update(start | {"b.*.lon_0": 0.32, "b.*.lat_0": -0.075}))
    assert best.success
    assert found.success
    assert found.stat == pytest.approx(best.stat, abs=1e-3)
    assert found.evaluations < 100
