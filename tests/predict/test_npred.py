"""Predicted counts for users: one dataset or several."""

from __future__ import annotations

import dataclasses

import numpy as np

from gjax.maps import WcsGeom
from gjax.model.spatial import Point
from gjax.predict import Folding, npred, npred_prepared, prepare


def test_one_dataset_or_several(gaussian_dataset, source):
    geom = WcsGeom.create((83.63, 22.01), 0.05, npix=16, proj="TAN")
    dataset, models = gaussian_dataset(geom, 0.05), source(Point(83.6, 22.0))
    twin = dataclasses.replace(dataset, name="twin")
    one, several = npred(dataset, models), npred([dataset, twin], models)
    assert type(one) is np.ndarray
    assert [type(cube) for cube in several] == [np.ndarray] * 2
    np.testing.assert_allclose(several[0], one, rtol=1e-12)
    np.testing.assert_array_equal(several[0], several[1])


def test_values_of_the_models_are_used_as_they_are(gaussian_dataset, source):
    geom = WcsGeom.create((83.63, 22.01), 0.05, npix=16, proj="TAN")
    dataset = gaussian_dataset(geom, 0.05)
    prepared = prepare(dataset, source(Point(83.6, 22.0)))
    moved = source(Point(83.65, 22.03), amplitude=2e-11)
    found = npred_prepared(prepared, moved)[0]
    # The PSF is the same everywhere; the pixels hardly change.
    expected = npred(dataset, moved)
    np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())


def test_folding_is_chosen(gaussian_dataset, source):
    geom = WcsGeom.create((83.63, 22.01), 0.05, npix=16, proj="TAN")
    dataset, models = gaussian_dataset(geom, 0.05), source(Point(83.6, 22.0))
    rough = npred(dataset, models, Folding(point="bilinear"))
    accurate = npred(dataset, models)
    assert 0.01 < np.abs(rough - accurate).max() / accurate.max() < 0.3
