"""The battery for every registered spatial model."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.model.registry import REGISTRY, lookup
from gjax.numerics.quadrature import gauss_legendre
from gjax.numerics.sphere import offset_by
from gjax.parameters import own_values, specs, with_values
from tests.registry.conftest import borders, entries, example, instances, reference

SPATIAL = entries("spatial")
#: Those with a normalised density that is a function of their parameters.
SHAPES = [
    entry
    for entry in SPATIAL
    if (cls := entry.values[0]).has_position and not (cls.is_point or cls.is_tabulated)
]
FREE = [
    e
    for e in SPATIAL
    if not (e.values[0].is_point or e.values[0].is_tabulated) and specs(example(e.values[0]))
]
REFERENCE = reference("spatial_models")


def size_of(model) -> float:
    """Give a length of the model's own scale, in deg."""
    return float(model.evaluation_radius) if model.has_position else 1.0


def around(model) -> tuple[np.ndarray, np.ndarray]:
    """Place points at the centre and on rings around it."""
    radius = np.array([0.0, 0.1, 0.3, 0.6, 0.88, 1.0])[:, None] * size_of(model)
    lon, lat = offset_by(*model.position, np.arange(4) * 77.0 + 5.0, np.asarray(radius))
    return np.ravel(lon), np.ravel(lat)


@jax.jit
def density(model, lon, lat, resolution=0.0):
    """Evaluate; one compilation for each class and number of points."""
    return model(lon, lat, resolution)


def _slopes(model, lon, lat, resolution):
    by_model = jax.jacfwd(density)(model, lon, lat, resolution)
    by_place = jax.vmap(jax.grad(density, (1, 2)), (None, 0, 0, None))
    return by_model, by_place(model, lon, lat, resolution)


#: Differentiate by every parameter and by the place.
slopes = jax.jit(_slopes)


@jax.jit
def bends(model, lon, lat, resolution):
    """Differentiate twice by the parameters; one by one, which compiles less than all at once."""

    def along(direction):
        def slope(model):
            return jax.jvp(lambda m: density(m, lon, lat, resolution), (model,), (direction,))[1]

        return jax.jvp(slope, (model,), (direction,))[1]

    flat, structure = jax.tree.flatten(model)
    eye = jnp.eye(len(flat))
    return jax.lax.map(lambda row: along(jax.tree.unflatten(structure, list(row))), eye)


def leaves(tree):
    return jax.tree.leaves(tree)


@pytest.mark.parametrize("cls", FREE)
def test_gradient_is_the_finite_difference(cls):
    for model in instances(cls):
        lon, lat = around(model)
        flat, structure = jax.tree.flatten(model)
        # Edges as soft as in a folding: without that, their slopes change within a step.
        resolution = 0.02 * size_of(model)
        peak = float(np.max(density(model, lon, lat, resolution)))
        for i, slope in enumerate(leaves(slopes(model, lon, lat, resolution)[0])):
            # The edge of the disk is the finest structure: steps must be well below its width.
            step = 2e-5 * np.clip(abs(float(flat[i])), 0.1, 1.0)

            def shifted(n, i=i, step=step, flat=flat, structure=structure, model=model):
                moved = [v + n * step * (j == i) for j, v in enumerate(flat)]
                other = jax.tree.unflatten(structure, moved)
                return density(other, *around(model), 0.02 * size_of(model))

            numeric = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)
            scale = np.max(np.abs(numeric)) + peak
            # The centre itself is left out: an ellipse's profile has no second derivative there.
            np.testing.assert_allclose(slope[4:], numeric[4:], rtol=1e-6, atol=1e-6 * scale)


def integral(model, resolution: float = 0.0) -> float:
    """Integrate over rings out to where nothing is left."""
    nodes, weights = gauss_legendre(16)
    n_angles, n_rings = 48, 120
    # The evaluation radius cuts tails of 1e-5.
    edges = np.linspace(0.0, min(1.8 * float(model.evaluation_radius), 180.0), n_rings + 1)
    half = 0.5 * np.diff(edges)[:, None]
    radius = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
    area = np.sin(np.radians(radius)) * np.radians(half * weights).ravel()
    angle = np.arange(n_angles)[:, None] * 360.0 / n_angles
    lon, lat = offset_by(*model.position, angle, radius)
    return float(np.sum(density(model, lon, lat, resolution) * area) * 2 * np.pi / n_angles)


@pytest.mark.parametrize("cls", SHAPES)
def test_integral_over_the_sphere_is_one(cls):
    moved = instances(cls)
    flat = [with_values(m, {"e": 0.0}) for m in moved[:1] if "e" in specs(m)]
    for model in moved + flat:
        assert integral(model) == pytest.approx(1.0, abs=1e-4)


SIZES = ("sigma", "r_0", "radius", "width")


def scaled(model, factor: float):
    """Give a model of another size, near the pole."""
    values = {name: factor * value for name, value in own_values(model).items() if name in SIZES}
    return with_values(model, values | {"lat_0": 88.0})


@pytest.mark.parametrize("cls", SHAPES)
@pytest.mark.parametrize("size", [2e-3, 0.1, 10.0])
def test_integral_is_one_for_every_size(cls, size):
    """Also if edges are softened to a tenth of the size, as where pixels are large."""
    model = scaled(example(cls), size)
    assert integral(model) == pytest.approx(1.0, abs=1e-4)
    assert integral(model, 0.05 * float(model.evaluation_radius)) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("cls", FREE)
def test_finite_on_the_borders(cls):
    for model in borders(cls):
        lon, lat = around(build_like(model))
        for resolution in (0.0, 0.01):
            assert np.all(np.isfinite(density(model, lon, lat, resolution)))
            found = slopes(model, lon, lat, resolution), bends(model, lon, lat, resolution)
            assert all(np.all(np.isfinite(leaf)) for leaf in leaves(found))


def build_like(model):
    """Give the model a size again, to place points around one that has shrunk to nothing."""
    sizes = {name: value for name, value in own_values(model).items() if name in SIZES}
    return with_values(model, {name: max(float(value), 0.5) for name, value in sizes.items()})


@pytest.mark.parametrize("cls", FREE)
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
    if "lon_0" in specs(model):
        assert [float(x) for x in model.position] == [float(model.lon_0), float(model.lat_0)]
    assert len(model.position) == 2
    assert float(model.evaluation_radius) >= 0.0
    assert (float(model.evaluation_radius) == 0.0) == model.is_point
    assert (float(model.evaluation_bin_size) == 0.0) == model.is_point


@pytest.mark.parametrize("cls", [e for e in SPATIAL if not e.values[0].is_tabulated])
def test_frame_is_checked(cls):
    if REGISTRY["spatial"]["piecewise-norm"].cls is cls:
        places = {"lon": [0, 1, 0, 1], "lat": [0, 0, 1, 1], "norms": [1, 1, 1, 1]}
    else:
        places = {}
    assert cls(frame="galactic", **places).frame == "galactic"
    with pytest.raises(ValueError, match="fk4"):
        cls(frame="fk4", **places)


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["tag"])
def test_values_are_those_of_gammapy(case):
    cls = lookup("spatial", case["tag"])
    model = cls(**case["parameters"], frame=case["frame"])
    expected = np.array(case["density"])
    found = density(model, np.array(case["lon"]), np.array(case["lat"]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * expected.max())
    declared = specs(cls)
    assert list(declared) == case["names"]
    assert [spec.frozen for spec in declared.values()] == case["frozen"]
    assert REFERENCE["gammapy"] == "2.1"


def test_every_shape_is_compared_with_gammapy():
    """Constant flux is per pixel, and tables are compared where they are tested."""
    compared = {case["tag"] for case in REFERENCE["cases"]}
    registered = {tag for tag, e in REGISTRY["spatial"].items() if not e.cls.is_point}
    assert registered - compared == {"const-flux", "template", "templateND", "piecewise-norm"}
