"""Shapes as values."""

from __future__ import annotations

import pytest

from gjax.maps.region_shape import RegionShape


@pytest.mark.parametrize(
    ("kind", "values", "reach"),
    [
        ("circle", (1.0, 2.0, 0.3), 0.3),
        ("annulus", (1.0, 2.0, 0.3, 0.5), 0.5),
        ("rectangle", (1.0, 2.0, 3.0, 4.0, 45.0), 2.5),
        ("point", (1.0, 2.0), 0.0),
    ],
)
def test_reach_and_region_round_trip(kind, values, reach):
    shape = RegionShape(kind, values)
    assert shape.reach == pytest.approx(reach)
    assert RegionShape.from_region(shape.region, "icrs") == shape


@pytest.mark.parametrize(
    ("kind", "values", "match"),
    [
        ("square", (1.0,), "unknown shape"),
        ("circle", (1.0, 2.0), "needs lon, lat, radius"),
        ("circle", (1.0, 2.0, float("nan")), "not finite"),
        ("ellipse", (1.0, 2.0, -1.0, 1.0, 0.0), "positive sizes"),
        ("polygon", (1.0, 2.0, 3.0, 4.0), "three or more"),
    ],
)
def test_wrong_numbers_are_refused(kind, values, match):
    with pytest.raises(ValueError, match=match):
        RegionShape(kind, values)
