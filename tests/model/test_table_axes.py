"""Axes of tables: declared parameters and the place of a value."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.maps.axis import MapAxis
from gjax.model.table_axes import axis_pixel, axis_specs, is_energy, is_uniform

AXES = [
    MapAxis.from_nodes([1.0, 2.0, 8.0], name="norm", interp="log"),
    MapAxis.from_nodes([0.0, 1.0, 4.0], name="shift", unit="deg", interp="sqrt"),
    MapAxis.from_edges([-1.0, 0.0, 1.0], name="tilt"),
    MapAxis.from_nodes([3.0], name="one"),
]


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)
def test_pixel_is_that_of_the_axis(axis):
    at = np.linspace(axis.nodes[0] + 1e-3, axis.nodes[-1], 7)
    np.testing.assert_allclose(axis_pixel(axis, at), axis.coord_to_pix(at), atol=1e-12)
    assert np.isfinite(jax.grad(lambda x: axis_pixel(axis, x))(at[3]))


def test_declarations():
    energy = MapAxis.from_energy_bounds(0.1, 10.0, 3, name="energy_true")
    declared = axis_specs((AXES[1], energy, AXES[2]))
    assert list(declared) == ["shift", "tilt"]
    shift = declared["shift"]
    assert (shift.default, shift.unit, shift.min, shift.max) == (2.0, "deg", 0.0, 4.0)
    assert [is_energy(axis) for axis in (energy, AXES[0])] == [True, False]
    assert [is_uniform(axis) for axis in AXES] == [False, True, True, False]
