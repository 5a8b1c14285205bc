"""Light curves with a closed form, in cases that can be done by hand."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model.temporal import Constant, ExpDecay, Linear, PowerLaw, Sine

DAY = 86400.0
EPOCH = 58000.0


def days(model, start, stop):
    """Average over intervals in days since the model's reference time."""
    start, stop = DAY * np.atleast_1d(start), DAY * np.atleast_1d(stop)
    return float(model.mean(start, stop, EPOCH))


def at(cls, **values):
    return cls(**values, t_ref=EPOCH, scale="tt")


def test_constant_and_linear():
    assert days(Constant(), [0.0, 5.0], [1.0, 7.0]) == 1.0
    model = at(Linear, alpha=0.5, beta=0.1)
    # Two intervals of 1 d and 3 d around 0.5 d and 3.5 d.
    assert days(model, [0.0, 2.0], [1.0, 5.0]) == pytest.approx(0.5 + 0.1 * (0.5 + 3 * 3.5) / 4)


def test_exponential_decay():
    model = at(ExpDecay, t0=2.0)
    assert days(model, 1.0, 4.0) == pytest.approx(2 * (np.exp(-0.5) - np.exp(-2.0)) / 3, rel=1e-14)
    assert days(model, 0.0, 1e9) == pytest.approx(2e-9)
    # A millisecond after a thousand days: no digits are lost.
    model = at(ExpDecay, t0=300.0)
    short = model.mean(1000 * DAY, 1000 * DAY + 1e-3, EPOCH)
    assert float(short) == pytest.approx(np.exp(-1000 / 300), rel=1e-9)


def test_power_law_and_its_pole():
    model = at(PowerLaw, alpha=-0.5, t0=4.0)
    assert days(model, 0.0, 1.0) == pytest.approx(4.0, rel=1e-5), "an integrable pole"
    assert days(at(PowerLaw, alpha=-1.0, t0=4.0), 1.0, 3.0) == pytest.approx(2 * np.log(3))
    assert days(at(PowerLaw, alpha=2.0), 0.0, 3.0) == pytest.approx(3.0)
    # Before the event there is nothing.
    assert days(model, -3.0, -1.0) == 0.0
    assert days(model, -1.0, 1.0) == pytest.approx(2.0, rel=1e-5)
    index = jax.grad(lambda a: at(PowerLaw, alpha=a).mean(DAY, 2 * DAY, EPOCH))
    assert float(index(-1.0)) == pytest.approx(0.5 * np.log(2.0) ** 2), "smooth through -1"


def test_sine():
    model = at(Sine, amp=0.5, omega=2 * np.pi)
    assert days(model, 0.3, 5.3) == pytest.approx(1.0, abs=1e-12), "whole periods"
    assert days(model, 0.0, 0.5) == pytest.approx(1 + 0.5 * 2 / np.pi)
    # amp = 1, omega = 1 / d, one day: 1 + (1 - cos 1) = 1.4597; Gammapy has 1 - sin 1 = 0.16.
    assert days(at(Sine), 0.0, 1.0) == pytest.approx(2 - np.cos(1.0))
    assert days(at(Sine, omega=0.0), 0.0, 1.0) == 1.0
    assert float(jax.grad(lambda w: at(Sine, omega=w).mean(0.0, DAY, EPOCH))(0.0)) == 0.5


def test_epoch_in_utc():
    model = Linear(alpha=0.0, beta=1.0, t_ref=EPOCH)
    assert float(model(69.184, EPOCH)) == pytest.approx(0.0, abs=1e-12)
