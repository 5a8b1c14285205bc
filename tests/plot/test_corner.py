"""Corner plots."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.plot import plot_corner
from gjax.plot.corner import density_levels


def test_corner_names_limits_and_truth(check_readable):
    rng = np.random.default_rng(3)
    samples = {
        "index": rng.normal(2.3, 0.05, (4, 500)),
        "amplitude": rng.normal(3, 0.1, 2000) * 1e-11,
    }
    figure = plot_corner(
        samples, truths={"index": 2.3}, labels={"amplitude": "amplitude [cm$^{-2}$]"}
    )
    grid = np.array(figure.axes).reshape(2, 2)
    assert not grid[0, 1].axison
    assert grid[1, 0].get_xlabel() == "index"
    assert grid[1, 0].get_ylabel() == "amplitude [cm$^{-2}$]"
    assert r"\times10^{-11}" in grid[1, 1].get_title()
    assert "2.30" in grid[0, 0].get_title()
    low, high = grid[0, 0].get_xlim()
    assert low < 2.2 < 2.4 < high
    check_readable(figure)
    table = np.stack([np.ravel(values) for values in samples.values()], axis=1)
    again = plot_corner(table, ["index", "amplitude"], truths=[2.3, 3e-11])
    assert np.array(again.axes).reshape(2, 2)[0, 0].get_title() == grid[0, 0].get_title()


def test_corner_refuses_unknown_names():
    with pytest.raises(ValueError, match="gamma"):
        plot_corner({"index": np.arange(9.0)}, ["gamma"])
    with pytest.raises(ValueError, match="columns"):
        plot_corner(np.ones((9, 2)), ["index"])
    with pytest.raises(ValueError, match="samples"):
        plot_corner({})


def test_density_levels_hold_their_share():
    x = np.linspace(-5, 5, 401)
    density = np.exp(-0.5 * (x[:, None] ** 2 + x**2))
    one, two = density_levels(density)
    assert one == pytest.approx(np.exp(-0.5), rel=0.01)
    assert two == pytest.approx(np.exp(-2.0), rel=0.01)
