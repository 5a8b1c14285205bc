"""The covariance is twice the inverse of the Hessian, whatever the scales."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.infer.covariance import covariance_of_values, invert_hessian

FREE = np.zeros(3, bool)


def random_hessian(scales) -> np.ndarray:
    root = np.random.default_rng(4).normal(size=(3, 3)) + 2 * np.eye(3)
    return root @ root.T * np.outer(scales, scales)


@pytest.mark.parametrize("scales", [(1.0, 1.0, 1.0), (1e14, 1.0, 1e-6)])
def test_inverse_at_any_scale(scales):
    found = invert_hessian(random_hessian(scales), FREE)
    scaled = found.covariance * np.outer(scales, scales)
    np.testing.assert_allclose(scaled, 2 * np.linalg.inv(random_hessian(np.ones(3))), rtol=1e-9)
    assert found.condition == pytest.approx(
        invert_hessian(random_hessian(np.ones(3)), FREE).condition
    )


def test_held_coordinates_are_fixed():
    hessian = random_hessian(np.ones(3))
    found = invert_hessian(hessian, np.array([False, True, False]))
    kept = np.ix_([0, 2], [0, 2])
    np.testing.assert_allclose(found.covariance[kept], 2 * np.linalg.inv(hessian[kept]), rtol=1e-12)
    assert not found.covariance[1].any()
    assert not invert_hessian(hessian, ~FREE).covariance.any()


@pytest.mark.parametrize(
    "hessian",
    [
        np.diag([1.0, -1.0, 1.0]),
        np.diag([1.0, 0.0, 1.0]),
        np.full((3, 3), np.nan),
        np.eye(3) - 2 * np.ones((3, 3)) / 1.5,
        2 * np.eye(3) - 0.9 * np.ones((3, 3)),
    ],
)
def test_no_minimum_has_no_covariance(hessian):
    found = invert_hessian(hessian, FREE)
    assert np.isnan(found.covariance).all()
    assert found.condition == np.inf


def test_links_carry_the_covariance(spot_truth, spot_table):
    table = spot_table.link("*.tilt", ["*.index", "*.norm"], lambda index, norm: index * norm)
    layout = table.layout(spot_truth)
    scale = np.asarray(layout.scale)
    own = random_hessian(np.ones(3))
    found = covariance_of_values(layout, layout.start, own)
    free = list(table.free)
    np.testing.assert_allclose(found[np.ix_(free, free)], own * np.outer(scale, scale), rtol=1e-12)
    (tilt,) = table.select("*.tilt")
    index, norm = 2.2, 1.0
    names = [table.names[i].rsplit(".", 1)[1] for i in free]
    slope = np.zeros(3)
    slope[names.index("index")], slope[names.index("norm")] = norm, index
    expected = slope @ (own * np.outer(scale, scale)) @ slope
    assert found[tilt, tilt] == pytest.approx(expected, rel=1e-12)
    assert not found[table.select("*.lon_0")[0]].any()
