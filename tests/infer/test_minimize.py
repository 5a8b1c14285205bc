"""The minimiser goes down, respects bounds and budget, and says how it ended."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.minimize import Status, minimize
from gjax.infer.objective import make_objective


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


def test_plateau_of_an_impossible_prediction_is_no_success(problem):
    """From a source thirty times too bright a step may clip all of the prediction at zero."""
    found = minimize(problem, np.asarray(problem.layout.start) * (0.3, 30.0, 0.05))
    assert found.status is not Status.CONVERGED


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
