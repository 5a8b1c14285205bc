"""Tables: interpolation, its exact integrals, axes that are parameters."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from astropy import units as u

from gjax.maps.axis import MapAxis
from gjax.model.spectral import PowerLaw, PowerLawNorm, Template, TemplateND
from gjax.parameters import own_values, specs

NODES = np.array([0.1, 1.0, 10.0])
POWER = PowerLaw(index=2.4, amplitude=3e-12)
ENERGY = MapAxis.from_energy_bounds(0.1, 10.0, 6, name="energy_true")
INDEX = MapAxis.from_nodes([1.0, 2.0, 4.0], name="index")


def test_a_table_of_a_power_law_is_the_power_law():
    table = Template(NODES, POWER(NODES))
    low, high = np.array([0.01, 0.05, 0.7, 20.0]), np.array([0.02, 30.0, 1.5, 70.0])
    np.testing.assert_allclose(table(low), POWER(low), rtol=1e-13)
    np.testing.assert_allclose(table.integral(low, high), POWER.integral(low, high), rtol=1e-12)
    np.testing.assert_allclose(
        table.energy_flux(low, high), POWER.energy_flux(low, high), rtol=1e-12
    )


def test_zeros_and_negative_values():
    for interp in ("log", "lin"):
        table = Template(NODES, [1.0, 0.0, -1.0], interp)
        assert float(table(1.0)) == pytest.approx(0.0, abs=1e-300)
        assert float(table(5.0)) == pytest.approx(0.0, abs=1e-300)
        total = jax.value_and_grad(lambda model: model.integral(0.05, 20.0))(table)
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(total))


def test_linear_values_integrate_exactly():
    table = Template(NODES, [1.0, 3.0, 0.0], "lin")
    # The integral of a + b ln E is E (a + b (ln E - 1)).
    b, c = 2.0 / np.log(10), -3.0 / np.log(10)
    first = 1.0 * (3.0 - b) - 0.1 * (1.0 - b)
    second = 10.0 * (0.0 - c) - 1.0 * (3.0 - c)
    assert float(table.integral(0.1, 10.0)) == pytest.approx(first + second, rel=1e-12)


def test_one_node_is_a_constant():
    assert float(Template([1.0], [3.0])(50.0)) == pytest.approx(3.0)
    assert float(Template([1.0], [3.0]).integral(1.0, 2.0)) == pytest.approx(3.0)


def test_units_and_wrong_tables():
    table = Template([100.0, 1000.0] * u.GeV, [1.0, 2.0] * u.Unit("m-2 s-1 GeV-1"))
    np.testing.assert_allclose(table.energy, [0.1, 1.0])
    np.testing.assert_allclose(table.values, [0.1, 0.2])
    for energy, values, problem in (
        ([1.0, 2.0], [1.0], "2 energies"),
        ([1.0, 1.0], [1.0, 1.0], "increase"),
    ):
        with pytest.raises(ValueError, match=problem):
            Template(energy, values)
    with pytest.raises(ValueError, match="'log' or 'lin'"):
        Template(NODES, NODES, "cubic")


def test_a_template_times_a_norm():
    model = Template(NODES, POWER(NODES)) * PowerLawNorm(tilt=0.3, norm=2.0)
    expected = 2.0 * PowerLaw(index=2.7, amplitude=3e-12).integral(0.05, 30.0)
    assert float(model.integral(0.05, 30.0)) == pytest.approx(float(expected), rel=1e-9)


def test_axes_are_parameters():
    values = ENERGY.center ** -INDEX.center[:, None]
    model = TemplateND(values, (INDEX, ENERGY))
    (spec,) = specs(model).values()
    assert (spec.default, spec.min, spec.max) == (2.5, 1.0, 4.0)
    assert float(own_values(model)["index"]) == 2.5
    energy = np.array([0.03, 0.5, 3.0])
    np.testing.assert_allclose(model(energy), energy**-2.5, rtol=1e-12)
    turned = TemplateND(values.T, (ENERGY, INDEX), parameters=(3.5,))
    np.testing.assert_allclose(turned(energy), energy**-3.5, rtol=1e-12)
    slope = jax.jacfwd(lambda p: TemplateND(values, (INDEX, ENERGY), (p,))(energy))(2.7)
    np.testing.assert_allclose(slope, -np.log(energy) * energy**-2.7, rtol=1e-10)


def test_wrong_axes_are_refused():
    with pytest.raises(ValueError, match="one axis of energy"):
        TemplateND(np.ones(3), (INDEX,))
    with pytest.raises(ValueError, match="shape"):
        TemplateND(np.ones((3, 5)), (INDEX, ENERGY))
    with pytest.raises(ValueError, match="2 parameters"):
        TemplateND(np.ones((3, 6)), (INDEX, ENERGY), (1.0, 2.0))
