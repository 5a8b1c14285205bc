"""Which backgrounds a dataset has."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.maps import Map, WcsGeom
from gjax.model import FoVBackground, Models
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLawNorm
from gjax.model.template_npred import TemplateNPred
from gjax.parameters import Parameters
from gjax.predict import npred, prepare
from gjax.predict.backgrounds import find_backgrounds

GEOM = WcsGeom.create((83.6, 22.0), 0.1, npix=(6, 5), proj="TAN")


@pytest.fixture
def dataset(gaussian_dataset):
    background = np.arange(30.0).reshape(1, 5, 6)
    return gaussian_dataset(GEOM, None, background=background)


@pytest.fixture
def template(dataset):
    cut, (rows, columns) = GEOM.cutout(GEOM.pix_to_coord(1.0, 1.0), (0.3, 0.3))
    data = np.full((1, *cut.shape), 2.0)
    return TemplateNPred(Map(data, cut, (dataset.energy,)), PowerLawNorm(norm=1.5)), (rows, columns)


def test_templates_are_added_where_they_are(dataset, template):
    model, where = template
    models = Models.create([("t", model), FoVBackground("toy", PowerLawNorm(norm=0.5))])
    expected = 0.5 * np.asarray(dataset.background)
    expected[(0, *where)] += 3.0
    np.testing.assert_allclose(npred(dataset, models), expected, rtol=1e-12)


def test_a_template_may_be_the_only_background(dataset, template):
    cubes, members, _ = find_backgrounds(
        dataclasses.replace(dataset, background=None), Models.create([("t", template[0])]), set()
    )
    assert members == (0,)
    assert cubes is not None
    assert cubes.sum() == pytest.approx(2.0 * 9)


def test_a_spatial_factor_multiplies(dataset):
    factor = Gaussian(83.6, 22.0, 0.2)
    models = Models.create([FoVBackground("toy", PowerLawNorm(), spatial=factor)])
    expected = np.asarray(dataset.background) * np.asarray(factor(*GEOM.coords()))
    table = Parameters.from_models(models).freeze("*.spatial.*")
    cubes, _, _ = find_backgrounds(dataset, models, set())
    np.testing.assert_allclose(cubes[0], expected, rtol=1e-12)
    assert prepare(dataset, models, table).blocks[0].members[0].background == (0,)


def test_a_model_needs_a_background(dataset):
    models = Models.create([FoVBackground("toy")])
    with pytest.raises(ValueError, match="background model but no background"):
        prepare(dataclasses.replace(dataset, background=None), models)


def test_off_counts_have_one_background(onoff_spectrum):
    cubes, members, _ = find_backgrounds(onoff_spectrum(), Models.create([]), set())
    assert cubes is None
    assert members == (-1,)
