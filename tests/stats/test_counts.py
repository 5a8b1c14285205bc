"""Significance of counts: closed forms against the statistics that they are differences of."""

import numpy as np
import pytest

from gjax.stats.cash import cash
from gjax.stats.counts import (
    excess_error,
    signed_sqrt_ts,
    ts_known_background,
    ts_measured_background,
)

COUNTS = np.array([0.0, 1.0, 5.0, 120.0, 30.0])
OFF = np.array([7.0, 0.0, 30.0, 600.0, 500.0])


def test_known_background_is_a_difference_of_cash():
    background = np.array([0.3, 2.0, 5.0, 80.0, 55.5])
    expected = cash(COUNTS, background) - cash(COUNTS, np.maximum(COUNTS, 1e-30))
    np.testing.assert_allclose(ts_known_background(COUNTS, background), expected, atol=1e-10)


def test_measured_background_by_maximising_the_likelihood():
    # Both Poisson means are free, or bound to the ratio of the acceptances.
    alpha = 0.2
    share = alpha / (1 + alpha)
    total = COUNTS + OFF

    def log_likelihood(on, off):
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(COUNTS > 0, COUNTS * np.log(on), 0) + np.where(
                OFF > 0, OFF * np.log(off), 0
            )
        return logs - on - off

    free = log_likelihood(COUNTS, OFF)
    bound = log_likelihood(share * total, (1 - share) * total)
    np.testing.assert_allclose(
        ts_measured_background(COUNTS, OFF, alpha), 2 * (free - bound), atol=1e-9
    )


def test_published_example():
    # 550 on, 869 off at alpha 1/12: the value of the formula, by hand.
    ts = ts_measured_background(550, 869, 1 / 12)
    on = 550 * np.log(13 * 550 / 1419)
    off = 869 * np.log(13 / 12 * 869 / 1419)
    assert float(ts) == pytest.approx(2 * (on + off), rel=1e-12)


def test_sign_and_error():
    assert float(signed_sqrt_ts(4.0, -3.0)) == -2.0
    assert float(excess_error(9.0)) == 3.0
    assert float(excess_error(9.0, 400.0, 0.2)) == 5.0


def test_nothing_is_not_a_number_and_too_much_is_infinite():
    assert float(ts_known_background(0.0, 0.0)) == 0.0
    assert float(ts_measured_background(0.0, 0.0, 0.1)) == 0.0
    assert np.isinf(ts_known_background(3.0, 0.0))
