"""Phase curves: what they average to over fractions of a period and over very many."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.model.temporal import TemplatePhaseCurve

EPOCH = 58000.0
PHASE = (0.05, 0.3, 0.45, 0.6, 0.9)
NORM = (0.1, 0.3, 2.0, 0.4, 0.2)


def curve(phase=PHASE, norm=NORM, **values) -> TemplatePhaseCurve:
    return TemplatePhaseCurve(phase, norm, t_ref=EPOCH, scale="tt", **values)


def direct(model, start, stop, n=400_000) -> float:
    """Average at the middles of very many steps."""
    step = (stop - start) / n
    return float(np.mean(model(start + step * (np.arange(n) + 0.5), EPOCH)))


def test_a_turn_averages_to_one():
    assert float(curve(f0=2.0).mean(0.13, 0.63, EPOCH)) == pytest.approx(1.0, rel=1e-9)
    raw = curve(f0=2.0, normalize=False)
    x = np.array([0.0, *PHASE, 1.0])
    y = np.array([0.06, *NORM, 0.2 - 0.1 * 0.2 / 0.3])
    area = np.sum(0.5 * (y[1:] + y[:-1]) * np.diff(x))
    assert float(raw.mean(0.13, 0.63, EPOCH)) == pytest.approx(area, rel=1e-9)
    np.testing.assert_allclose(raw(np.array([0.0, 0.025, 0.4999999]), EPOCH), y[[0, 1, -1]], 1e-5)


def test_a_pulsar_over_half_an_hour():
    model = curve(f0=29.946923, f1=-3.77e-10)
    # 53904.46 turns: one, up to what the last fraction of a turn may be.
    mean = float(model.mean(1000.0, 2800.0, EPOCH))
    assert mean == pytest.approx(1.0, abs=2.0 / (1800 * 29.9))
    assert mean != 1.0


@pytest.mark.parametrize("f2", [0.0, 2e-10])
def test_frequency_that_changes(f2):
    model = curve(f0=0.01, f1=2e-6, f2=f2, phi_ref=0.3)
    assert float(model.mean(100.0, 1733.0, EPOCH)) == pytest.approx(
        direct(model, 100.0, 1733.0), rel=1e-5
    )
    # Gammapy takes the frequency at the start for the whole interval: that would be far off.
    frozen = curve(f0=0.01, phi_ref=0.3)
    assert abs(float(frozen.mean(100.0, 1733.0, EPOCH)) - direct(model, 100.0, 1733.0)) > 1e-3


def test_table_that_reaches_both_ends():
    model = curve((0.0, 0.5, 1.0), (0.0, 2.0, 0.0), f0=1.0)
    assert float(model.mean(0.25, 0.75, EPOCH)) == pytest.approx(1.5, rel=1e-6)


def test_tables_that_are_none():
    with pytest.raises(ValueError, match=r"phases go from 0.5 to 1.5"):
        curve((0.5, 1.5), (1.0, 1.0))
    with pytest.raises(ValueError, match="phase should increase"):
        curve((0.5, 0.1), (1.0, 1.0))
