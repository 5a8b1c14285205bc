"""Conversion between frames."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.maps.frames import convert, lonlat
from gjax.numerics.sphere import separation


def test_galactic_centre():
    lon, lat = convert(266.40498829, -28.93617776, "icrs", "galactic")
    assert separation(lon, lat, 0.0, 0.0) < 1e-5


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90))
def test_there_and_back(lon, lat):
    back = convert(*convert(lon, lat, "icrs", "galactic"), "galactic", "icrs")
    assert separation(lon, lat, *back) < 1e-9


def test_not_a_number_stays_so():
    lon, _ = convert([np.nan, 1.0], [np.nan, 2.0], "galactic", "icrs")
    np.testing.assert_array_equal(np.isnan(lon), [True, False])


def test_positions_of_all_kinds():
    crab = SkyCoord(83.63, 22.01, unit="deg")
    assert lonlat(crab, "icrs") == pytest.approx((83.63, 22.01))
    expected = (crab.galactic.l.deg, crab.galactic.b.deg)
    assert lonlat(crab, "galactic") == pytest.approx(expected)
    assert lonlat((-5.0, 1.0), "galactic") == (355.0, 1.0)
    assert lonlat(("83.63 deg", 22.01 * u.deg), "icrs") == pytest.approx((83.63, 22.01))
