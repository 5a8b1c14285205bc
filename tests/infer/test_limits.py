"""Asymmetric errors and limits against exact answers and Minos."""

from __future__ import annotations

import json
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from gjax.dataset import FluxPointsDataset
from gjax.infer.fit import fit
from gjax.infer.limits import errors_asymmetric, free_coordinate, lower_limit, upper_limit
from gjax.io import read_ogip
from gjax.model import Models, SkyModel
from gjax.model.spectral import LogParabola, PowerLaw
from gjax.parameters import Parameters
from tests.infer.counting import counting, gaussian

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference/data/intervals.json").read_text(encoding="utf-8")
)


def rise(mu: float, n: float) -> float:
    """Give the rise of the Cash statistic above its minimum at mu = n."""
    return 2 * (mu - n - (n * np.log(mu / n) if n else 0.0))


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("n_sigma", [1.0, 2.0])
def test_counting_over_a_known_background(n, n_sigma):
    background = 2.0
    found = errors_asymmetric(counting(n, background), n_sigma=n_sigma)["source.spectral.amplitude"]
    low = brentq(lambda mu: rise(mu, n) - n_sigma**2, 1e-9, n) - background
    high = brentq(lambda mu: rise(mu, n) - n_sigma**2, n, 100.0) - background
    assert found.lower.value == pytest.approx(low * 1e-12, rel=1e-5)
    assert found.upper.value == pytest.approx(high * 1e-12, rel=1e-5)
    assert found.lower.reached
    assert found.upper.reached
    assert found.errn == pytest.approx((n - background - low) * 1e-12, rel=1e-4)
    assert found.quantities[1].unit == u.Unit("cm-2 s-1 TeV-1")
    assert f"{n_sigma:g} sigma" in str(found)


def test_linear_problem_has_symmetric_errors():
    result = gaussian()
    found = errors_asymmetric(result, "*.amplitude")["source.spectral.amplitude"]
    error = result.error("*.amplitude")
    assert found.errn == pytest.approx(error, rel=1e-5)
    assert found.errp == pytest.approx(error, rel=1e-5)


def test_kinds_of_limits():
    """In a Gaussian problem a limit is the best fit plus a known number of errors."""
    result = gaussian()
    best, error = result.value("*.amplitude"), result.error("*.amplitude")

    def sigmas(**kind: float | bool) -> float:
        return (upper_limit(result, "*.amplitude", **kind).value - best) / error

    assert sigmas() == pytest.approx(2.0, rel=1e-5)
    assert sigmas(n_sigma=3) == pytest.approx(3.0, rel=1e-5)
    assert sigmas(confidence=0.95) == pytest.approx(1.959964, rel=1e-5)
    assert sigmas(confidence=0.95, one_sided=True) == pytest.approx(1.644854, rel=1e-5)
    low = lower_limit(result, "*.amplitude", confidence=0.9)
    assert (best - low.value) / error == pytest.approx(norm.isf(0.05), rel=1e-5)
    assert "two-sided 90.00%" in low.definition
    assert "statistic +2.706" in low.definition
    assert "one-sided 95.00%" in str(
        upper_limit(result, "*.amplitude", confidence=0.95, one_sided=True)
    )


def test_no_counts():
    """At zero counts the statistic is a straight line: +4 is two counts above the bound."""
    result = counting(0, 1.5, min=0.0)
    assert result.at_bounds
    limit = upper_limit(result, "*.amplitude")
    assert limit.reached
    assert limit.value == pytest.approx(2e-12, rel=1e-5)
    low = lower_limit(result, "*.amplitude")
    assert low.value == 0.0
    assert low.at_bound
    assert "at the bound" in str(low)
    errors = errors_asymmetric(result)["source.spectral.amplitude"]
    assert errors.errn == 0.0
    assert errors.errp == pytest.approx(0.5e-12, rel=1e-5)


def test_bound_that_is_met_first():
    result = counting(4, 2.0, min=0.0, max=2.5e-12)
    upper, lower = upper_limit(result, "*.amplitude"), lower_limit(result, "*.amplitude")
    assert upper.value == 2.5e-12
    assert upper.at_bound
    assert upper.rise == pytest.approx(rise(4.5, 4), rel=1e-6)
    assert lower.value == 0.0
    assert lower.rise == pytest.approx(rise(2.0, 4), rel=1e-6)


def test_limit_that_does_not_exist():
    """One faint point: a spectrum that vanishes there is worse by one only, however hard it is."""
    point = FluxPointsDataset("point", np.array([0.1]), np.array([1e-9]), dnde_err=np.array([1e-9]))
    models = Models.create([("source", SkyModel(PowerLaw(2.2, 1e-11)))])
    result = fit(point, models, Parameters.from_models(models).freeze("*.amplitude"))
    limit = lower_limit(result, "*.index")
    assert limit.value == -np.inf
    assert not limit.reached
    assert not limit.at_bound
    assert limit.rise == pytest.approx(1.0, abs=1e-4)
    assert "rises by 1 at most" in limit.message
    # Upwards the flux grows without end: f = 1 + 2 sigma at index 2 + log10(3).
    assert upper_limit(result, "*.index").value == pytest.approx(2 + np.log10(3), rel=1e-6)


def test_correlated_parameters_are_fitted_again(spot_fit):
    """Errors from the profile exceed those with the others kept, and are near Hesse's."""
    found = errors_asymmetric(spot_fit)
    assert set(found) == {spot_fit.parameters.names[i] for i in spot_fit.parameters.free}
    for name, errors in found.items():
        assert 0.5 * (errors.errn + errors.errp) == pytest.approx(spot_fit.error(name), rel=0.02)
        assert errors.errn != errors.errp


def test_what_cannot_have_a_limit(spot_fit):
    with pytest.raises(ValueError, match="frozen"):
        upper_limit(spot_fit, "*.tilt")
    with pytest.raises(ValueError, match="several"):
        upper_limit(spot_fit, "spot.*")
    with pytest.raises(ValueError, match="not both"):
        upper_limit(spot_fit, "*.index", n_sigma=1, confidence=0.9)
    with pytest.raises(ValueError, match="confidence must"):
        upper_limit(spot_fit, "*.index", confidence=95)
    assert free_coordinate(spot_fit, "*.amplitude") == 1


@pytest.fixture(scope="module")
def crab(gammapy_data):
    dataset = read_ogip(gammapy_data / REFERENCE["spectrum"])
    spectral = LogParabola(amplitude=3e-11, reference=1.0, alpha=2.4, beta=0.2)
    return fit(dataset, Models.create([("crab", SkyModel(spectral))]), tolerance=1e-8)


def test_minos(crab):
    """Asymmetric errors of an on/off spectrum: Minuit's Minos, to a percent."""
    assert crab.success
    assert crab.stat == pytest.approx(REFERENCE["stat"], abs=1e-4)
    for n_sigma in (1, 2):
        found = errors_asymmetric(crab, n_sigma=n_sigma)
        for name, (errn, errp) in zip(
            REFERENCE["names"], REFERENCE[f"minos_{n_sigma}"], strict=True
        ):
            mine = found[f"crab.spectral.{name}"]
            assert mine.errn == pytest.approx(errn, rel=0.01)
            assert mine.errp == pytest.approx(errp, rel=0.01)


def test_hesse(crab):
    """The covariance is that of Minuit's Hesse, to two percent."""
    chosen = [crab.parameters.select(f"*.{name}")[0] for name in REFERENCE["names"]]
    expected = np.array(REFERENCE["covariance_hesse"])
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    mine = crab.covariance[np.ix_(chosen, chosen)]
    np.testing.assert_allclose(mine / scale, expected / scale, atol=0.02)
