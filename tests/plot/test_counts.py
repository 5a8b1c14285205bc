"""Counts against energy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from gjax.plot import plot_counts_spectrum
from gjax.plot.counts import poisson_interval


def test_counts_spectrum(dataset, npred, check_readable):
    parts = {"background": np.full(dataset.shape, 0.3), "crab": npred - 0.3}
    figure = plot_counts_spectrum(dataset, npred, components=parts)
    upper, lower = figure.axes
    counts = np.where(dataset.mask, dataset.counts, 0).sum(axis=(1, 2))
    np.testing.assert_allclose(upper.lines[0].get_ydata(), counts)
    assert [text.get_text() for text in upper.get_legend().get_texts()] == [
        "background",
        "crab",
        "Model",
        "Counts",
    ]
    assert np.abs(lower.lines[1].get_ydata()).max() < 4
    check_readable(figure)
    region = np.zeros((40, 50), bool)
    region[20, 25] = True
    single = plot_counts_spectrum(dataset, npred, region=region).axes[0]
    np.testing.assert_allclose(single.lines[0].get_ydata(), dataset.counts[:, 20, 25])


def test_the_shape_is_checked(dataset, npred):
    with pytest.raises(ValueError, match="shape"):
        plot_counts_spectrum(dataset, npred[:, :3])


def test_poisson_interval_holds_the_tails():
    low, high = poisson_interval(np.array([0, 1, 10]))
    assert low[0] == 0.0
    assert poisson.sf(9, low[2]) == pytest.approx(0.158655, abs=1e-6)
    assert poisson.cdf(10, high[2]) == pytest.approx(0.158655, abs=1e-6)
    assert high[0] == pytest.approx(1.841, abs=1e-3)
