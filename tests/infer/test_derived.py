"""Linear propagation where the answer is known, and draws of a posterior."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest

from gjax.infer.derived import coordinate_covariance, derived
from gjax.infer.fit import fit
from tests.infer.counting import gaussian


def test_linear_function_is_exact():
    result = gaussian()
    found = derived(
        result, lambda m: 3.0 * m["source"].spectral.amplitude, name="three", unit="cm-2 s-1 TeV-1"
    )
    assert float(found.value) == pytest.approx(3 * result.value("*.amplitude"))
    assert float(found.error) == pytest.approx(3 * result.error("*.amplitude"), rel=1e-12)
    assert found.error_quantity.unit == u.Unit("cm-2 s-1 TeV-1")
    assert str(found).startswith("three = ")


def test_correlated_parameters():
    result = gaussian("*.index")
    table, both = result.parameters, ("*.index", "*.amplitude")
    chosen = [table.select(pattern)[0] for pattern in both]

    def product(models):
        spectral = models["source"].spectral
        return spectral.index**2 * spectral.amplitude

    index, amplitude = (result.value(pattern) for pattern in both)
    slope = np.array([2 * index * amplitude, index**2])
    variance = slope @ result.covariance[np.ix_(chosen, chosen)] @ slope
    assert float(derived(result, product).error) == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert coordinate_covariance(result).shape == (2, 2)


def test_arrays_have_a_covariance():
    result = gaussian("*.index")
    energy = np.array([[1.0, 2.0, 5.0]])
    found = derived(result, lambda m: m["source"].spectral(energy))
    assert found.value.shape == found.error.shape == (1, 3)
    assert found.covariance.shape == (3, 3)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), found.error[0])


def test_linked_parameters_count(spot, spot_truth, spot_table):
    table = spot_table.link("spot-bkg.spectral.tilt", "spot.spectral.index", lambda x: 0.01 * x)
    result = fit(spot, spot_truth, table)
    found = derived(result, lambda m: m["spot-bkg"].spectral.tilt)
    assert float(found.error) == pytest.approx(0.01 * result.error("*.index"), rel=1e-9)


def test_posterior(posterior):
    found = derived(posterior, lambda m: 2.0 * m["spot"].spectral.index, name="twice")
    np.testing.assert_allclose(found.draws, 2.0 * posterior.draws("spot.spectral.index"))
    assert float(found.mean) == pytest.approx(found.draws.mean())
    assert float(found.std) == pytest.approx(found.draws.std())
    assert float(found.quantile(0.5)) == pytest.approx(np.median(found.draws))
    assert found.missing == 0.0
    assert str(found).startswith("twice = ")
