"""Emission that is the same everywhere."""

from __future__ import annotations

import numpy as np

from gjax.model.spatial import ConstantFlux, ConstantSpatial
from gjax.parameters import specs


def test_isotropic_emission_has_its_value_everywhere():
    found = ConstantSpatial(value=0.25)(
        np.linspace(0.0, 359.0, 5)[:, None], np.array([-90.0, 30.0])
    )
    assert found.shape == (5, 2)
    np.testing.assert_array_equal(found, 0.25)
    assert specs(ConstantSpatial)["value"].frozen


def test_constant_flux_is_one_per_pixel():
    assert ConstantFlux.is_per_pixel
    assert not specs(ConstantFlux)
    np.testing.assert_array_equal(ConstantFlux()(np.zeros(3), 0.0), 1.0)


def test_neither_is_anywhere():
    for model in (ConstantSpatial(), ConstantFlux()):
        assert not model.has_position
        assert float(model.evaluation_radius) == 180.0
