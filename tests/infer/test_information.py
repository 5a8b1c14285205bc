"""Information of the data: analytic cases, and toys whose scatter is known."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.dataset import Dataset, FluxPointsDataset
from gjax.infer.fit import fit
from gjax.infer.information import information, score_scatter
from gjax.infer.objective import expand_objective, make_objective
from gjax.maps import MapAxis, RegionGeom
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred

ALPHA = 0.2
OFF = np.array([400.0, 200.0, 100.0])


def onoff(counts, counts_off) -> Dataset:
    """Make an on/off spectrum of three bins without energy dispersion."""
    shape = (3, 1, 1)
    return Dataset(
        "onoff",
        RegionGeom.circle(83.63, 22.01, 0.1),
        MapAxis.from_energy_bounds(1.0, 10.0, 3),
        MapAxis.from_energy_bounds(1.0, 10.0, 3, name="energy_true"),
        counts=np.reshape(counts, shape).astype(float),
        counts_off=np.reshape(counts_off, shape).astype(float),
        acceptance=np.ones(shape),
        acceptance_off=np.full(shape, 1 / ALPHA),
        exposure=np.full(shape, 1e14),
    )


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.create({"source": SkyModel(PowerLaw(2.0, 1e-12))})


@pytest.fixture(scope="module")
def signal() -> np.ndarray:
    """Integrate the power law: counts of the signal."""
    edges = np.geomspace(1.0, 10.0, 4)
    return 1e14 * 1e-12 * (1 / edges[:-1] - 1 / edges[1:])


def test_onoff_information_is_that_of_the_excess(models, signal):
    """Of an amplitude: the variance of n_on - alpha n_off in each bin."""
    dataset = onoff(signal + ALPHA * OFF, OFF)
    table = Parameters.from_models(models).freeze("*.index")
    objective = make_objective(dataset, models, table)
    theta = np.asarray(objective.layout.start)
    expected = np.sum((signal / theta[0]) ** 2 / (signal + ALPHA * (1 + ALPHA) * OFF))
    assert float(information(objective, theta)[0, 0]) == pytest.approx(expected, rel=1e-9)


def test_onoff_information_is_half_the_hessian_of_the_expectation(models, signal):
    dataset = onoff(signal + ALPHA * OFF, OFF)
    objective = make_objective(dataset, models)
    theta = np.asarray(objective.layout.start)
    half = 0.5 * expand_objective(objective, theta).hessian
    np.testing.assert_allclose(information(objective, theta), half, rtol=1e-8)


def test_information_of_flux_points_is_half_the_hessian(linear_fit):
    """Two amplitudes and normal errors: the statistic is a parabola."""
    half = 0.5 * expand_objective(linear_fit.objective, linear_fit.theta).hessian
    found = information(linear_fit.objective, linear_fit.theta)
    np.testing.assert_allclose(found, half, rtol=1e-9)


def test_covariances_agree_where_the_model_is_right(spot_fit):
    """At hundreds of counts, within their own fluctuations."""
    for kind in ("expected", "sandwich"):
        other = spot_fit.with_covariance(kind)
        free = list(spot_fit.parameters.free)
        np.testing.assert_allclose(other.errors[free], spot_fit.errors[free], rtol=0.25)
        assert (other.errors[free] != spot_fit.errors[free]).all()
        assert f"({kind} errors)" in str(other)
    same = spot_fit.with_covariance("exact")
    np.testing.assert_allclose(same.covariance, spot_fit.covariance, rtol=1e-9)
    with pytest.raises(ValueError, match="none of: exact, expected, sandwich"):
        spot_fit.with_covariance("other")


def test_sandwich_sees_scatter_that_the_errors_do_not_tell():
    """Points that scatter by three times their errors have sandwich errors three times as large."""
    rng = np.random.default_rng(3)
    energy = np.geomspace(0.5, 20.0, 400)
    true = 2e-12 * energy**-2.0
    points = FluxPointsDataset(
        "points", energy, true * (1 + 0.3 * rng.standard_normal(400)), dnde_err=0.1 * true
    )
    models = Models.create({"source": SkyModel(PowerLaw(2.0, 2e-12))})
    result = fit(points, models, Parameters.from_models(models).freeze("*.index"))
    ratio = result.with_covariance("sandwich").error("*.amplitude") / result.error("*.amplitude")
    assert ratio == pytest.approx(3.0, rel=0.1)


def test_scatter_of_counts_with_a_modelled_background(spot, spot_fit):
    """The slopes of the bins add up to nothing at the best fit, and their squares by hand."""
    objective = spot_fit.objective
    table = spot_fit.parameters
    at = list(table.free).index(table.select("*.amplitude")[0])
    found = np.asarray(score_scatter(objective, spot_fit.theta))[at, at]
    layout = objective.layout

    def predicted(scale):
        theta = spot_fit.theta.copy()
        theta[at] *= scale
        return np.asarray(npred(spot, layout.models_at(theta)))

    slope = (predicted(1.001) - predicted(0.999)) / (0.002 * spot_fit.theta[at])
    score = (spot.counts / predicted(1.0) - 1.0) * slope
    assert found == pytest.approx(np.sum(score[spot.mask] ** 2), rel=1e-5)
