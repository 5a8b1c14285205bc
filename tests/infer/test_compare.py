"""Test statistics of nested models and information criteria."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import chi2, norm

from gjax.infer.compare import (
    aic,
    bic,
    check_nested,
    compare_nested,
    p_to_sigma,
    p_value_nested,
)
from tests.infer.counting import counting, gaussian


def test_p_values_of_mixtures():
    assert p_value_nested(4.0, 1) == pytest.approx(chi2.sf(4.0, 1))
    assert p_value_nested(4.0, 1, 1) == pytest.approx(0.5 * chi2.sf(4.0, 1))
    assert p_to_sigma(p_value_nested(25.0, 1, 1)) == pytest.approx(5.0)
    normal = np.maximum(np.random.default_rng(1).normal(size=(200_000, 2)), 0.0)
    for ts in (0.5, 3.0):
        toys = np.mean((normal**2).sum(axis=1) >= ts)
        assert p_value_nested(ts, 2, 2) == pytest.approx(toys, abs=4e-3)
    assert p_value_nested(0.0, 1, 1) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="no nested test"):
        p_value_nested(1.0, 1, 2)


def test_strength_of_a_source():
    """The null hypothesis is at the bound of the alternative, and that is noticed."""
    null, source = counting(9, 3.0, frozen=0.0), counting(9, 3.0, min=0.0)
    found = compare_nested(null, source)
    ts = 2 * (9 * np.log(9 / 3) - 6)
    assert found.ts == pytest.approx(ts, rel=1e-9)
    assert (found.dof, found.bounded) == (1, 1)
    assert found.p_value == pytest.approx(norm.sf(np.sqrt(ts)), rel=1e-9)
    assert found.significance == pytest.approx(np.sqrt(ts), rel=1e-9)
    assert found.delta_aic == pytest.approx(2 - ts, rel=1e-9)
    assert found.message == ""
    assert "at a bound" in str(found)
    assert compare_nested(null, source, bounded=0).p_value == pytest.approx(2 * found.p_value)


def test_criteria():
    result = gaussian("*.index")
    assert aic(result) == pytest.approx(result.stat + 4)
    assert bic(result) == pytest.approx(result.stat + 2 * np.log(7))


def test_what_cannot_be_compared():
    null, free = gaussian(), gaussian("*.index")
    with pytest.raises(ValueError, match="more free parameters"):
        compare_nested(free, null)
    with pytest.raises(ValueError, match="same datasets"):
        check_nested(null, counting(3, 1.0))
    worse = dataclasses.replace(free, stat=null.stat + 1)
    assert "another start" in compare_nested(null, worse).message
