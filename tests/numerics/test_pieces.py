"""Integrals cut at kinks: exact, whatever the order of limits and kinks."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.numerics.pieces import integrate_pieces, integrate_smooth_pieces
from gjax.numerics.quadrature import integrate_log_energy

LOW, HIGH = np.array([[0.1, 1.0], [2.0, 0.5]]), np.array([[1.0, 7.0], [2.5, 30.0]])


def kinked(energy, at):
    """Give |E - at|."""
    return abs(energy - at)


def primitive(energy, at):
    return 0.5 * (energy - at) * abs(energy - at)


@pytest.mark.parametrize("breaks", [[2.2], [9.0, 2.2, 0.01], [2.2, 2.2, 1.0], [100.0, 2.2]])
def test_integrals_are_exact(breaks):
    found = integrate_smooth_pieces(lambda e: kinked(e, 2.2), LOW, HIGH, np.array(breaks), 16)
    expected = primitive(HIGH, 2.2) - primitive(LOW, 2.2)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    rough = integrate_log_energy(lambda e: kinked(e, 2.2), LOW, HIGH, 16)
    assert np.max(np.abs(rough / expected - 1)) > 1e-4, "without the cut it would be wrong"


def test_kinks_may_move():
    def total(at):
        return integrate_smooth_pieces(lambda e: kinked(e, at), LOW, HIGH, at[None], 16).sum()

    at = np.array(2.2)
    slope = jax.jit(jax.grad(total))(at)
    expected = np.sum(np.abs(at - LOW) - np.abs(at - HIGH))
    assert float(slope) == pytest.approx(float(expected), rel=1e-12)


def test_narrow_intervals_lose_nothing_beside_wide_ones():
    """The flux of a steep spectrum at high energies does not drown in that at low ones."""
    low, high = np.array([1e-3, 1e3]), np.array([1e3, 1.001e3])
    found = integrate_smooth_pieces(lambda e: e**-5.0, low, high, np.geomspace(1e-3, 1e3, 40), 8)
    np.testing.assert_allclose(found, 0.25 * (low**-4.0 - high**-4.0), rtol=1e-10)


def test_pieces_outside_are_not_needed():
    """A rule that fails beyond the intervals does no harm, to the value or the gradient."""

    def total(high):
        rule = lambda start, stop: (10.0 - start) ** 0.5 * (stop - start)  # noqa: E731
        return integrate_pieces(
            rule, np.array([1.0]), high[None], np.array([2.0, 20.0, 30.0])
        ).sum()

    assert np.isfinite(jax.grad(total)(np.array(5.0)))
