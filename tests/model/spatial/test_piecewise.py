"""Piecewise norms on the sky: a smooth surface through its nodes."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import numpy as np
import pytest

from gjax.model.spatial import PiecewiseNormSpatial
from gjax.parameters import specs

REFERENCE = Path(__file__).parents[2] / "reference" / "data" / "spatial_models.json"
LON, LAT = (359.0, 1.0, 0.0, 359.0, 1.0), (-1.0, -1.0, 0.1, 1.0, 1.0)


@pytest.mark.parametrize("interp", ["lin", "log"])
def test_surface_passes_through_the_nodes(interp):
    norms = (0.9, 1.2, 1.0, 0.7, 1.4)
    model = PiecewiseNormSpatial(LON, LAT, norms, interp=interp)
    np.testing.assert_allclose(model(np.array(LON), np.array(LAT)), norms, rtol=1e-9)
    assert list(specs(model)) == [f"norm_{i}" for i in range(5)]


def test_equal_norms_and_planes_are_kept_everywhere():
    same = PiecewiseNormSpatial(LON, LAT, (1.3,) * 5)
    np.testing.assert_allclose(same(np.array([0.3, 5.0]), np.array([0.2, -9.0])), 1.3, rtol=1e-9)
    plane = PiecewiseNormSpatial(LON, LAT, tuple(1 + 0.1 * np.array(LAT)))
    assert float(plane(0.5, 0.7)) == pytest.approx(1.07, abs=2e-4)


def test_it_is_linear_in_the_norms():
    norms = (0.9, 1.2, 1.0, 0.7, 1.4)
    slopes = jax.grad(lambda model: model(0.3, -0.4))(PiecewiseNormSpatial(LON, LAT, norms)).norms
    found = float(PiecewiseNormSpatial(LON, LAT, norms)(0.3, -0.4))
    assert float(np.dot(slopes, norms)) == pytest.approx(found, rel=1e-9)
    assert float(np.sum(slopes)) == pytest.approx(1.0, rel=1e-9)


def test_near_gammapy_between_the_nodes():
    """Both are smooth through the nodes; how they get from one to the next differs."""
    case = json.loads(REFERENCE.read_text())["piecewise"]
    model = PiecewiseNormSpatial(case["lon"], case["lat"], case["norms"])
    x, y = (a.ravel() for a in np.meshgrid(case["at"], case["at"], indexing="ij"))
    assert np.abs(np.asarray(model(x, y)) - case["values"]).max() < 0.06


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="four nodes or more"):
        PiecewiseNormSpatial((0, 1, 2), (0, 1, 0), (1, 1, 1))
    with pytest.raises(ValueError, match="as many norms, got 5 longitudes"):
        PiecewiseNormSpatial(LON, LAT, (1, 1, 1, 1))
    with pytest.raises(ValueError, match="should be lin or log"):
        PiecewiseNormSpatial(LON, LAT, (1,) * 5, interp="sqrt")
