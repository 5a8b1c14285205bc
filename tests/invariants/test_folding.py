"""What holds for every model and dataset: conservation, linearity, independence of order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.predict import npred, npred_prepared, prepare
from gjax.predict.response import edisp_kernel

quick = settings(deadline=None, max_examples=20)

#: Well inside the map, whose border is half a degree away.
lon, lat = st.floats(83.45, 83.8), st.floats(21.85, 22.15)
index, amplitude = st.floats(1.5, 3.5), st.floats(1e-13, 1e-10)


def make(spatial, spectral) -> Models:
    return Models.create({"source": SkyModel(spectral, spatial)})


@pytest.fixture(scope="module")
def bare(dataset):
    """Take the background away and make the exposure the same everywhere."""
    exposure = np.broadcast_to(dataset.exposure[:, :1, :1], dataset.exposure.shape)
    return dataclasses.replace(dataset, background=None, exposure=exposure)


@pytest.fixture(scope="module", params=["point", "gauss"])
def fold(request, bare):
    """Prepare one kind of source once; give its prediction at any values."""

    def model(lon, lat, index, amplitude):
        at = Point(lon, lat) if request.param == "point" else Gaussian(lon, lat, 0.06)
        return make(at, PowerLaw(index, amplitude))

    prepared = prepare(bare, model(83.63, 22.01, 2.0, 1e-11))
    return lambda *values: npred_prepared(prepared, model(*values))[0]


@quick
@given(lon, lat, index, amplitude)
def test_psf_and_energy_dispersion_conserve_counts(fold, bare, lon, lat, index, amplitude):
    """What the spectrum puts into each energy is what the map holds, but for lost energies."""
    edges = bare.energy_true.edges
    flux = np.asarray(PowerLaw(index, amplitude).integral(edges[:-1], edges[1:]))
    # The responses are those of the place where the source was prepared.
    edisp = edisp_kernel(bare.edisp, bare.energy_true, bare.energy, (83.63, 22.01))
    expected = (flux * bare.exposure[:, 0, 0]) @ edisp
    found = fold(lon, lat, index, amplitude).sum(axis=(1, 2))
    # The widest PSF reaches over the border by a few 1e-3 of its counts.
    np.testing.assert_allclose(found, expected, rtol=6e-3)


@quick
@given(lon, lat, index, amplitude, st.floats(0.01, 100.0))
def test_prediction_is_linear_in_amplitude(fold, lon, lat, index, amplitude, factor):
    one = fold(lon, lat, index, amplitude)
    np.testing.assert_allclose(
        fold(lon, lat, index, factor * amplitude), factor * one, rtol=1e-10, atol=1e-12 * one.max()
    )


@quick
@given(lon, lat, index)
def test_prediction_is_positive(fold, lon, lat, index):
    assert fold(lon, lat, index, 1e-11).min() >= 0.0


@pytest.mark.parametrize("order", [(3, 2, 1, 0), (2, 0, 3, 1)])
def test_order_of_sources_does_not_matter(dataset, order):
    sources = [
        ("a", SkyModel(PowerLaw(2.0, 1e-11), Point(83.6, 22.0))),
        ("b", SkyModel(PowerLaw(2.5, 2e-11), Point(83.7, 22.1))),
        ("c", SkyModel(PowerLaw(2.2, 3e-11), Gaussian(83.5, 21.9, 0.1))),
        ("d", SkyModel(PowerLaw(3.0, 1e-11), Point(83.45, 22.2))),
    ]
    expected = npred(dataset, Models.create(sources))
    found = npred(dataset, Models.create([sources[i] for i in order]))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_order_of_datasets_does_not_matter(dataset):
    models = make(Point(83.6, 22.0), PowerLaw(2.0, 1e-11))
    short = dataclasses.replace(dataset, name="short", exposure=0.5 * dataset.exposure)
    one, two = npred([dataset, short], models), npred([short, dataset], models)
    np.testing.assert_allclose(one, two[::-1], rtol=1e-12)


def test_half_the_exposure_is_half_the_counts(bare):
    models = make(Gaussian(83.6, 22.0, 0.1), PowerLaw(2.0, 1e-11))
    half = dataclasses.replace(bare, exposure=0.5 * bare.exposure)
    np.testing.assert_allclose(npred(half, models), 0.5 * npred(bare, models), rtol=1e-12)


@pytest.mark.parametrize("spatial", [Point(83.6, 22.0), Gaussian(83.6, 22.0, 0.05)])
def test_a_source_may_be_split(bare, spatial):
    """Two sources of half the flux at one place are the one."""
    half = SkyModel(PowerLaw(2.0, 5e-12), spatial)
    both = npred(bare, Models.create({"a": half, "b": half}))
    np.testing.assert_allclose(both, npred(bare, make(spatial, PowerLaw(2.0, 1e-11))), rtol=1e-12)
