"""P-values from toys against enumerated Poisson probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import xlogy
from scipy.stats import chi2, kstest, poisson

from gjax.infer.calibrate import goodness_of_fit, toy_test
from gjax.infer.compare import p_value_nested
from tests.infer.counting import counting, gaussian


def test_p_value_of_a_source_at_few_counts():
    """Exactly P(n >= n_observed) for the background alone, which chi2 does not give."""
    null, source = counting(6, 2.0, frozen=0.0), counting(6, 2.0, min=0.0)
    found = toy_test(null, source, n_toys=4000, seed=3)
    assert found.converged.all()
    exact = poisson.sf(5, 2.0)
    assert found.p_value == pytest.approx(exact, abs=4 * found.p_error)
    assert found.ts == pytest.approx(2 * (6 * np.log(3) - 4), rel=1e-9)
    # Every toy is one of the values that counts can give.
    counts = np.arange(30)
    possible = np.where(counts > 2, 2 * (xlogy(counts, counts / 2.0) - (counts - 2.0)), 0.0)
    assert np.abs(found.toys[:, None] - possible).min(axis=1).max() < 1e-5
    assert "4000 toys" in str(found)
    again = toy_test(null, source, n_toys=4000, seed=3)
    np.testing.assert_array_equal(again.toys, found.toys)


def test_strength_at_its_bound_has_half_of_chi2():
    """Many counts, no source: half of the toys at zero, the others chi2 with one degree."""
    background = 5000.3
    null, source = counting(5000, background, frozen=0.0), counting(5000, background, min=0.0)
    found = toy_test(null, source, n_toys=4000, seed=1)
    assert found.converged.all()
    at_zero = found.toys < 1e-6
    assert at_zero.mean() == pytest.approx(poisson.cdf(5000, background), abs=0.03)
    assert kstest(found.toys[~at_zero], chi2(1).cdf).statistic < 0.05
    for ts in (1.0, 2.71, 4.0):
        p = p_value_nested(ts, 1, 1)
        assert np.mean(found.toys >= ts) == pytest.approx(p, abs=4 * np.sqrt(p / 4000))


def test_free_sign_has_chi2():
    background = 5000.3
    null, source = counting(5000, background, frozen=0.0), counting(5000, background)
    found = toy_test(null, source, n_toys=4000, seed=2)
    assert kstest(found.toys, chi2(1).cdf).statistic < 0.03


def test_goodness_of_fit_at_few_counts():
    """Without free parameters the deviance of one bin has an exact distribution."""
    result = counting(5, 1.5, frozen=0.0)
    found = goodness_of_fit(result, n_toys=4000, seed=1)
    n = np.arange(60)
    deviance = 2 * (1.5 - n + xlogy(n, n / 1.5))
    exact = poisson.pmf(n, 1.5)[deviance >= deviance[5] - 1e-9].sum()
    assert found.deviance["counter"] == pytest.approx(deviance[5], rel=1e-9)
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact / 4000))
    assert found.p_values["counter"] == found.p_value
    assert "Goodness of fit" in str(found)


def test_flux_points_have_no_toys():
    with pytest.raises(ValueError, match="cannot be simulated: points"):
        goodness_of_fit(gaussian())
