"""Bad values become numbers, and good arrays stay as they are."""

from __future__ import annotations

import numpy as np

from gjax.numerics.finite import finite


def test_bad_values_become_those_of_numpy():
    values = np.array([1.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(finite(values), np.nan_to_num(values))
    assert np.isnan(values[1])


def test_good_values_are_not_copied():
    values = np.arange(3.0)
    assert finite(values) is values
    assert finite([1, 2]).dtype == float
