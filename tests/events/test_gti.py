"""Good time intervals."""

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time

from gjax.events import GTI


def test_all_rows_count():
    gti = GTI([0.0, 100.0], [10.0, 130.0])
    assert gti.total == 40.0
    # The middle of 10 s about 5 and 30 s about 115.
    assert gti.mid == pytest.approx((10 * 5 + 30 * 115) / 40)


def test_selection_cuts_rows_and_drops_those_outside():
    gti = GTI([0.0, 100.0, 200.0], [10.0, 130.0, 210.0]).select_time(5.0, 120.0)
    np.testing.assert_array_equal(gti.start, [5.0, 100.0])
    np.testing.assert_array_equal(gti.stop, [10.0, 120.0])
    assert gti.select_time(300.0, 400.0).total == 0.0


def test_selection_by_astropy_times():
    gti = GTI.create(Time(53343.0, format="mjd", scale="tt"), 1 * u.h, reference=53343.0)
    cut = gti.select_time(Time("2004-12-04T00:10:00", scale="tt"), Time("2004-12-05", scale="tt"))
    assert gti.total == 3600.0
    assert cut.total == pytest.approx(3000.0, abs=1e-6)


def test_union_counts_no_time_twice():
    gti = GTI([5.0, 0.0, 20.0, 1.0], [12.0, 6.0, 30.0, 2.0]).union()
    np.testing.assert_array_equal(gti.start, [0.0, 20.0])
    np.testing.assert_array_equal(gti.stop, [12.0, 30.0])


def test_union_equals_counting_seconds():
    rng = np.random.default_rng(3)
    start = rng.integers(0, 200, 12).astype(float)
    gti = GTI(start, start + rng.integers(1, 30, 12))
    second = np.arange(0, 240) + 0.5
    inside = np.any((second[:, None] >= gti.start) & (second[:, None] < gti.stop), axis=1)
    assert gti.union().total == inside.sum()
    np.testing.assert_array_equal(gti.contains(second), inside)


def test_start_is_inside_and_stop_is_not():
    np.testing.assert_array_equal(GTI([1.0], [2.0]).contains([1.0, 2.0, 0.5]), [True, False, False])


def test_stack_converts_epochs():
    stacked = GTI.stack([GTI([0.0], [10.0], 50000.0), GTI([0.0], [10.0], 50001.0)])
    np.testing.assert_allclose(stacked.start, [0.0, 86400.0])
    assert stacked.reference == 50000.0
    assert stacked.total == 20.0
    with pytest.raises(ValueError, match="no GTI"):
        GTI.stack([])


def test_astropy_accessors():
    gti = GTI([3600.0], [7200.0], 51544.0)
    assert gti.time_start[0].isot == "2000-01-01T01:00:00.000"
    assert (gti.time_stop - gti.time_start).to_value("s") == pytest.approx([3600.0])


@pytest.mark.parametrize(
    ("start", "stop", "match"),
    [
        ([0.0, 5.0], [1.0, 4.0], "row 1 ends before"),
        ([0.0], [1.0, 2.0], "shapes"),
        ([np.nan], [1.0], "finite"),
    ],
)
def test_wrong_intervals_are_refused(start, stop, match):
    with pytest.raises(ValueError, match=match):
        GTI(start, stop)
