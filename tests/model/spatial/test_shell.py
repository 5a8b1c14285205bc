"""Shells: the projection of a sphere, its limits and its edges."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model.spatial import Shell, Shell2


def test_small_shell_is_the_projection_of_a_sphere():
    model = Shell(radius=0.3, width=0.1)
    r = np.array([0.0, 0.1, 0.25, 0.29, 0.32, 0.38, 0.42])
    depth = np.sqrt(np.clip(0.4**2 - r**2, 0, None)) - np.sqrt(np.clip(0.3**2 - r**2, 0, None))
    norm = 3 / (2 * np.pi * (0.4**3 - 0.3**3) * np.radians(1.0) ** 2)
    np.testing.assert_allclose(model(r, 0.0), norm * depth, rtol=1e-4)


def test_both_forms_are_one_shell():
    lon = np.linspace(0.0, 1.1, 12)
    one, two = Shell(radius=0.7, width=0.3), Shell2(r_0=1.0, eta=0.3)
    np.testing.assert_allclose(one(lon, 0.2), two(lon, 0.2), rtol=1e-9)


def test_full_sphere():
    lon = np.array([0.0, 0.3, 0.6])
    found = np.asarray(Shell2(r_0=1.0, eta=1.0)(lon, 0.0))
    np.testing.assert_allclose(found / found[0], np.sqrt(1 - lon**2), rtol=1e-4)


def test_thin_shell_is_a_bright_ring():
    model = Shell(radius=0.5, width=0.0)
    ring = float(model(0.5, 0.0, 0.01))
    assert ring > 3 * float(model(0.0, 0.0, 0.01))
    thin = Shell(radius=0.5, width=1e-5)
    assert float(thin(0.2, 0.1)) == pytest.approx(float(model(0.2, 0.1)), rel=1e-3)


def test_edges_are_averaged_over_cells():
    model = Shell(radius=0.5, width=0.1)
    side = 0.02
    nodes = (np.arange(200) + 0.5) / 200 * side - side / 2
    # On and beside the outer and the inner edge; the cells are not aligned with it.
    for lon in (0.39, 0.5, 0.505, 0.595, 0.6):
        exact = float(np.mean(model(lon + nodes[:, None], nodes)))
        soft = float(model(lon, 0.0, side / np.sqrt(12.0)))
        assert soft == pytest.approx(exact, abs=0.02 * float(model(0.5, 0.0)))


def test_slopes_are_finite_on_the_edges():
    def density(radius, width, lon):
        return Shell(radius=radius, width=width)(lon, 0.0)

    for lon in (0.5, 0.6):
        slopes = jax.jacfwd(density, (0, 1, 2))(0.5, 0.1, lon)
        bends = jax.hessian(density, (0, 1, 2))(0.5, 0.1, lon)
        assert np.all(np.isfinite(slopes))
        assert np.all(np.isfinite(bends))
