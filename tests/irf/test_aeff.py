"""Effective area."""

import numpy as np

from gjax.irf import EffectiveArea, Table
from gjax.maps.axis import MapAxis


def test_linear_in_log_energy_and_offset():
    energy = MapAxis.from_energy_bounds(0.1, 100, 6, name="energy_true")
    offset = MapAxis.from_edges([0.0, 1.0, 2.0, 3.0], "offset")
    center = np.log10(energy.center)[:, None], offset.center[None]
    aeff = EffectiveArea(Table(1e9 * (3 + center[0]) * (4 - center[1]), (energy, offset), "cm2"))
    energies, offsets = np.geomspace(0.11, 90, 7), np.linspace(0, 3, 12).reshape(3, 4)
    got = aeff.evaluate(energies[:, None, None], offsets[None])
    want = 1e9 * (3 + np.log10(energies)[:, None, None]) * (4 - offsets)
    np.testing.assert_allclose(got, want, rtol=1e-12)
    assert np.all(aeff.evaluate(energies, 3.5) == 0)
