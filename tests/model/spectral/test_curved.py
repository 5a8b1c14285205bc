"""Log parabolas: decimal curvature, and the energy of the curvature."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.model.spectral import LogParabola, LogParabola2, LogParabolaNorm

ENERGY = np.array([0.1, 1.0, 30.0])


@pytest.mark.parametrize("cls", [LogParabola, LogParabola2, LogParabolaNorm])
def test_decimal_curvature(cls):
    model = cls.from_log10(alpha=2.3, beta=0.2, reference=2.0)
    size = float(model(2.0))
    x = np.log10(ENERGY / 2.0)
    bend = np.log10(ENERGY) if cls is LogParabola2 else x
    expected = size * 10.0 ** (-2.3 * x - 0.2 * x * bend)
    np.testing.assert_allclose(model(ENERGY), expected, rtol=1e-13)
