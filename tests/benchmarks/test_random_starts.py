"""Random starts: drawn as the table says, and every disagreement reported."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from benchmarks.random_starts import Outcome, random_starts, report, typical_starts, wide_starts
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters


def best():
    models = Models.create(
        {
            "s": SkyModel(PowerLaw(2.0, 1e-11), Gaussian(83.6, 0.0, 0.2)),
            "bkg": FoVBackground("obs", PowerLawNorm()),
        }
    )
    table = Parameters.from_models(models).thaw("*.tilt")
    errors = np.where([i in table.free for i in range(len(table.values))], 0.01, 0.0)
    return SimpleNamespace(parameters=table, errors=errors * np.abs(table.values).clip(1e-13))


def test_starts_scatter_by_three_errors():
    fitted = best()
    free = list(fitted.parameters.free)
    drawn = random_starts(fitted, 4000, 1)
    scatter = (drawn - fitted.parameters.values)[:, free].std(axis=0)
    at = [i for i, k in enumerate(free) if fitted.parameters.keys[k][-1] != "sigma"]
    np.testing.assert_allclose(scatter[at], 3.0 * fitted.errors[free][at], rtol=0.05)
    fixed = [i for i in range(drawn.shape[1]) if i not in free]
    assert (drawn[:, fixed] == fitted.parameters.values[fixed]).all()


def test_typical_starts_know_no_more_than_where_a_source_is():
    fitted = best()
    table = fitted.parameters
    drawn = typical_starts(fitted, 1000, 1)
    known = {"*.amplitude": 1e-12, "*.index": 2.0, "*.sigma": 0.2, "*.norm": 1.0, "*.tilt": 0.0}
    for name, value in known.items():
        assert (drawn[:, table.select(name)[0]] == value).all()
    for name in ("*.lon_0", "*.lat_0"):
        i = table.select(name)[0]
        moves = drawn[:, i] - table.values[i]
        assert 0.099 < np.abs(moves).max() <= 0.1
        assert abs(moves.mean()) < 0.01


def test_wide_starts_cover_their_range():
    fitted = best()
    table = fitted.parameters
    drawn = wide_starts(fitted, 4000, 1) / table.values.clip(1e-300)
    amplitude = drawn[:, table.select("*.amplitude")[0]]
    assert 0.03 < amplitude.min() < 0.035
    assert 29.0 < amplitude.max() < 30.1


def test_every_disagreement_is_reported():
    def outcome(excess, success):
        return Outcome(excess, success, "message", 7, 0.5, np.zeros(1))

    text = report("x", [outcome(0.0, True), outcome(3.0, True), outcome(9.0, False)])
    assert text.startswith("| x | 3 | 2 | 1 | 7 | 7 | 0.50 s |")
    assert "message: +3.00 (1 times)" in text
    assert "message: +9.00 (1 times)" in text
