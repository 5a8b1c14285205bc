"""The cut-offs of the Fermi-LAT catalogs: their series, their units, their limits."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model.spectral import (
    ExpCutoffPowerLaw,
    ExpCutoffPowerLaw3FGL,
    LogParabola,
    SuperExpCutoffPowerLaw3FGL,
    SuperExpCutoffPowerLaw4FGL,
    SuperExpCutoffPowerLaw4FGLDR3,
)

ENERGY = np.geomspace(0.01, 50.0, 9)


def test_the_catalogs_agree_on_the_plain_cutoff():
    plain = ExpCutoffPowerLaw(index=1.7, amplitude=np.exp(0.1), lambda_=0.2, reference=0.5)(ENERGY)
    found = [
        ExpCutoffPowerLaw3FGL(1.7, 1.0, 0.5, ecut=5.0),
        SuperExpCutoffPowerLaw3FGL(1.0, 0.5, 5.0, 1.7, 1.0),
        SuperExpCutoffPowerLaw4FGL(1.0, 0.5, 0.2e-6, 1.7, 1.0),
        # The local index at the reference energy is that of the power law and of the cut-off.
        SuperExpCutoffPowerLaw4FGLDR3(1.0, 0.5, 0.1, 1.7 + 0.1, 1.0),
    ]
    for model in found:
        np.testing.assert_allclose(model(ENERGY), plain, rtol=1e-12)


@pytest.mark.parametrize("sharpness", [0.7, -0.3, 0.011, 0.009, 1e-4])
def test_dr3_is_smooth_where_the_catalog_has_a_series(sharpness):
    """Second derivatives in sharpness agree with differences of first ones, on both branches."""

    def logarithm(b):
        return np.log(1e12) + jax.numpy.log(
            SuperExpCutoffPowerLaw4FGLDR3(expfactor=0.4, index_2=b)(ENERGY)
        )

    slope = jax.jacfwd(logarithm)
    step = 1e-4
    numeric = (slope(sharpness + step) - slope(sharpness - step)) / (2 * step)
    np.testing.assert_allclose(jax.jacfwd(slope)(sharpness), numeric, rtol=1e-6, atol=1e-9)
    x = np.log(ENERGY)
    if sharpness > 0.1:
        expected = -1.5 * x + 0.4 / sharpness * x + 0.4 / sharpness**2 * (1 - ENERGY**sharpness)
        np.testing.assert_allclose(logarithm(sharpness), expected, rtol=1e-12, atol=1e-12)


def test_dr3_without_sharpness_is_a_log_parabola():
    found = SuperExpCutoffPowerLaw4FGLDR3(1.0, 2.0, 0.3, 1.9, 0.0)
    expected = LogParabola(amplitude=1.0, reference=2.0, alpha=1.9, beta=0.15)
    np.testing.assert_allclose(found(ENERGY), expected(ENERGY), rtol=1e-14)
