"""The minimiser goes down, respects bounds and budget, and says how it ended."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gjax.infer.minimize import minimize
from gjax.infer.objective import expand_objective, make_objective
from gjax.infer.problem import Guards, Status
from tests.infer.small_problems import ellipse, flat_problem


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
    found = minimize(problem.objective, point.theta, guards=Guards(watched=np.array([watched])))
    assert found.status is status
    assert found.without_effect.all()
    assert found.theta[0] > 20.0
