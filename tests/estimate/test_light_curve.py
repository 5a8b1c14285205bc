"""Light curves in memory: their intervals, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.estimate.light_curve import LightCurve
from gjax.estimate.points import FluxPoints


def make(start, stop, n_time=3) -> LightCurve:
    energy = np.array([1.0, 10.0])
    norm = np.arange(2.0 * n_time).reshape(n_time, 2)
    scan = np.broadcast_to(norm[..., None], (n_time, 2, 4))
    points = FluxPoints(
        source="pks",
        e_ref=energy,
        e_min=energy / 2,
        e_max=energy * 2,
        ref_dnde=energy**-2,
        ref_flux=1.5 * energy**-1,
        ref_eflux=energy**0,
        norm=norm,
        norm_err=0.1 + 0 * norm,
        norm_scan=np.arange(4.0),
        stat_scan=scan,
        counts=np.ones((n_time, 2, 5)),
    )
    return LightCurve(np.array(start, float), np.array(stop, float), points, 53945.0)


def test_one_interval_is_a_spectrum_with_its_time():
    curve = make([0, 100, 500], [50, 200, 900])
    assert len(curve) == 3
    spectrum = curve[-1]
    np.testing.assert_allclose(spectrum.norm, [4.0, 5.0])
    np.testing.assert_allclose(spectrum.dnde.value, [4.0, 0.05])
    assert spectrum.stat_scan.shape == (2, 4)
    assert spectrum.norm_scan.shape == (4,)
    assert spectrum.counts.shape == (2, 5)
    assert spectrum.gti.total == 400.0
    assert (curve.time_stop - curve.time_start).to_value("s").tolist() == pytest.approx(
        [50, 100, 400]
    )
    assert [interval.norm[0] for interval in curve] == [0.0, 2.0, 4.0]
    with pytest.raises(IndexError):
        curve[3]


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="2 intervals and 2 bands"):
        make([0, 1], [1, 2])
    with pytest.raises(ValueError, match="interval 1 of the light curve ends before"):
        make([0, 5, 6], [1, 4, 7])
