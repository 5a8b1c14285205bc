"""Maps of one shape share windows and padding; each dataset has the sources that it names."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.maps import WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import ConstantSpatial, Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters
from gjax.predict import npred_prepared, prepare
from gjax.predict.joint_plan import plan_datasets
from gjax.predict.options import Folding

GEOM = WcsGeom.create((83.63, 22.01), binsz=0.05, npix=30, proj="TAN")


@pytest.fixture
def pair(gaussian_dataset):
    """Two observations, of which the second has a wider PSF."""
    sharp, wide = gaussian_dataset(GEOM, 0.06), gaussian_dataset(GEOM, 0.15)
    return [
        dataclasses.replace(one, name=name, counts=np.ones(one.shape))
        for one, name in ((sharp, "sharp"), (wide, "wide"))
    ]


def models():
    return Models.create(
        {
            "point": SkyModel(PowerLaw(2.0, 1e-11), Point(83.6, 22.0)),
            "gauss": SkyModel(PowerLaw(2.0, 1e-11), Gaussian(83.7, 22.0, 0.1)),
            "other": SkyModel(PowerLaw(2.0, 1e-11), Point(83.5, 22.1), datasets_names=("wide",)),
        }
    )


def test_shared_shapes(pair):
    sky = models()
    free = {(i, "spatial") for i in range(3)}
    plans = plan_datasets(pair, sky, free, Folding())
    assert plans[0].sources == [0, 1]
    assert plans[1].sources == [0, 1, 2]
    assert plans[0].plans[0].window != plans[1].plans[0].window
    assert plans[0].windows[0] == plans[1].windows[0] == plans[1].windows[2]
    assert plans[0].windows[1] == plans[1].windows[1]
    assert plans[0].pad == plans[1].pad


def test_shared_shapes_predict_the_same(pair):
    sky = Models.create(dict(list(models().items())[:2]))
    both = prepare(pair, sky)
    assert len(both.blocks) == 1
    for dataset, found in zip(pair, npred_prepared(both, sky), strict=True):
        (alone,) = npred_prepared(prepare(dataset, sky), sky)
        np.testing.assert_allclose(found, alone, atol=1e-9 * alone.max())


def test_source_without_morphology_is_refused(pair):
    sky = Models.create({"bare": SkyModel(PowerLaw(2.0, 1e-11))})
    with pytest.raises(ValueError, match="'bare' has no spatial model"):
        prepare(pair, sky, Parameters.from_models(sky))


def test_sources_that_do_not_reach_the_map_are_left_out(gaussian_dataset):
    """The PSF ends at 0.48 deg, and corners of the map are 1.06 deg from its centre."""
    dataset = gaussian_dataset(GEOM, 0.06)
    spectrum = PowerLaw(2.0, 1e-11)
    near, far = (Point(83.63, 22.01 + 1.07 + reach) for reach in (0.46, 0.48))
    shapes = {
        "near": near,
        "far": far,
        "wide": Gaussian(83.63, 23.6, 0.3),
        "whole": ConstantSpatial(),
        "beyond": Point(263.63, -22.01),
    }
    sky = Models.create({name: SkyModel(spectrum, shape) for name, shape in shapes.items()})
    assert plan_datasets([dataset], sky, set(), Folding())[0].sources == [0, 2, 3]
    free = {(i, "spatial") for i in range(5) if i != 3}
    assert plan_datasets([dataset], sky, free, Folding())[0].sources == [0, 1, 2, 3]
    wider = gaussian_dataset(WcsGeom.create((83.63, 22.01), binsz=0.05, npix=90), 0.06)
    only = Models.create({"far": sky["far"]})
    (everywhere,) = npred_prepared(prepare(wider, only), only)
    assert everywhere.sum() > 0.9 * 9.0
    assert everywhere[:, 30:-30, 30:-30].max() < 1e-12
