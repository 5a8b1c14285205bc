"""The line is where it should be, however narrow."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.special import erfc

from gjax.model.spectral import GaussianLine

EDGES = np.geomspace(0.1, 10.0, 21)


@pytest.mark.parametrize("sigma", [1e-9, 1e-6, 1e-3, 0.1])
def test_all_of_a_narrow_line_is_in_the_bins(sigma):
    line = GaussianLine(amplitude=2.0, mean=1.3, sigma=sigma)
    flux = line.integral(EDGES[:-1], EDGES[1:])
    assert float(flux.sum()) == pytest.approx(2.0, rel=1e-13)
    energy = line.energy_flux(EDGES[:-1], EDGES[1:])
    assert float(energy.sum()) == pytest.approx(2.6, rel=1e-13)
    assert np.argmax(flux) == np.searchsorted(EDGES, 1.3) - 1
    slopes = jax.jacfwd(lambda m: m.integral(EDGES[:-1], EDGES[1:]))(line)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(slopes))


@pytest.mark.parametrize("sign", [-1, 1])
def test_far_tails_keep_their_digits(sign):
    line = GaussianLine(amplitude=1.0, mean=20.0, sigma=1.0)
    low, high = 20.0 + np.sort(sign * np.array([8.0, 9.0]))
    expected = 0.5 * (erfc(8.0 / np.sqrt(2)) - erfc(9.0 / np.sqrt(2)))
    assert float(line.integral(low, high)) == pytest.approx(expected, rel=1e-12)
