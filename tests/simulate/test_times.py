"""Arrival times follow the light curve within good time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from gjax.events.gti import GTI
from gjax.model.temporal import Gaussian, LightCurveTemplate, Linear, Sine, TemplatePhaseCurve
from gjax.simulate.times import draw_even_times, draw_times, mean_factor

#: MJD (TT), with good time of 0.1 and 0.3 days and a gap between.
REFERENCE = 55555.0
DAY = 86400.0
GOOD = GTI(np.array([0.0, 0.3]) * DAY, np.array([0.1, 0.6]) * DAY, REFERENCE)

CURVES = {
    "gauss": Gaussian(t_ref=REFERENCE + 0.35, sigma=0.08, scale="tt"),
    "sine": Sine(amp=0.9, omega=40.0, t_ref=REFERENCE, scale="tt"),
    # With a jump, and nothing at all for a while.
    "steps": LightCurveTemplate(
        [0.0, 0.05, 0.0500001, 0.4, 0.4000001, 0.6],
        [3.0, 3.0, 0.0, 0.0, 1.0, 1.0],
        t_ref=REFERENCE,
        scale="tt",
    ),
    "pulsar": TemplatePhaseCurve(
        [0.1, 0.4, 0.5, 0.8], [0.5, 0.5, 2.0, 1.0], t_ref=REFERENCE, f0=29.9, scale="tt"
    ),
}


def expected_share(curve, time):
    """Give the share of the photons that came before the given times."""
    stop = np.clip(np.asarray(time)[..., None], GOOD.start, GOOD.stop)
    until = np.asarray(curve.integral(GOOD.start, stop, REFERENCE)).sum(axis=-1)
    return until / np.asarray(curve.integral(GOOD.start, GOOD.stop, REFERENCE)).sum()


@pytest.mark.parametrize("name", CURVES)
def test_times_follow_the_light_curve(name):
    curve = CURVES[name]
    time = draw_times(curve, GOOD, 5000, np.random.default_rng(1))
    inside = (time[:, None] >= GOOD.start) & (time[:, None] <= GOOD.stop)
    assert inside.any(axis=1).all()
    # What has passed of the light curve is evenly distributed at random times.
    assert kstest(expected_share(curve, time), "uniform").pvalue > 1e-3
    if name == "steps":
        assert not ((time > 0.0501 * DAY) & (time < 0.3999 * DAY)).any()


def test_pulsar_is_seen_to_pulse():
    """The period is 33 ms: times must be right far below it."""
    time = draw_times(CURVES["pulsar"], GOOD, 4000, np.random.default_rng(2))
    phase = (time * 29.9) % 1.0
    late = ((phase > 0.45) & (phase < 0.85)).mean()
    grid = (np.arange(1000) + 0.5) / 1000
    factor = np.asarray(CURVES["pulsar"](grid / 29.9, REFERENCE))
    expected = factor[(grid > 0.45) & (grid < 0.85)].sum() / factor.sum()
    assert late == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(4000))


def test_mean_and_even_times():
    curve = CURVES["gauss"]
    expected = np.asarray(curve.integral(GOOD.start, GOOD.stop, REFERENCE)).sum() / (0.4 * DAY)
    assert mean_factor(curve, GOOD) == pytest.approx(float(expected), rel=1e-12)
    assert mean_factor(None, GOOD) == 1.0
    with pytest.raises(ValueError, match="negative or not finite"):
        mean_factor(Linear(alpha=-4.0, t_ref=REFERENCE, scale="tt"), GOOD)
    time = draw_even_times(GOOD, 2000, np.random.default_rng(3))
    assert np.mean(time < 0.1 * DAY) == pytest.approx(0.25, abs=0.04)
    assert abs(np.corrcoef(time, np.arange(2000))[0, 1]) < 0.1
