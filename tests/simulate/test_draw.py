"""Drawing from tabulated distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from gjax.simulate.draw import choose, draw_exponential, draw_log_cells, draw_rows


def test_power_law_over_a_coarse_grid_is_exact():
    rng = np.random.default_rng(1)
    nodes = np.geomspace(0.1, 100, 4)
    drawn = draw_log_cells(nodes, nodes**-2.3, 20000, rng)

    def cumulative(x):
        return (0.1**-1.3 - x**-1.3) / (0.1**-1.3 - 100**-1.3)

    assert kstest(drawn, cumulative).pvalue > 0.01


@pytest.mark.parametrize("slope", [0.0, 1e-12, -3.0, 40.0])
def test_exponential_mean(slope):
    rng = np.random.default_rng(2)
    drawn = draw_exponential(np.full(50000, slope), rng)
    t = np.linspace(0, 1, 20001)
    weight = np.exp(slope * (t - 1))
    mean = np.average(t, weights=weight)
    error = np.sqrt(np.average((t - mean) ** 2, weights=weight) / drawn.size)
    assert drawn.mean() == pytest.approx(mean, abs=4 * error)
    assert ((drawn >= 0) & (drawn < 1)).all()


def test_rows_follow_their_own_distribution():
    rng = np.random.default_rng(3)
    x = np.array([0.0, 1.0, 3.0])
    cumulative = np.array([[0.0, 0.5, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    rows = np.repeat([2, 0, 1], 20000)
    drawn = draw_rows(cumulative, x, rows, rng)
    assert drawn[rows == 1].max() <= 1.0
    assert drawn[rows == 2].min() >= 1.0
    assert drawn[rows == 0].mean() == pytest.approx(0.5 * 0.5 + 0.5 * 2.0, abs=0.03)
    for row, low, high in ((1, 0.0, 1.0), (2, 1.0, 3.0)):
        uniform = (drawn[rows == row] - low) / (high - low)
        assert kstest(uniform, "uniform").pvalue > 0.01


def test_choose_never_takes_a_cell_without_weight():
    rng = np.random.default_rng(4)
    weights = np.array([[0.0, 2.0], [1.0, 0.0]])
    cells = choose(weights, 30000, rng)
    assert set(cells) == {1, 2}
    assert (cells == 1).mean() == pytest.approx(2 / 3, abs=0.012)
    assert choose(np.zeros(3), 0, rng).size == 0
    with pytest.raises(ValueError, match="zero everywhere"):
        choose(np.zeros(3), 1, rng)
