"""Flux points on their own and on a spectrum."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.markers import CARETDOWN, CARETDOWNBASE

from gjax.dataset import FluxPointsDataset
from gjax.estimate import FluxPoints
from gjax.model.spectral import PowerLaw
from gjax.plot import plot_flux_points, plot_spectrum

EDGES = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
SPECTRUM = PowerLaw(index=2.5, amplitude=2e-11)
ERG_PER_TEV = 1.602176634


@pytest.fixture
def points() -> FluxPoints:
    low, high = EDGES[:-1], EDGES[1:]
    center = np.sqrt(low * high)
    return FluxPoints(
        source="crab",
        e_ref=center,
        e_min=low,
        e_max=high,
        ref_dnde=np.asarray(SPECTRUM(center)),
        ref_flux=np.asarray(SPECTRUM.integral(low, high)),
        ref_eflux=np.asarray(SPECTRUM.energy_flux(low, high)),
        norm=np.array([1.0, 1.2, -0.1, np.nan]),
        norm_err=np.array([0.1, 0.2, 0.4, np.nan]),
        norm_ul=np.array([1.2, 1.6, 0.7, np.nan]),
        stat=np.zeros(4),
        stat_null=np.array([100.0, 25.0, 0.1, np.nan]),
    )


def _bars(ax) -> list[np.ndarray]:
    found = [c for c in ax.collections if isinstance(c, LineCollection)]
    return [np.array(segment) for c in found for segment in c.get_segments()]


def test_points_and_bars_are_where_they_belong(points):
    ax = plot_flux_points(points, label="crab")
    expected = (points.e_ref**2 * points.ref_dnde * points.norm * ERG_PER_TEV)[:2]
    (x, y) = ax.lines[0].get_data()
    np.testing.assert_allclose(x, points.e_ref[:2])
    np.testing.assert_allclose(y, expected)
    bars = _bars(ax)
    np.testing.assert_allclose(bars[0][:, 0], [0.5, 1.0])  # the band
    np.testing.assert_allclose(bars[2][:, 1], expected[0] * np.array([0.9, 1.1]))  # the error
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert "erg cm" in ax.get_ylabel()
    low, high = ax.get_xlim()
    assert low <= 0.5
    assert high >= 8.0


def test_insignificant_points_are_arrows_at_their_limit(points):
    ax = plot_flux_points(points, energy_power=0)
    (caret,) = [line for line in ax.lines if line.get_marker() in (CARETDOWN, CARETDOWNBASE)]
    assert len(caret.get_xdata()) == 1
    limit = points.ref_dnde[2] * 0.7
    tops = [bar[:, 1].max() for bar in _bars(ax) if np.allclose(bar[:, 0], points.e_ref[2])]
    np.testing.assert_allclose(tops, limit)
    assert "TeV" in ax.get_ylabel()


def test_asymmetric_errors_are_preferred(points):
    one_sided = dataclasses.replace(points, norm_errp=np.full(4, 0.3), norm_errn=np.full(4, 0.05))
    bars = _bars(plot_flux_points(one_sided, energy_power=0))
    ends = points.ref_dnde[0] * np.array([0.95, 1.3])
    assert any(np.allclose(bar[:, 1], ends, rtol=1e-9, atol=0) for bar in bars)


def test_spectrum_and_points_share_a_panel(points, check_readable):
    ax = plot_spectrum(SPECTRUM, (0.7, 20.0), label="fit")
    label = ax.get_ylabel()
    assert plot_flux_points(points, ax, label="points") is ax
    assert ax.get_ylabel() == label
    assert ax.get_xlim() == (0.5, 20.0)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["fit", "points"]
    check_readable(ax.figure)


def test_units_can_be_chosen(points):
    ax = plot_flux_points(points, unit="TeV cm-2 s-1")
    y = ax.lines[0].get_ydata()
    np.testing.assert_allclose(y, (points.e_ref**2 * points.ref_dnde * points.norm)[:2])


def test_points_without_limits_or_bands(points):
    bare = dataclasses.replace(points, norm_ul=None, norm_err=None, e_min=0 * EDGES[1:] + np.nan)
    ax = plot_flux_points(bare)
    assert len(ax.lines[0].get_xdata()) == 2  # the negative and the missing one cannot be shown


def test_data_of_a_fit_look_like_the_points(points):
    data = FluxPointsDataset.from_flux_points(points)
    one, other = plot_flux_points(points), plot_flux_points(data)
    np.testing.assert_allclose(other.lines[0].get_ydata(), one.lines[0].get_ydata())
    assert len(_bars(other)) == len(_bars(one))
