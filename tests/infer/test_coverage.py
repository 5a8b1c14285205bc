"""Coverage of intervals in simulated experiments against the exact one of every outcome."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import ndtr

from benchmarks.coverage import CONFIDENCE, EXPOSURE, REGIMES, counter, exact, exact_onoff
from gjax.infer.coverage import check_coverage
from gjax.infer.limits import errors_asymmetric, upper_limit
from tests.infer.counting import counting, gaussian

#: Enough to see a wrong interval: at one sigma a standard error of 2%.
TOYS = 500


def assert_exact(found, rates):
    """Check all intervals to four standard errors of the number of toys."""
    assert not found.failed
    for one in found.intervals:
        rate = min(rates[one.method, one.confidence], 1.0)
        error = np.sqrt(rate * (1 - rate) / TOYS)
        assert abs(one.coverage - rate) <= 4 * error + 1e-12, (one.method, one.confidence)


@pytest.mark.parametrize("regime", REGIMES)
def test_coverage_is_the_exact_one(regime):
    """Counts over a known background: bright, faint, a few counts, no source."""
    signal = REGIMES[regime]
    truth = {"*.amplitude": signal / EXPOSURE}
    found = check_coverage(
        counter(signal), "*.amplitude", truth=truth, confidence=CONFIDENCE, n_toys=TOYS
    )
    assert_exact(found, exact(signal))
    assert found.truth == signal / EXPOSURE


def test_coverage_with_off_counts():
    """The background is fitted too, and its counts are simulated."""
    signal = REGIMES["0 to 5 counts"]
    truth = {"*.amplitude": signal / EXPOSURE}
    result = counter(signal, onoff=True)
    found = check_coverage(result, "*.amplitude", truth=truth, confidence=CONFIDENCE, n_toys=TOYS)
    assert_exact(found, exact_onoff(signal))


def test_enumeration_is_nominal_where_it_must_be():
    """Many counts: all intervals cover what they claim."""
    for rates in (exact(3e4), exact_onoff(2e3, 40.0)):
        for (_, claimed), rate in rates.items():
            assert rate == pytest.approx(claimed, abs=0.01)


def test_intervals_are_those_of_a_fit():
    """Each toy has the intervals that the fit of its counts has."""
    found = check_coverage(counter(1.5), "*.amplitude", truth={"*.amplitude": 1.5e-12}, n_toys=TOYS)
    counts = np.where(found.best > 0, np.rint(found.best * EXPOSURE + 1.3), np.nan)
    for n in (2, 3, 4):
        toy = np.flatnonzero(counts == n)[0]
        fit = counting(n, 1.3, min=0.0)
        ends = errors_asymmetric(fit)["source.spectral.amplitude"]
        profile, hesse = (found.select(m, 0.6827) for m in ("profile", "hesse"))
        assert profile.lower[toy] == pytest.approx(ends.lower.value, rel=1e-3, abs=1e-16)
        assert profile.upper[toy] == pytest.approx(ends.upper.value, rel=1e-4)
        assert hesse.upper[toy] == pytest.approx(
            fit.value("*.amplitude") + fit.error("*.amplitude"), rel=1e-4
        )
        limit = upper_limit(fit, "*.amplitude", confidence=0.95, one_sided=True)
        assert found.select("upper limit", 0.95).upper[toy] == pytest.approx(limit.value, rel=1e-4)
    empty = np.isnan(counts)
    assert empty.any()
    assert np.isnan(hesse.upper[empty]).all()
    assert hesse.missing == pytest.approx(empty.mean())
    assert (profile.lower[empty] == 0).all()
    assert np.isfinite(profile.upper).all()


def test_it_prints_and_repeats():
    result = counter(8.0)
    one, two = (
        check_coverage(result, "*.amplitude", truth={"*.amplitude": 8e-12}, n_toys=TOYS, seed=3)
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.best, two.best)
    text = str(one)
    assert "source.spectral.amplitude = 8e-12" in text
    assert "in 500 toys" in text
    assert text.count("68.27%") >= 3
    assert "upper limit, one-sided" in text
    failed = dataclasses.replace(one, failed=2)
    assert "2 more did not converge" in str(failed)
    assert one.bias == pytest.approx(one.best.mean() - 8e-12)
    assert ndtr(1.0) - ndtr(-1.0) == pytest.approx(CONFIDENCE[0], abs=1e-4)


def test_what_cannot_be_asked():
    result = counter(8.0)
    with pytest.raises(ValueError, match="frozen"):
        check_coverage(result, "*.index")
    with pytest.raises(ValueError, match="must be between"):
        check_coverage(result, "*.amplitude", confidence=(95.0,))
    with pytest.raises(ValueError, match="not within bounds"):
        check_coverage(result, "*.amplitude", truth={"*.amplitude": -1e-12})
    with pytest.raises(ValueError, match="cannot be simulated"):
        check_coverage(gaussian(), "*.amplitude")
    with pytest.raises(KeyError, match="no 'hesse'"):
        check_coverage(result, "*.amplitude", n_toys=TOYS).select("hesse", 0.9)
