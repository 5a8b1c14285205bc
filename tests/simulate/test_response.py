"""Directions and energies follow the responses, event by event."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from gjax.numerics.sphere import fov_offsets, separation
from gjax.simulate import cta_like, observation
from gjax.simulate.response import blur_directions, disperse_energies

POINTING = (83.63, 22.5)


@pytest.fixture(scope="module")
def plan():
    return observation(cta_like(), POINTING, 1800.0)


def test_directions_follow_the_point_spread_function(plan):
    rng = np.random.default_rng(5)
    count = 60000
    energy = np.exp(rng.uniform(np.log(0.2), np.log(20.0), count))
    offset = rng.uniform(0.0, 3.0, count)
    lon, lat, known = blur_directions(
        plan.psf, energy, offset, np.full(count, 83.0), np.full(count, 22.0), rng
    )
    assert known.all()
    distance = np.asarray(separation(83.0, 22.0, lon, lat))
    # The containment of each event at its own distance is uniform.
    share = np.histogram(plan.psf.containment(distance, energy, offset), 20, (0, 1))[0]
    assert chi2.sf(((share - count / 20) ** 2 / (count / 20)).sum(), 19) > 1e-3
    east, north = fov_offsets(83.0, 22.0, lon, lat)
    turn = np.histogram(np.arctan2(east, north), 12, (-np.pi, np.pi))[0]
    assert chi2.sf(((turn - count / 12) ** 2 / (count / 12)).sum(), 11) > 1e-3


@pytest.mark.parametrize("energy_true", [0.05, 0.8, 12.0])
def test_energies_follow_the_dispersion(plan, energy_true):
    count = 40000
    energy, known = disperse_energies(
        plan.edisp, np.full(count, energy_true), np.full(count, 0.7), np.random.default_rng(6)
    )
    assert known.all()
    migra = plan.edisp.table.axis("migra")
    weight = plan.edisp.evaluate(energy_true, migra.center, 0.7) * np.diff(migra.edges)
    mean = np.average(migra.center, weights=weight)
    rms = np.sqrt(np.average((migra.center - mean) ** 2, weights=weight))
    ratio = energy / energy_true
    assert ratio.mean() == pytest.approx(mean, abs=4 * rms / np.sqrt(count))
    assert ratio.std() == pytest.approx(rms, rel=0.02)
