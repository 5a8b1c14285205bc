"""Absorption on the way: limits, slopes, and the spectrum that it leaves."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from gjax.model.spectral import EBLAbsorptionNorm, PowerLaw

NODES = np.geomspace(0.05, 20.0, 30)
REDSHIFTS = np.array([0.0, 0.1, 0.2, 0.4])
DEPTH = REDSHIFTS[:, None] * 5.0 * NODES
TABLE = EBLAbsorptionNorm(NODES, REDSHIFTS, np.exp(-DEPTH))
ENERGY = np.array([0.1, 1.0, 5.0])


def at(redshift, alpha=1.0):
    return dataclasses.replace(TABLE, redshift=redshift, alpha_norm=alpha)


def test_transmission_of_the_table():
    nodes = NODES[[0, 7, 29]]
    np.testing.assert_allclose(at(0.3)(nodes), np.exp(-1.5 * nodes), rtol=1e-12)
    np.testing.assert_allclose(at(0.8, 0.5)(nodes), np.exp(-2.0 * nodes), rtol=1e-12)
    np.testing.assert_allclose(at(0.0)(ENERGY), 1.0)
    np.testing.assert_allclose(at(0.3, 0.0)(ENERGY), 1.0)


def test_redshift_has_an_exact_gradient_from_zero_on():
    for redshift in (0.0, 0.07, 0.3):
        slope = jax.jacfwd(lambda z: at(z)(NODES[:20]))(redshift)
        expected = -5.0 * NODES[:20] * np.exp(-5.0 * redshift * NODES[:20])
        np.testing.assert_allclose(slope, expected, rtol=1e-10)


def test_nothing_is_brighter_than_its_source():
    brighter = dataclasses.replace(TABLE, values=np.exp(+DEPTH))
    np.testing.assert_array_equal(brighter(ENERGY), 1.0)


def test_integral_of_an_absorbed_power_law():
    """The coarse table is a sequence of power laws, and so is the product: pieces add up."""
    model = PowerLaw(index=2.0, amplitude=1.0) * at(0.2)
    inner = NODES[(NODES > 0.1) & (NODES < 10.0)]
    edges = np.concatenate([[0.1], inner, [10.0]])
    values = np.asarray(model(edges * (1 - 1e-15))) * edges
    parts = np.log(edges[1:] / edges[:-1]) * np.diff(values) / np.diff(np.log(values))
    assert float(model.integral(0.1, 10.0)) == pytest.approx(parts.sum(), rel=1e-9)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="shape"):
        EBLAbsorptionNorm(NODES, REDSHIFTS, np.exp(-DEPTH.T))
