"""Pointing."""

import numpy as np
import pytest
from astropy import units as u

from gjax.events import Pointing


def test_quantities_and_accessors():
    pointing = Pointing(5.5 * u.hourangle, 22 * u.deg, location=(16.5, -23.27, 1835.0))
    assert float(pointing.lon) == pytest.approx(82.5)
    assert pointing.skycoord.ra.deg == pytest.approx(82.5)
    assert pointing.earth_location.lat.deg == pytest.approx(-23.27)
    assert np.isnan(pointing.alt)
    assert Pointing(0.0, 0.0).earth_location is None


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"lon": np.nan, "lat": 0.0}, "finite"),
        ({"lon": 0.0, "lat": 91.0}, "within"),
        ({"lon": 0.0, "lat": 0.0, "mode": "WOBBLE"}, "mode"),
    ],
)
def test_wrong_pointings_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        Pointing(**arguments)
