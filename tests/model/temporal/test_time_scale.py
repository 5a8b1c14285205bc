"""Epochs in other time scales against astropy."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from astropy.time import Time

from gjax.model.temporal import Gaussian
from gjax.model.temporal.time_scale import SCALES, check_scale, days_since, seconds_behind_tt


@pytest.mark.parametrize("scale", SCALES)
def test_shift_is_that_of_astropy(scale):
    # Every month since 1972: all leap seconds so far are among them.
    mjd = np.arange(41317.5, 61000.0, 30.5)
    time = Time(mjd, format="mjd", scale=scale)
    expected = (time.tt.jd1 - time.jd1) + (time.tt.jd2 - time.jd2)
    np.testing.assert_allclose(seconds_behind_tt(mjd, scale), 86400 * expected, atol=1e-6)


def test_days_are_elapsed_time_across_leap_seconds():
    epoch, reference = 55000.0, 58000.0
    start = Time(epoch, format="mjd", scale="utc")
    time = Time(reference, format="mjd", scale="tt")
    expected = (time - start).to_value("d")
    assert float(days_since(epoch, 0.0, reference, "utc")) == pytest.approx(expected, abs=1e-10)
    assert float(days_since(epoch, 86400.0, reference, "utc")) == pytest.approx(expected + 1)


def test_slope_in_the_epoch_is_minus_one():
    assert jax.grad(days_since)(55000.0, 0.0, 58000.0, "utc") == -1.0


def test_other_scales_are_refused():
    with pytest.raises(ValueError, match="'tdb', should be one of utc, tai, tt"):
        check_scale("tdb")
    with pytest.raises(ValueError, match="'tdb'"):
        Gaussian(scale="tdb")
