"""The generalised Gaussian: its limits and its edges."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model.spatial import Gaussian, GeneralizedGaussian
from gjax.numerics.sphere import offset_by


@pytest.mark.parametrize("e", [0.0, 0.7])
def test_eta_of_one_half_is_a_gaussian(e):
    lon, lat = offset_by(10.0, 60.0, np.arange(6) * 60.0, np.linspace(0.0, 0.6, 6))
    general = GeneralizedGaussian(10.0, 60.0, r_0=0.3, eta=0.5, e=e, phi=20.0)
    gauss = Gaussian(10.0, 60.0, sigma=0.3 / np.sqrt(2.0), e=e, phi=20.0)
    np.testing.assert_allclose(general(lon, lat), gauss(lon, lat), rtol=1e-4)


def test_eta_of_zero_is_a_disk():
    model = GeneralizedGaussian(r_0=0.5, eta=0.01)
    area = 2 * np.pi * (1 - np.cos(np.radians(0.5)))
    # The edge of width eta r_0 makes it 1.3% smaller.
    assert float(model(0.2, 0.3)) == pytest.approx(1 / area, rel=2e-2)
    assert float(model(0.53, 0.0)) < 1e-6 / area


def test_evaluation_radius_holds_the_source():
    radius = np.linspace(0.0, 40.0, 200001)
    for eta in (0.02, 0.3, 0.5, 1.0):
        model = GeneralizedGaussian(r_0=0.8, eta=eta)
        density = np.asarray(model(radius, 0.0)) * np.sin(np.radians(radius))
        outside = density[radius > float(model.evaluation_radius)].sum() / density.sum()
        assert outside < 2e-5


def test_cusp_is_as_soft_as_a_cell():
    model = GeneralizedGaussian(r_0=0.5, eta=1.0)
    side = 0.05
    nodes = (np.arange(50) + 0.5) / 50 * side - side / 2
    mean = float(np.mean(model(*np.meshgrid(nodes, nodes))))
    assert float(model(0.0, 0.0, side / np.sqrt(12.0))) == pytest.approx(mean, rel=1.2e-2)
    assert float(model(0.0, 0.0)) > 1.03 * mean
    bend = jax.hessian(lambda lon: model(lon, 0.0, 0.01))(0.0)
    assert np.isfinite(bend)
    assert abs(bend) < 1e4 * mean


def test_source_far_smaller_than_a_cell_is_a_cell():
    model = GeneralizedGaussian(r_0=1e-9, eta=0.3)
    x = np.linspace(-0.5, 0.5, 401)
    density = np.asarray(model(*np.meshgrid(x, x), 0.05))
    assert density.sum() * np.radians(x[1] - x[0]) ** 2 == pytest.approx(1.0, abs=5e-4)
