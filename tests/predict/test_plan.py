"""The plan of a source: its kind, its window, its responses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.maps import MapAxis, WcsGeom
from gjax.model.spatial import Disk, Gaussian, Point
from gjax.predict import GAMMAPY, Folding
from gjax.predict.extended import ExtendedSource
from gjax.predict.plan import plan_source
from gjax.predict.source import BilinearSource, ProfileSource

GEOM = WcsGeom.create((83.63, 22.01), 0.05, npix=(60, 40), proj="TAN")


def made(plan):
    """Make the source of a plan in its own window."""
    return plan.make(64, plan.window)


@pytest.fixture(scope="module")
def dataset(gaussian_dataset):
    return gaussian_dataset(GEOM, 0.05)


@pytest.mark.parametrize(
    ("spatial", "folding", "kind"),
    [
        (Point(83.6, 22.0), Folding(), ProfileSource),
        (Point(83.6, 22.0), GAMMAPY, BilinearSource),
        (Disk(83.6, 22.0, 0.3), Folding(), ExtendedSource),
        (Gaussian(83.6, 22.0, 0.3), GAMMAPY, ExtendedSource),
    ],
)
def test_kind(dataset, spatial, folding, kind):
    source = made(plan_source(dataset, spatial, True, folding))
    assert isinstance(source, kind)
    np.testing.assert_allclose(np.asarray(source.edisp), 1.0)


def test_window_holds_source_and_psf(dataset):
    reach = np.sqrt(-2 * np.log(0.001))  # of the PSF, in pixels as large as its width
    point = plan_source(dataset, Point(83.6, 22.0), True, Folding()).window
    small = plan_source(dataset, Gaussian(83.6, 22.0, 0.06), False, Folding()).window
    free = plan_source(dataset, Gaussian(83.6, 22.0, 0.06), True, Folding()).window
    assert min(point.shape) > 2 * reach
    assert min(small.shape) > 2 * (5 * 0.06 / 0.05 + reach)
    assert min(free.shape) >= min(small.shape)


def test_window_of_a_large_source_is_the_map(dataset):
    window = plan_source(dataset, Gaussian(83.6, 22.0, 3.0), True, Folding()).window
    assert all(size < pixels + 40 for size, pixels in zip(window.shape, GEOM.shape, strict=True))


def test_source_without_psf_is_not_convolved(dataset):
    bare = dataclasses.replace(dataset, psf=None)
    source = made(plan_source(bare, Gaussian(83.6, 22.0, 0.3), True, Folding()))
    assert source.kernel is None


def test_psf_of_other_energies_is_refused(dataset):
    axis = MapAxis.from_energy_bounds(1.0, 12.0, 1, name="energy_true")
    other = dataclasses.replace(dataset, psf=dataclasses.replace(dataset.psf, energy_true=axis))
    with pytest.raises(ValueError, match="the PSF has 1 energy bins"):
        plan_source(other, Point(83.6, 22.0), True, Folding())


def test_oversampling_resolves_the_source(dataset):
    sizes = (0.3, 0.1, 0.03, 0.001)
    found = [
        made(plan_source(dataset, Gaussian(83.6, 22.0, s), True, Folding())).oversampling
        for s in sizes
    ]
    assert found == sorted(found)
    # Two sub-pixels for each third of the width, up to a limit; a pixel is 0.05 deg but for 1e-5.
    assert all(n >= min(1.999 * 0.05 / (s / 3), 16) for n, s in zip(found, sizes, strict=True))
    assert max(found) <= 16
