"""Units of maps in files become internal ones, and back."""

import numpy as np
import pytest

from gjax.io.map_units import from_stored_unit, to_stored_unit


@pytest.mark.parametrize(
    ("written", "unit", "factor"),
    [
        ("m2 s", "cm2 s", 1e4),
        ("cm-2 s-1 MeV-1", "TeV-1 s-1 cm-2", 1e6),
        ("deg-2", "sr-1", (180 / np.pi) ** 2),
        ("", "", 1.0),
        ("counts per fortnight", "counts per fortnight", 1.0),
    ],
)
def test_units_become_internal(written, unit, factor):
    found, scale = from_stored_unit(written)
    assert set(found.split()) == set(unit.split())
    assert scale == pytest.approx(factor, rel=1e-12)


def test_exposures_are_stored_in_square_metres():
    assert to_stored_unit("cm2 s") == ("m2 s", pytest.approx(1e-4))
    assert to_stored_unit("cm2 s", "cm2 s") == ("cm2 s", 1.0)
    assert to_stored_unit("TeV", "GeV") == ("GeV", pytest.approx(1e3))
    assert to_stored_unit("sr-1") == ("sr-1", 1.0)
