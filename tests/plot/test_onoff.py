"""Counts on and off a source against energy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.plot import onoff_residual, plot_onoff_spectrum


@pytest.fixture
def measured(dataset):
    ones = np.ones(dataset.shape)
    return dataclasses.replace(
        dataset, background=None, counts_off=2 * ones, acceptance=ones, acceptance_off=8 * ones
    )


def test_onoff_spectrum(measured, npred, check_readable):
    figure = plot_onoff_spectrum(measured, npred)
    upper, lower = figure.axes
    mask = measured.mask
    counts = np.where(mask, measured.counts, 0).sum(axis=(1, 2))
    excess = counts - np.where(mask, 0.25, 0).sum(axis=(1, 2))
    np.testing.assert_allclose(upper.lines[0].get_ydata(), counts)
    np.testing.assert_allclose(upper.lines[1].get_ydata(), excess)
    labels = {text.get_text() for text in upper.get_legend().get_texts()}
    assert labels == {"On counts", r"Off counts $\times\,\alpha$", "Excess", "Model"}
    shown = lower.lines[1].get_ydata()
    off = np.where(mask, 2.0, 0).sum(axis=(1, 2))
    signal = np.where(mask, npred, 0).sum(axis=(1, 2))
    np.testing.assert_allclose(shown, onoff_residual(counts, off, 0.125, signal))
    check_readable(figure)


def test_residual_without_signal_is_the_significance_of_li_and_ma():
    on, off, alpha = 30.0, 80.0, 0.2
    total = on + off
    expected = np.sqrt(
        2 * on * np.log((1 + alpha) / alpha * on / total)
        + 2 * off * np.log((1 + alpha) * off / total)
    )
    assert float(onoff_residual(on, off, alpha, 0.0)) == pytest.approx(expected)
    assert float(onoff_residual(on, off, alpha, 14.0)) == pytest.approx(0.0, abs=1e-6)
    assert float(onoff_residual(on, off, alpha, 30.0)) < 0
    assert np.isnan(onoff_residual(on, off, 0.0, 3.0))


def test_what_cannot_be_drawn_is_named(dataset, measured, npred):
    with pytest.raises(ValueError, match="off counts"):
        plot_onoff_spectrum(dataset, npred)
    with pytest.raises(ValueError, match="shape"):
        plot_onoff_spectrum(measured, npred[:, :3])
