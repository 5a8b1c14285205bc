"""Predicted counts and statistic are those of Gammapy 2.1, with its way of folding exactly.

The reference files are made by ``tests/reference/make_datasets.py``.
"""

from __future__ import annotations

import numpy as np
import pytest

from gjax.predict import GAMMAPY, npred
from gjax.stats import cash

CASES = ["gauss", "gauss_small", "disk", "point", "gauss_fov", "background"]


def stat(dataset, cube) -> float:
    return float(np.sum(cash(dataset.counts, cube), where=dataset.mask))


@pytest.mark.parametrize("case", CASES)
def test_gammapys_folding(reference, case_models, case):
    dataset, facts, arrays = reference
    found, expected = npred(dataset, case_models(case), GAMMAPY), arrays[f"npred_{case}"]
    # Gammapy's disk has a sharp edge with a norm of its own and is cut at its edge.
    tolerance = 5e-6 if case == "disk" else 1e-6
    assert np.abs(found - expected).max() < tolerance * expected.max()
    assert stat(dataset, found) == pytest.approx(facts["cases"][case]["stat_sum"], rel=2e-7)


@pytest.mark.parametrize("case", CASES)
def test_accurate_folding_is_near(reference, case_models, case):
    dataset, facts, _ = reference
    found, expected = npred(dataset, case_models(case)), facts["cases"][case]
    assert found.sum() == pytest.approx(expected["npred"], rel=2e-4)
    assert stat(dataset, found) == pytest.approx(expected["stat_sum"], rel=5e-4)


def test_reference_has_counts_and_masks(reference):
    dataset, facts, _ = reference
    assert dataset.counts.sum() == facts["counts"]
    assert 0 < dataset.mask.sum() < dataset.mask.size
