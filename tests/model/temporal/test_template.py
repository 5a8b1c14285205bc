"""Light curves from tables."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from astropy import units as u

from gjax.model.temporal import LightCurveTemplate

DAY = 86400.0
EPOCH = 58000.0


def template(time=(0.0, 1.0, 3.0), norm=(1.0, 2.0, 0.0), **kwargs) -> LightCurveTemplate:
    return LightCurveTemplate(time, norm, t_ref=EPOCH, scale="tt", **kwargs)


def test_straight_lines_and_nothing_outside():
    time = DAY * np.array([-0.1, 0.0, 0.5, 1.0, 2.0, 3.0, 3.1])
    np.testing.assert_allclose(template()(time, EPOCH), [0, 1, 1.5, 2, 1, 0, 0], atol=1e-12)


def test_integral_is_that_of_the_lines():
    start = DAY * np.array([-5.0, 0.5, 0.9, 2.0, 4.0])
    stop = DAY * np.array([9.0, 1.0, 1.1, 2.0, 5.0])
    expected = [1.5 + 2.0, 0.875, 0.195 + 0.195, 0.0, 0.0]
    found = template().integral(start, stop, EPOCH) / DAY
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_a_constant_table_is_one_also_at_its_ends():
    flat = template((0.0, 10.0), (1.0, 1.0))
    assert float(flat.mean([0.0, DAY], [0.5 * DAY, 10 * DAY], EPOCH)) == pytest.approx(
        1.0, rel=1e-12
    )


def test_slope_in_the_reference_time():
    def mean(t_ref):
        return LightCurveTemplate([0.0, 1.0, 3.0], [1.0, 2.0, 0.0], t_ref, "tt").mean(
            0.1 * DAY, 0.9 * DAY, EPOCH
        )

    assert float(jax.grad(mean)(EPOCH)) == pytest.approx(-1.0, rel=1e-10)


def test_negative_factors_count_as_zero():
    assert float(template(norm=(-1.0, -2.0, -1.0)).mean(0.0, DAY, EPOCH)) == 0.0


def test_times_with_a_unit():
    assert list(template([0.0, 24.0, 72.0] * u.h).time) == [0.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("time", "norm", "message"),
    [
        ((0.0, 1.0), (1.0, 2.0, 3.0), "of one length"),
        ((0.0,), (1.0,), "at least 2"),
        ((0.0, 2.0, 1.0), (1.0, 1.0, 1.0), "time should increase: 2.0 is followed by 1.0"),
        ((0.0, np.nan, 1.0), (1.0, 1.0, 1.0), "finite"),
    ],
)
def test_tables_that_are_none(time, norm, message):
    with pytest.raises(ValueError, match=message):
        template(time, norm)
