"""Sources whose image is mixed from those at the nodes of parameters."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gjax.infer import fit
from gjax.maps import Map, MapAxis, RegionGeom, WcsGeom
from gjax.model.spatial import Gaussian, TemplateND
from gjax.parameters import Parameters, with_values
from gjax.predict import npred, prepare
from gjax.predict.fold import fold, map_datasets
from gjax.predict.node_source import NodeSource, mix_nodes
from gjax.predict.source import FixedSource

GEOM = WcsGeom.create((83.63, 22.01), binsz=0.05, npix=(40, 30), proj="TAN")
SIZE = MapAxis.from_nodes([0.1, 0.2, 0.4], name="size", unit="deg", interp="log")
SHIFT = MapAxis.from_nodes([-0.2, 0.0, 0.3], name="shift", unit="deg")
#: Not a node.
AT = {"size": 0.17, "shift": 0.1}


def blobs(energy: MapAxis | None = None) -> TemplateND:
    """Tabulate Gaussians of several sizes and places, brighter with energy if there is one."""
    geom = WcsGeom.create(GEOM.center, binsz=0.05, width=2.4, proj="TAN")

    def blob(shift, size):
        return np.asarray(Gaussian(83.63 + shift, 22.01, sigma=size)(*geom.coords()))

    data = np.array([[blob(x, size) for size in SIZE.center] for x in SHIFT.center])
    axes = (SHIFT, SIZE)
    if energy is not None:
        data, axes = data[:, :, None] * energy.center[:, None, None], (*axes, energy)
    return TemplateND.create(Map(data, geom, axes))


@pytest.fixture(scope="module")
def prepared(gaussian_dataset, source):
    """Prepare a source with free nodes."""
    models = source(with_values(blobs(), AT))
    return prepare(gaussian_dataset(GEOM, 0.08), models), models


def predict(prepared, models, **values):
    """Predict the counts at other values of the parameters."""
    one = models["source"]
    one = dataclasses.replace(one, spatial=with_values(one.spatial, values))
    changed = dataclasses.replace(models, members=(one,))
    return map_datasets(fold, prepared, changed)[0]


def test_at_a_node_it_is_the_template_of_the_node(prepared, gaussian_dataset, source):
    ready, models = prepared
    assert [type(s) for s in ready.blocks[0].data.sources] == [NodeSource]
    dataset, template = gaussian_dataset(GEOM, 0.08), models["source"].spatial
    for i, shift in enumerate(SHIFT.center):
        for j, size in enumerate(SIZE.center):
            expected = npred(dataset, source(template.at_node(i, j)))
            found = predict(ready, models, size=float(size), shift=float(shift))
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * expected.max())


def test_slope_is_the_finite_difference(prepared):
    ready, models = prepared

    def counts(values):
        return predict(ready, models, size=values[0], shift=values[1])

    at, step = jnp.array([AT["size"], AT["shift"]]), 1e-4
    slope = np.asarray(jax.jit(jax.jacfwd(counts))(at))
    for i in range(2):
        move = step * jnp.eye(2)[i]
        numeric = (counts(at + move) - counts(at - move)) / (2 * step)
        scale = np.abs(numeric).max()
        assert scale > 0
        np.testing.assert_allclose(slope[..., i], numeric, rtol=0, atol=1e-6 * scale)


def test_frozen_parameters_are_folded_once(prepared, gaussian_dataset):
    ready, models = prepared
    table = Parameters.from_models(models).freeze("*.size").freeze("*.shift")
    frozen = prepare(gaussian_dataset(GEOM, 0.08), models, table)
    assert [type(s) for s in frozen.blocks[0].data.sources] == [FixedSource]
    expected = map_datasets(fold, frozen, models)[0]
    np.testing.assert_allclose(predict(ready, models), expected, atol=1e-9 * expected.max())


@pytest.mark.parametrize("sigma", [None, 0.08], ids=["no psf", "psf"])
def test_cube(gaussian_dataset, source, sigma):
    energy = MapAxis.from_energy_bounds(0.5, 20.0, 4, name="energy_true")
    dataset, model = gaussian_dataset(GEOM, sigma), blobs(energy)
    models = source(with_values(model, {"size": 0.2, "shift": 0.3}))
    found = map_datasets(fold, prepare(dataset, models), models)[0]
    expected = npred(dataset, source(model.at_node(2, 1)))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * expected.max())


def test_in_a_region(gaussian_dataset, source):
    region = RegionGeom.circle(83.63, 22.01, 0.3)
    dataset = gaussian_dataset(GEOM, 0.08)
    dataset = dataclasses.replace(dataset, geom=region, exposure=np.full((1, 1, 1), 1e12))
    model = with_values(blobs(), {"size": 0.2, "shift": 0.0})
    models = source(model)
    found = float(map_datasets(fold, prepare(dataset, models), models)[0].sum())
    assert found == pytest.approx(npred(dataset, source(model.at_node(1, 1))).sum(), rel=1e-9)
    # The table is a Gaussian but for its interpolation.
    assert found == pytest.approx(
        npred(dataset, source(Gaussian(83.63, 22.01, 0.2))).sum(), rel=0.015
    )


def test_fit_finds_the_parameters(gaussian_dataset, source):
    dataset, true = gaussian_dataset(GEOM, 0.08), with_values(blobs(), AT)
    amplitude = 1e-9
    expected = npred(dataset, source(true, amplitude)) + 0.1
    dataset = dataclasses.replace(dataset, counts=expected, background=np.full(expected.shape, 0.1))
    start = source(with_values(true, {"size": 0.3, "shift": -0.1}), 2e-9)
    result = fit(dataset, start, parameters=Parameters.from_models(start).freeze("*.index"))
    assert result.success
    found = result.models["source"]
    assert float(found.spectral.amplitude) == pytest.approx(amplitude, rel=1e-3)
    for value, name in zip(found.spatial.parameters, ("shift", "size"), strict=True):
        assert float(value) == pytest.approx(AT[name], abs=1e-3)


def test_mixture_of_a_single_node_and_at_the_ends():
    values = np.arange(6.0).reshape(1, 3, 2)
    place = jnp.zeros(()), jnp.asarray(2.0)
    np.testing.assert_allclose(mix_nodes(values, place), values[0, 2])
    np.testing.assert_allclose(mix_nodes(values, (place[0], jnp.asarray(0.25))), [0.5, 1.5])
