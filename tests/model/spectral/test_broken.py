"""Power laws with a break: integrals across it, and the limits of the smooth one."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model.spectral import BrokenPowerLaw, PowerLaw, SmoothBrokenPowerLaw

BROKEN = BrokenPowerLaw(index1=1.0, index2=2.0, amplitude=2.0, ebreak=3.0)


def test_bins_are_cut_at_the_break():
    below, above = PowerLaw(1.0, 2.0, 3.0), PowerLaw(2.0, 2.0, 3.0)
    for method in ("integral", "energy_flux"):
        parts = getattr(below, method)(1.0, 3.0) + getattr(above, method)(3.0, 10.0)
        assert float(getattr(BROKEN, method)(1.0, 10.0)) == pytest.approx(float(parts), rel=1e-14)
        whole = getattr(BROKEN, method)(np.array([0.1, 5.0]), np.array([0.2, 6.0]))
        expected = [getattr(below, method)(0.1, 0.2), getattr(above, method)(5.0, 6.0)]
        np.testing.assert_allclose(whole, expected, rtol=1e-14)


def test_break_at_the_border_of_a_bin_has_a_gradient():
    def flux(ebreak):
        return BrokenPowerLaw(1.5, 2.5, 1.0, ebreak).integral(1.0, np.array([2.0, 4.0]))

    step = 1e-5
    numeric = (flux(2.0 + step) - flux(2.0 - step)) / (2 * step)
    np.testing.assert_allclose(jax.jacfwd(flux)(2.0), numeric, rtol=1e-5)


def test_a_sharp_transition_is_the_broken_power_law():
    energy = np.array([0.3, 1.0, 2.0, 5.0, 40.0])
    for first, second in ((1.5, 2.5), (2.5, 1.5)):
        smooth = SmoothBrokenPowerLaw(first, second, 2.0, ebreak=3.0, reference=3.0, beta=1e-3)
        expected = BrokenPowerLaw(first, second, 2.0, ebreak=3.0)(energy)
        np.testing.assert_allclose(smooth(energy), expected, rtol=1e-12)


def test_equal_indices_count_as_softening():
    energy = np.array([0.3, 3.0, 40.0])
    model = SmoothBrokenPowerLaw(2.0, 2.0, 1.0, beta=0.5)
    np.testing.assert_allclose(model(energy), energy**-2.0 / np.sqrt(2.0), rtol=1e-14)
    slope = jax.jacfwd(lambda index: SmoothBrokenPowerLaw(2.0, index, 1.0, beta=0.5)(energy))(2.0)
    beside = SmoothBrokenPowerLaw(2.0, 2.0 + 1e-6, 1.0, beta=0.5)(energy)
    np.testing.assert_allclose(slope, (beside - model(energy)) / 1e-6, atol=1e-5)
