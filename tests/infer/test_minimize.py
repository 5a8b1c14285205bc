"""The minimiser goes down, respects bounds and budget, and says how it ended."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gjax.dataset import Dataset, PSFMap
from gjax.infer.minimize import minimize
from gjax.infer.objective import expand_objective, make_objective
from gjax.infer.problem import Point, Problem, Status
from gjax.maps import MapAxis, RegionGeom, WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.simulate import fake


@pytest.fixture(scope="module")
def problem(spot, spot_truth, spot_table):
    return make_objective(spot, spot_truth, spot_table)


@pytest.mark.parametrize("factor", [1.0, (1.5, 0.2, 3.0), (0.3, 3.0, 0.5), (3.0, 0.01, 20.0)])
def test_minimum_from_near_and_far(problem, spot_fit, factor):
    start = np.asarray(problem.layout.start) * factor
    found = minimize(problem, start, tolerance=1e-9)
    assert found.status is Status.CONVERGED
    assert found.evaluations < 30
    np.testing.assert_allclose(found.theta, spot_fit.theta, rtol=2e-3)
    assert (np.diff(found.trace) <= 1e-9 * abs(found.stat)).all(), "never uphill"
    assert found.edm < 1e-9
    assert np.linalg.eigvalsh(found.hessian).min() > 0


def test_edm_is_the_distance_to_the_minimum(problem):
    best = minimize(problem, np.asarray(problem.layout.start), tolerance=1e-12)
    early = minimize(problem, np.asarray(problem.layout.start) * 1.05, tolerance=1.0)
    assert early.evaluations < best.evaluations
    assert early.stat - best.stat == pytest.approx(early.edm, rel=0.3, abs=1e-9)


def test_budget(problem):
    start = np.asarray(problem.layout.start) * (1.0, 1.3, 0.5)
    seen = []
    found = minimize(problem, start, max_evaluations=3, callback=lambda *args: seen.append(args))
    assert found.status is Status.MAX_EVALUATIONS
    assert [n for n, _ in seen] == [1, 2, 3]
    assert found.stat == min(stat for _, stat in seen)


@pytest.mark.parametrize("factor", [(0.3, 30.0, 0.05), (1.0, 1e-4, 1.0), (1.0, 1e3, 1.0)])
def test_amplitudes_that_are_wrong_by_orders_of_magnitude(problem, spot_fit, factor):
    """Newton steps alone would double the amplitude each time, or clip the prediction at zero."""
    found = minimize(problem, np.asarray(problem.layout.start) * factor)
    assert found.status is Status.CONVERGED
    assert found.stat == pytest.approx(spot_fit.stat, abs=1e-4)
    assert found.evaluations < 20


def test_scoring_step_of_an_amplitude_is_exact():
    """Where only the amplitude of all is wrong, one step of the expected Hessian ends at it."""
    problem = ellipse(20.0, start=(0.9, 20.0), free="*.amplitude", background=0.0)
    start = np.asarray(problem.layout.start)
    for factor in (1e-3, 0.5, 30.0):
        found = expand_objective(problem, factor * start)
        step = -np.asarray(found.gradient) / np.diag(found.expected)
        np.testing.assert_allclose(factor * start + step, start, rtol=1e-9)


def make_spectrum(counts, counts_off, free):
    """Make the statistic of an on/off spectrum with a power law of which some parameters vary."""
    energy = MapAxis.from_energy_bounds(1.0, 10.0, len(counts))
    true = MapAxis.from_energy_bounds(0.5, 20.0, 8, name="energy_true")
    shape = (len(counts), 1, 1)
    dataset = Dataset(
        "onoff",
        RegionGeom.circle(83.63, 22.01, 0.1),
        energy,
        true,
        counts=np.reshape(counts, shape).astype(float),
        counts_off=np.reshape(counts_off, shape).astype(float),
        acceptance=np.ones(shape),
        acceptance_off=np.full(shape, 10.0),
        exposure=np.full((8, 1, 1), 1e13),
    )
    models = Models.create({"source": SkyModel(PowerLaw(2.0, 1e-12))})
    table = Parameters.from_models(models).freeze("*").thaw(*free)
    return make_objective(dataset, models, table)


@pytest.mark.parametrize(
    ("counts", "counts_off"),
    [((0, 0, 0, 0), (5, 3, 0, 0)), ((0, 0, 0, 0), (0, 0, 0, 0)), ((1, 0, 0, 0), (20, 2, 0, 0))],
)
def test_minimum_at_a_kink_is_recognised(counts, counts_off):
    """Bins without any counts pull a signal to zero from both sides."""
    problem = make_spectrum(counts, counts_off, ["*.amplitude"])
    found = minimize(problem, np.asarray(problem.layout.start))
    assert found.status is Status.CONVERGED
    assert found.theta[0] == 0.0
    assert found.at_kink.all()
    assert found.held.all()
    assert found.evaluations < 50
    for move in (-1e-3, 1e-3, -1.0, 1.0):
        assert float(problem(np.array([move]))) > found.stat


def test_index_of_a_signal_at_a_kink_means_nothing():
    problem = make_spectrum((0, 0, 0, 0), (5, 3, 0, 0), ["*.amplitude", "*.index"])
    found = minimize(problem, np.asarray(problem.layout.start))
    assert found.status is Status.CONVERGED
    index, amplitude = range(2)
    assert found.theta[amplitude] == 0.0
    assert list(found.at_kink) == [False, True]
    assert list(found.without_effect) == [True, False]
    assert found.theta[index] == problem.layout.start[index]


def test_smooth_minimum_at_a_negative_signal_is_no_kink():
    problem = make_spectrum((3, 1, 2, 1), (60, 40, 20, 20), ["*.amplitude"])
    found = minimize(problem, np.asarray(problem.layout.start))
    assert found.status is Status.CONVERGED
    assert found.theta[0] < 0
    assert not found.at_kink.any()
    assert not found.held.any()


@pytest.mark.parametrize("where", [20.0, -84.0, 90.0])
def test_ellipse_grows_from_a_circle(where):
    """A circle has no slope in eccentricity and none in position angle: a saddle, no minimum."""
    problem = ellipse(where, start=(0.0, 0.0))
    found = minimize(problem, np.asarray(problem.layout.start))
    assert found.status is Status.CONVERGED
    e, phi = found.theta * np.asarray(problem.layout.scale)
    assert e == pytest.approx(0.9, abs=1e-3)
    assert (phi - where + 90.0) % 180.0 - 90.0 == pytest.approx(0.0, abs=0.1)


def test_angle_goes_on_at_the_other_end_of_its_range():
    """The position angle -180 deg is +180 deg, and no bound that the data would cross."""
    problem = ellipse(170.0, start=(0.8, -170.0))
    found = minimize(problem, np.asarray(problem.layout.start))
    assert found.status is Status.CONVERGED
    assert not found.held.any()
    assert found.theta[1] * problem.layout.scale[1] == pytest.approx(170.0, abs=0.1)


def ellipse(phi, start, free="*.spatial.[ep]*", background=1.0):
    """Make the statistic of the expectation of an elongated Gaussian: eccentricity and angle."""
    dataset = elongated_field(background)
    truth = Gaussian(0.0, 0.0, 0.3, 0.9, phi, frame="galactic")
    first = Gaussian(0.0, 0.0, 0.3, *start, frame="galactic")
    models, before = (
        Models.create({"pwn": SkyModel(PowerLaw(2.0, 1e-10), shape)}) for shape in (truth, first)
    )
    table = Parameters.from_models(before).freeze("*").thaw(free)
    return make_objective(fake(dataset, npred(dataset, models)), before, table)


def elongated_field(background):
    geom = WcsGeom.create((0.0, 0.0), binsz=0.1, npix=24, proj="TAN", frame="galactic")
    energy = MapAxis.from_energy_bounds(1.0, 10.0, 1)
    true = MapAxis.from_energy_bounds(1.0, 10.0, 1, name="energy_true")
    coarse = WcsGeom.create(geom.center, binsz=1.5, npix=3, proj="TAN", frame="galactic")
    rad = MapAxis.from_bounds(0.0, 0.5, 100, "rad", "deg")
    profile = np.exp(-0.5 * (rad.center / 0.08) ** 2)
    data = np.broadcast_to(profile[:, None, None], (1, rad.nbin, *coarse.shape))
    psf = PSFMap(data, np.ones((1, *coarse.shape)), coarse, true, rad)
    flat = np.ones((1, *geom.shape))
    return Dataset(
        "field", geom, energy, true, exposure=1e13 * flat, psf=psf, background=background * flat
    )


def test_start_outside_the_bounds_is_moved_in(spot, spot_truth, spot_table):
    table = spot_table.bound("*.norm", 0.5, 0.7)
    problem = make_objective(spot, spot_truth, table)
    found = minimize(problem, np.asarray(problem.layout.start))
    assert found.status is Status.CONVERGED
    where = list(table.free).index(table.select("*.norm")[0])
    assert found.theta[where] == problem.layout.upper[where]
    assert found.held.sum() == 1
    assert found.gradient[where] < 0


def test_start_that_is_not_finite(problem):
    found = minimize(problem, np.full(3, np.nan))
    assert found.status is Status.NOT_FINITE
    assert found.evaluations == 1


def test_every_status_speaks():
    assert all(len(status.value) > 10 for status in Status)


def flat_problem(theta, gradient, matrix):
    """Make a problem without data, and a point of it with given slopes and curvature."""
    none = np.full(len(theta), np.inf)
    objective = SimpleNamespace(layout=SimpleNamespace(lower=-none, upper=none))
    theta, gradient = np.array(theta, float), np.array(gradient, float)
    point = Point(theta, 1e3, gradient, np.array(matrix), np.array(matrix))
    return Problem(objective, None, 10), point


def test_a_far_step_does_not_turn_an_amplitude_negative():
    """It leaves a tenth, and the other coordinate is solved with that."""
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
    problem, point = flat_problem((1.0, 2.0), (4.0, 0.0), matrix)
    free = np.array([1.0, 2.0]) - np.linalg.solve(matrix, point.gradient)
    np.testing.assert_allclose(problem.step(point, matrix, far=True), free)
    problem.least = np.array([1e-3, np.inf])
    np.testing.assert_allclose(problem.step(point, matrix, far=True), [0.1, 2.0 + 0.5 * 0.9])
    np.testing.assert_allclose(problem.step(point, matrix, far=False), free)
    problem.least = np.array([2.0, np.inf])  # already far below its start
    np.testing.assert_allclose(problem.step(point, matrix, far=True), free)


def test_a_step_is_not_longer_than_its_reach():
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
    problem, point = flat_problem((1.0, 2.0), (4.0, 0.0), matrix)
    problem.reach = np.array([np.inf, 0.3])
    np.testing.assert_allclose(problem.step(point, matrix), [1.0 - 4.0 - 0.5 * 0.3, 2.3])


@pytest.mark.parametrize(("watched", "status"), [(True, Status.LEFT), (False, Status.NOT_CONVEX)])
def test_a_coordinate_that_loses_its_effect_ends_the_search(monkeypatch, watched, status):
    """A faint source that is not wanted where it is: one step, and nothing of it is seen."""

    def bell(_, theta):
        height = 5.0 * np.exp(-0.5 * theta**2)
        bend = np.diag(height * (theta**2 - 1.0))
        return SimpleNamespace(
            stat=10.0 + height.sum(),
            gradient=-theta * height,
            hessian=bend,
            expected=0.1 * np.eye(1),
        )

    monkeypatch.setattr("gjax.infer.problem.expand_from_host", bell)
    problem, point = flat_problem((1.0,), (0.0,), np.eye(1))
    found = minimize(problem.objective, point.theta, watched=np.array([watched]))
    assert found.status is status
    assert found.without_effect.all()
    assert found.theta[0] > 20.0
