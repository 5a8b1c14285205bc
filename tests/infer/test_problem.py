"""Steps end where they should, and every ending has a message."""

from __future__ import annotations

import numpy as np

from gjax.infer.problem import Guards, Status
from tests.infer.small_problems import flat_problem


def test_what_is_pinned_stays():
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
    problem, point = flat_problem((1.0, 2.0), (4.0, 0.0), matrix)
    problem.guard(point.theta, Guards(pinned=np.array([False, True])))
    np.testing.assert_allclose(problem.step(point, matrix), [1.0 - 4.0, 2.0])


def test_every_status_speaks():
    assert all(len(status.value) > 10 for status in Status)


def test_a_far_step_does_not_turn_an_amplitude_negative():
    """It leaves a tenth, and the other coordinate is solved with that."""
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
    problem, point = flat_problem((1.0, 2.0), (4.0, 0.0), matrix)
    free = np.array([1.0, 2.0]) - np.linalg.solve(matrix, point.gradient)
    np.testing.assert_allclose(problem.step(point, matrix, far=True), free)
    amplitudes = np.array([True, False])
    problem.guard(point.theta, Guards(amplitudes=amplitudes))
    np.testing.assert_allclose(problem.step(point, matrix, far=True), [0.1, 2.0 + 0.5 * 0.9])
    np.testing.assert_allclose(problem.step(point, matrix, far=False), free)
    problem.guard(2e3 * point.theta, Guards(amplitudes=amplitudes))  # far below its start already
    np.testing.assert_allclose(problem.step(point, matrix, far=True), free)


def test_a_step_is_not_longer_than_its_reach():
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
    problem, point = flat_problem((1.0, 2.0), (4.0, 0.0), matrix)
    problem.guard(point.theta, Guards(reach=np.array([np.inf, 0.3])))
    np.testing.assert_allclose(problem.step(point, matrix), [1.0 - 4.0 - 0.5 * 0.3, 2.3])


def test_a_search_that_creeps_is_over_where_there_are_other_ways():
    problem, point = flat_problem((1.0, 2.0), (4.0, 0.0), np.eye(2))
    problem.trace = [10.0, 9.0, 8.99, 8.98]
    assert not problem.is_spent
    for patience, spent in ((2, True), (3, False), (4, False)):
        problem.guard(point.theta, Guards(patience=patience))
        assert problem.is_spent is spent
    problem.evaluations = problem.max_evaluations
    assert problem.is_spent
