"""Minuit's errors of Gammapy's fits, and the check of a fit against them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gjax.infer.limits import errors_asymmetric
from gjax.infer.result import FitResult

__all__ = ["assert_errors_of_minuit"]

REFERENCE = json.loads((Path(__file__).parent / "data/errors.json").read_text(encoding="utf-8"))


def assert_errors_of_minuit(result: FitResult, case: str) -> None:
    """Compare with Hesse (2%) and Minos (1%), run by ``make_errors.py`` on the same data.

    Parameters
    ----------
    case :
        Which of its fits.
    """
    expected, table = REFERENCE[case], result.parameters
    assert result.success, result.message
    assert {table.names[i] for i in table.free} == set(expected["names"])
    chosen = [table.select(name)[0] for name in expected["names"]]
    covariance = np.array(expected["covariance"])
    sigma = np.sqrt(np.diag(covariance))
    shift = (table.values[chosen] - expected["values"]) / sigma
    assert np.abs(shift).max() < 0.05
    np.testing.assert_allclose(result.errors[chosen], sigma, rtol=0.02)
    outer = np.outer(sigma, sigma)
    mine = result.covariance[np.ix_(chosen, chosen)]
    np.testing.assert_allclose(mine / outer, covariance / outer, atol=0.02)
    found = errors_asymmetric(result)
    for name, (errn, errp) in zip(expected["names"], expected["minos"], strict=True):
        assert found[name].errn == pytest.approx(errn, rel=0.01), name
        assert found[name].errp == pytest.approx(errp, rel=0.01), name
