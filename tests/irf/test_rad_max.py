"""The direction cut of point-like responses."""

import numpy as np

from gjax.irf import EffectiveArea, RadMax, Table
from gjax.maps.axis import MapAxis

ENERGY_TRUE = MapAxis.from_energy_bounds(0.1, 100, 4, name="energy_true")
OFFSET = MapAxis.from_edges([0.0, 1.0, 2.0], "offset")


def aeff(**changes):
    return EffectiveArea(Table(np.ones((4, 2)), (ENERGY_TRUE, OFFSET), "cm2"), **changes)


def test_one_number_holds_everywhere():
    rad_max = RadMax.from_irf(aeff(is_pointlike=True, rad_max=0.14))
    assert rad_max.is_fixed
    np.testing.assert_array_equal(
        rad_max.evaluate([[0.01], [500.0]], [0.0, 9.0]), np.full((2, 2), 0.14)
    )


def test_there_is_none_without_keyword_or_cut():
    assert RadMax.from_irf(aeff(is_pointlike=True)) is None
    assert RadMax.from_irf(aeff(rad_max=0.14)) is None


def test_a_table_is_interpolated():
    energy = MapAxis.from_energy_bounds(0.1, 10, 2)
    rad_max = RadMax(Table([[0.2, 0.4], [0.1, 0.3]], (energy, OFFSET), "deg"))
    assert not rad_max.is_fixed
    np.testing.assert_allclose(rad_max.evaluate(1.0, [0.5, 1.0, 1.5]), [0.15, 0.25, 0.35])
    assert rad_max.evaluate(20.0, 1.0) == 0.0
