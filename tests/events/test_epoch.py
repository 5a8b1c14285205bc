"""Seconds since an epoch, against astropy."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from gjax.events.epoch import as_seconds, as_time, epoch_mjd


def test_epoch_in_utc_is_converted_to_tt():
    # 32 s between TAI and UTC in 2004, and 32.184 s between TT and TAI.
    assert (epoch_mjd(53402, 0.0, "utc") - 53402) * 86400 == pytest.approx(64.184, abs=2e-6)
    assert epoch_mjd(51910, 0.25, "TT") == 51910.25


def test_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="lst"):
        epoch_mjd(51910, 0.0, "LST")


def test_seconds_and_times_are_inverse_to_the_last_bit():
    seconds = np.array([0.0, 1.5, 103665036.123456789])
    times = as_time(seconds, 51910.00074287037)
    np.testing.assert_allclose(as_seconds(times, 51910.00074287037), seconds, rtol=0, atol=3e-8)


def test_times_of_other_scales_are_converted():
    time = Time("2004-12-04T22:00:00", scale="utc")
    assert as_seconds(time, 53343.0) == pytest.approx(22 * 3600 + 64.184, abs=1e-6)


def test_quantities_are_durations():
    assert as_seconds(2 * u.min, 51910.0) == 120.0
    assert as_seconds(3.0, 51910.0) == 3.0
