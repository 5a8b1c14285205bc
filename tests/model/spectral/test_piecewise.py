"""Piecewise norms: names, exact integrals alone and as a factor."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from astropy import units as u

from gjax.model import Models, SkyModel
from gjax.model.spectral import PiecewiseNorm, PowerLaw
from gjax.parameters import Parameters

NODES = np.array([0.5, 2.0, 8.0])


def test_norms_are_parameters_by_name():
    models = Models.create({"a": SkyModel(PowerLaw() * PiecewiseNorm(NODES))})
    table = Parameters.from_models(models)
    assert table.names[-3:] == tuple(f"a.spectral.second.norm_{i}" for i in range(3))
    table = table.freeze("*.norm_1").update({"a.spectral.second.norm_2": 3.0})
    moved = table.layout(models).models_at(table.layout(models).start)
    assert [float(norm) for norm in moved["a"].spectral.second.norms] == [1.0, 1.0, 3.0]


def test_integrals_are_exact_across_nodes():
    model = PiecewiseNorm(NODES, (1.0, 4.0, 4.0))
    # E / 0.5 between the first nodes, constant outside and after.
    assert float(model.integral(0.1, 10.0)) == pytest.approx(0.4 + 3.75 + 32.0, rel=1e-14)
    linear = PiecewiseNorm(NODES, (1.0, 4.0, 2.0), interp="lin")
    assert float(linear.integral(0.1, 10.0)) == pytest.approx(0.4 + 3.75 + 18 + 4, rel=1e-14)
    assert float(linear.energy_flux(2.0, 8.0)) == pytest.approx(84.0, rel=1e-14)


def test_a_product_is_cut_at_the_nodes():
    model = PowerLaw(index=2.0, amplitude=1.0) * PiecewiseNorm(NODES, (1.0, 4.0, 1.0))
    # 1, 2 E, 8 / E and 1 times E^-2.
    pieces = [1 / 0.1 - 1 / 0.5, 2 * np.log(4.0), 4 * (2.0**-2 - 8.0**-2), 1 / 8 - 1 / 10]
    assert float(model.integral(0.1, 10.0)) == pytest.approx(sum(pieces), rel=1e-10)


def test_a_norm_of_zero_switches_off_and_stays_finite():
    model = PiecewiseNorm(NODES, (1.0, 0.0, 1.0))
    assert float(model(2.0)) < 1e-300
    for derivative in (jax.jacfwd, lambda f: jax.jacfwd(jax.jacrev(f))):
        slopes = derivative(lambda norms: PiecewiseNorm(NODES, norms).integral(0.1, 10.0))
        leaves = jax.tree.leaves(slopes((1.0, 0.0, 1.0)))
        assert all(np.isfinite(leaf) for leaf in leaves)


def test_wrong_nodes_are_refused():
    assert PiecewiseNorm([500.0, 2000.0] * u.GeV).energy.tolist() == [0.5, 2.0]
    for energy, norms, problem in (
        ([1.0], (1.0,), "at least two"),
        ([2.0, 1.0], None, "increasing"),
        ([1.0, 2.0], (1.0,), "1 norms for 2"),
    ):
        with pytest.raises(ValueError, match=problem):
            PiecewiseNorm(energy, norms)
    with pytest.raises(ValueError, match="'log' or 'lin'"):
        PiecewiseNorm(NODES, interp="cubic")
