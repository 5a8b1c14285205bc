"""The battery for every registered spatial model."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.model.registry import REGISTRY, lookup
from gjax.numerics.quadrature import gauss_legendre
from gjax.numerics.sphere import offset_by
from tests.registry.conftest import borders, entries, instances, reference

SPATIAL = entries("spatial")
EXTENDED = [entry for entry in SPATIAL if not entry.values[0].is_point]
REFERENCE = reference()


def around(model) -> tuple[np.ndarray, np.ndarray]:
    """Place points at the centre and on rings around it."""
    radius = np.array([0.0, 0.1, 0.3, 0.6, 0.88, 1.0])[:, None] * model.evaluation_radius
    lon, lat = offset_by(*model.position, np.arange(4) * 77.0 + 5.0, np.asarray(radius))
    return np.ravel(lon), np.ravel(lat)


@jax.jit
def density(model, lon, lat):
    """Evaluate; one compilation for each class and number of points."""
    return model(lon, lat)


@jax.jit
def slopes(model, lon, lat):
    """Differentiate by every parameter and by the place."""
    by_model = jax.jacfwd(density)(model, lon, lat)
    return by_model, jax.vmap(jax.grad(density, (1, 2)), (None, 0, 0))(model, lon, lat)


def leaves(tree):
    return jax.tree.leaves(tree)


@pytest.mark.parametrize("cls", EXTENDED)
def test_gradient_is_the_finite_difference(cls):
    for model in instances(cls):
        lon, lat = around(model)
        flat, structure = jax.tree.flatten(model)
        peak = float(density(model, lon, lat)[0])
        for i, slope in enumerate(leaves(slopes(model, lon, lat)[0])):
            # The edge of the disk is the finest structure: steps must be well below its width.
            step = 2e-5 * max(abs(float(flat[i])), 0.1)

            def shifted(n, i=i, step=step, flat=flat, structure=structure, lon=lon, lat=lat):
                moved = [v + n * step * (j == i) for j, v in enumerate(flat)]
                return density(jax.tree.unflatten(structure, moved), lon, lat)

            numeric = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)
            scale = np.max(np.abs(numeric)) + peak
            # The centre itself is left out: an ellipse's profile has no second derivative there.
            np.testing.assert_allclose(slope[4:], numeric[4:], rtol=1e-6, atol=1e-6 * scale)


@pytest.mark.parametrize("cls", EXTENDED)
def test_integral_over_the_sphere_is_one(cls):
    nodes, weights = gauss_legendre(16)
    n_angles, n_rings = 48, 40
    for model in instances(cls) + [dataclasses.replace(m, e=0.0) for m in instances(cls)[:1]]:
        # Rings out to where nothing is left (the evaluation radius cuts tails of 1e-5).
        edges = np.linspace(0.0, min(1.8 * float(model.evaluation_radius), 180.0), n_rings + 1)
        half = 0.5 * np.diff(edges)[:, None]
        radius = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
        area = np.sin(np.radians(radius)) * np.radians(half * weights).ravel()
        angle = np.arange(n_angles)[:, None] * 360.0 / n_angles
        lon, lat = offset_by(*model.position, angle, radius)
        total = np.sum(density(model, lon, lat) * area) * 2 * np.pi / n_angles
        assert total == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("cls", EXTENDED)
def test_finite_on_the_borders(cls):
    for model in borders(cls):
        lon, lat = around(build_like(model))
        assert np.all(np.isfinite(density(model, lon, lat)))
        by_model, by_place = slopes(model, lon, lat)
        assert all(np.all(np.isfinite(leaf)) for leaf in leaves((by_model, by_place)))


def build_like(model):
    """Give the model a size again, to place points around one that has shrunk to nothing."""
    size = "sigma" if hasattr(model, "sigma") else "r_0"
    return dataclasses.replace(model, **{size: max(float(getattr(model, size)), 0.5)})


@pytest.mark.parametrize("cls", EXTENDED)
def test_vmap_is_the_loop(cls):
    models = instances(cls)
    lon, lat = around(models[0])
    stacked = jax.tree.map(lambda *values: jnp.stack(values), *models)
    expected = np.stack([density(model, lon, lat) for model in models])
    found = jax.vmap(density, (0, None, None))(stacked, lon, lat)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * expected.max())


@pytest.mark.parametrize("cls", SPATIAL)
def test_position_and_radius(cls):
    model = instances(cls)[0]
    assert [float(x) for x in model.position] == [float(model.lon_0), float(model.lat_0)]
    assert float(model.evaluation_radius) >= 0.0
    assert (float(model.evaluation_radius) == 0.0) == model.is_point
    assert (float(model.evaluation_bin_size) == 0.0) == model.is_point


@pytest.mark.parametrize("cls", SPATIAL)
def test_frame_is_checked(cls):
    assert cls(frame="galactic").frame == "galactic"
    with pytest.raises(ValueError, match="fk4"):
        cls(frame="fk4")


@pytest.mark.parametrize("case", REFERENCE["spatial"], ids=lambda case: case["tag"])
def test_values_are_those_of_gammapy(case):
    model = lookup("spatial", case["tag"])(**case["parameters"], frame=case["frame"])
    expected = np.array(case["density"])
    found = density(model, np.array(case["lon"]), np.array(case["lat"]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * expected.max())


def test_every_extended_model_is_compared_with_gammapy():
    compared = {case["tag"] for case in REFERENCE["spatial"]}
    registered = {tag for tag, entry in REGISTRY["spatial"].items() if not entry.cls.is_point}
    assert registered == compared
