"""The numbers behind the pictures."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.plot.residuals import disk_kernel, residual_sigma, signed_sqrt_ts, sum_in_disk


def test_sigma_is_gaussian_for_many_counts():
    assert signed_sqrt_ts(10100, 10000.0) == pytest.approx(1.0, abs=0.01)
    assert signed_sqrt_ts(9800, 10000.0) == pytest.approx(-2.0, abs=0.01)


def test_sigma_without_counts_or_prediction():
    assert signed_sqrt_ts(0, 2.0) == pytest.approx(-2.0)
    assert signed_sqrt_ts(3, 3.0) == 0.0
    assert np.isnan(signed_sqrt_ts(3, 0.0))


def test_sigma_is_li_and_ma_with_a_known_background():
    # Equation 17 of Li & Ma with a tiny alpha: 20 counts over 10.
    alpha = 1e-7
    n_on, n_off = 20, 10.0 / alpha
    first = n_on * np.log((1 + alpha) / alpha * n_on / (n_on + n_off))
    second = n_off * np.log((1 + alpha) * n_off / (n_on + n_off))
    assert signed_sqrt_ts(20, 10.0) == pytest.approx(np.sqrt(2 * (first + second)), rel=1e-4)


def test_disk_has_its_area():
    assert disk_kernel(0.4).shape == (1, 1)
    assert disk_kernel(1.0).sum() == 5
    assert disk_kernel(20.3).sum() == pytest.approx(np.pi * 20.3**2, rel=0.01)


def test_sum_in_disk_is_the_direct_sum():
    image = np.random.default_rng(1).poisson(2.0, (23, 31)).astype(float)
    y, x = np.mgrid[:23, :31]
    for row, column in ((11, 15), (0, 0), (22, 3)):
        inside = (y - row) ** 2 + (x - column) ** 2 <= 4.5**2
        assert sum_in_disk(image, 4.5)[row, column] == pytest.approx(image[inside].sum())


def test_residuals_of_poisson_counts_are_normal():
    rng = np.random.default_rng(2)
    npred = np.broadcast_to(np.linspace(0.2, 2.0, 5)[:, None, None], (5, 120, 120))
    counts = rng.poisson(npred)
    sigma = residual_sigma(counts, npred, None, 4.0)[4:-4:9, 4:-4:9]
    assert sigma.mean() == pytest.approx(0.0, abs=0.3)
    assert sigma.std() == pytest.approx(1.0, abs=0.2)


def test_residuals_leave_out_what_is_masked():
    counts, npred = np.full((2, 9, 9), 4.0), np.full((2, 9, 9), 2.0)
    counts[1] = np.nan
    counts[0, 4, 4] = 1000.0
    mask = np.ones((2, 9, 9), bool)
    mask[1] = False
    mask[:, 4, 4] = False
    sigma = residual_sigma(counts, npred, mask, 2.0)
    assert np.isnan(sigma[4, 4])
    neighbours = disk_kernel(2.0).sum() - 1
    assert sigma[4, 5] == pytest.approx(signed_sqrt_ts(4 * neighbours, 2 * neighbours))
