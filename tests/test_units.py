"""Units live at the edges: what comes in is internal, what goes out is a Quantity."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u

from gjax.units import INTERNAL_UNITS, internal_unit, to_internal, to_quantity


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("m2 s", 1e4),
        ("km2 h", 1e10 * 3600),
        ("MeV-1 s-1 sr-1", 1e6),
        ("erg", u.erg.to("TeV")),
        ("arcmin", 1 / 60),
        ("rad", np.degrees(1)),
        ("cm-2 s-1 TeV-1", 1.0),
        ("erg cm-2 s-1", u.erg.to("TeV")),
    ],
)
def test_internal_unit_has_the_dimension_and_the_scale(unit, factor):
    internal = u.Unit(internal_unit(unit))
    assert u.Unit(unit).to(internal) == pytest.approx(factor, rel=1e-14)
    assert set(map(str, internal.bases)) <= set(INTERNAL_UNITS.values())


@pytest.mark.parametrize("unit", ["", "1"])
def test_pure_numbers_have_no_unit(unit):
    assert internal_unit(unit) == ""


def test_to_internal_converts_quantities_and_text_and_passes_numbers_on():
    assert to_internal(1 * u.km, "cm", "height") == 1e5
    assert to_internal("100 GeV", "TeV") == pytest.approx(0.1)
    assert to_internal(0.3, "TeV") == 0.3
    values = to_internal([1, 2] * u.m**2, "cm2")
    assert values.dtype == float
    np.testing.assert_array_equal(values, [1e4, 2e4])
    assert type(to_internal(1 * u.TeV, "TeV")) is float


def test_wrong_dimension_names_the_argument_and_both_units():
    with pytest.raises(u.UnitConversionError, match=r"radius has unit 'TeV'.*'deg'"):
        to_internal(1 * u.TeV, "deg", "radius")


def test_round_trip():
    value = to_quantity(3.0, "cm-2 s-1 TeV-1")
    assert value.to_value("m-2 s-1 GeV-1") == pytest.approx(3e4 / 1e3)
    assert to_internal(value.to("m-2 s-1 GeV-1"), "cm-2 s-1 TeV-1") == pytest.approx(3.0)
