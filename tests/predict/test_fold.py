"""Folding is the sum of its parts, dataset by dataset."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest

from gjax.maps import WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.predict import fold, map_datasets, npred, npred_prepared, prepare
from tests.predict.conftest import N_SOURCE

POINT = SkyModel(PowerLaw(2.0, 1e-11), Point(83.7, 22.1))
OTHER = SkyModel(PowerLaw(2.0, 3e-12), Point(83.5, 21.9))
GAUSS = SkyModel(PowerLaw(2.0, 2e-11), Gaussian(83.6, 22.0, 0.12))


@pytest.fixture(scope="module")
def dataset(gaussian_dataset):
    geom = WcsGeom.create((83.63, 22.01), 0.05, npix=(26, 22), proj="TAN")
    y, x = np.mgrid[:22, :26]
    return gaussian_dataset(geom, 0.08, background=(0.1 + 0.01 * x + 0.002 * y)[None])


def test_parts_add_up(dataset):
    background = FoVBackground("toy", PowerLawNorm(norm=1.3))
    members = {"a": POINT, "b": OTHER, "c": GAUSS}
    together = npred(dataset, Models.create([*members.items(), background]))
    bare = dataclasses.replace(dataset, background=None)
    single = [npred(bare, Models.create({name: model})) for name, model in members.items()]
    np.testing.assert_allclose(together, sum(single) + 1.3 * dataset.background, rtol=1e-12)


def test_stacked_sources_are_those_one_by_one(dataset):
    """Sources of one kind go through one piece of code."""
    models = Models.create({"a": POINT, "b": OTHER, "c": POINT})
    bare = dataclasses.replace(dataset, background=None)
    prepared = prepare(bare, models)
    assert len(prepared.blocks[0].members[0].sources) == 1, "one kind"
    single = [npred(bare, Models.create({"x": model})) for model in (POINT, OTHER)]
    found = npred_prepared(prepared, models)[0]
    np.testing.assert_allclose(found, 2 * single[0] + single[1], rtol=1e-12)


def test_order_of_sources_does_not_matter(dataset):
    one = npred(dataset, Models.create({"a": POINT, "b": GAUSS, "c": OTHER}))
    two = npred(dataset, Models.create({"c": OTHER, "b": GAUSS, "a": POINT}))
    np.testing.assert_allclose(one, two, rtol=1e-12)


def test_datasets_of_any_shape_keep_their_order(dataset, gaussian_dataset):
    geom = WcsGeom.create((83.63, 22.01), 0.05, npix=(22, 26), proj="TAN")
    odd = gaussian_dataset(geom, 0.08, name="odd")
    twin = dataclasses.replace(dataset, name="twin", exposure=2 * dataset.exposure)
    models = Models.create({"a": POINT, "only": dataclasses.replace(OTHER, datasets_names="twin")})
    prepared = prepare([dataset, odd, twin], models)
    cubes = npred_prepared(prepared, models)
    assert [cube.shape for cube in cubes] == [(1, 22, 26), (1, 26, 22), (1, 22, 26)]
    for cube, one in zip(cubes, (dataset, odd, twin), strict=True):
        np.testing.assert_allclose(cube, npred(one, models.for_dataset(one.name)), rtol=1e-12)
    total = jax.jit(lambda *args: map_datasets(lambda *one: fold(*one).sum(), *args))
    counts = total(prepared, models)
    np.testing.assert_allclose([float(c) for c in counts], [cube.sum() for cube in cubes])


def test_background_follows_its_model(dataset):
    models = Models.create([FoVBackground("toy", PowerLawNorm(norm=2.0, tilt=0.5))])
    center = dataset.energy.center[0]
    expected = 2.0 * center**-0.5 * dataset.background
    np.testing.assert_allclose(npred(dataset, models), expected, rtol=1e-12)
    np.testing.assert_allclose(npred(dataset, Models.create({})), dataset.background, rtol=1e-12)


def test_prediction_is_clipped_at_zero(dataset):
    dark = dataclasses.replace(POINT, spectral=PowerLaw(2.0, -1e-11))
    bare = dataclasses.replace(dataset, background=None)
    source = npred(bare, Models.create({"a": POINT}))
    found = npred(dataset, Models.create({"a": dark}))
    np.testing.assert_allclose(found, np.maximum(dataset.background - source, 0.0), atol=1e-12)
    assert (found == 0).any()


def test_exposure_multiplies_after_the_psf(dataset):
    """Each pixel has its own exposure, as in Gammapy."""
    tilted = dataset.exposure * np.linspace(0.5, 1.5, 26)
    bare = dataclasses.replace(dataset, background=None)
    flat = npred(bare, Models.create({"a": GAUSS}))
    found = npred(dataclasses.replace(bare, exposure=tilted), Models.create({"a": GAUSS}))
    np.testing.assert_allclose(found, flat * np.linspace(0.5, 1.5, 26), rtol=1e-12)


def test_counts_of_a_source(dataset):
    bare = dataclasses.replace(dataset, background=None)
    assert npred(bare, Models.create({"a": POINT})).sum() == pytest.approx(N_SOURCE, rel=1e-4)
