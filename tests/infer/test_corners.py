"""Kinks are recognised, saddles left, and angles go on at the other end of their range."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.minimize import minimize
from gjax.infer.problem import Guards, Status
from tests.infer.small_problems import ellipse, make_spectrum


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
    start = np.asarray(problem.layout.start)
    found = minimize(problem, start)
    assert found.status is Status.CONVERGED
    assert found.theta[0] < 0
    guarded = minimize(problem, 1e3 * start, guards=Guards(amplitudes=np.array([True])))
    assert guarded.status is Status.CONVERGED
    assert guarded.theta == pytest.approx(found.theta, rel=1e-3)
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
