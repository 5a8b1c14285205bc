"""Exponential cut-offs at the bound where there is none."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.model.spectral import ExpCutoffPowerLaw, ExpCutoffPowerLawNorm, PowerLaw, PowerLawNorm

ENERGY = np.array([0.1, 1.0, 7.0])
PAIRS = [
    (ExpCutoffPowerLaw(index=2.3, amplitude=1.0, lambda_=0.0), PowerLaw(2.3, 1.0)),
    (ExpCutoffPowerLawNorm(index=0.2, norm=1.5, lambda_=0.0), PowerLawNorm(tilt=0.2, norm=1.5)),
]


@pytest.mark.parametrize(("model", "plain"), PAIRS)
def test_no_cutoff_has_the_slopes_of_one(model, plain):
    """At zero the slope in the inverse energy is -E f, and the curvature E^2 f."""

    def at(inverse):
        return dataclasses.replace(model, lambda_=inverse)(ENERGY)

    expected = plain(ENERGY)
    np.testing.assert_allclose(at(0.0), expected, rtol=1e-14)
    slope = jax.jacfwd(at)
    np.testing.assert_allclose(slope(0.0), -ENERGY * expected, rtol=1e-14)
    np.testing.assert_allclose(jax.jacfwd(slope)(0.0), ENERGY**2 * expected, rtol=1e-14)
    both = jax.hessian(lambda v: dataclasses.replace(model, lambda_=v[0], index=v[1])(2.0))
    assert np.isfinite(both(jnp.array([0.0, 2.0]))).all()
