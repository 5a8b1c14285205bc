"""Cutting datasets, and masks of energy ranges."""

import dataclasses

import astropy.units as u
import numpy as np
import pytest

from gjax.dataset.dataset import Dataset
from gjax.dataset.edit import cutout, energy_mask, slice_energy, with_mask_fit
from gjax.dataset.response import RecoPSFMap
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom


@pytest.fixture
def dataset(make):
    return make(1, mask_fit=np.ones((4, 10, 12), bool))


def test_only_bins_wholly_inside_are_in_the_mask():
    axis = MapAxis.from_energy_bounds(1.0, 100.0, 4)  # edges at half decades
    assert energy_mask(axis, 2.0, 90.0).tolist() == [False, True, True, False]
    assert energy_mask(axis, 1.0 * u.TeV, 10 * u.TeV).tolist() == [True, True, False, False]
    assert energy_mask(axis, "3.0 TeV").tolist() == [False, True, True, True]
    assert energy_mask(axis).all()


def test_edge_that_differs_in_the_last_digit_is_inside():
    axis = MapAxis.from_energy_bounds(0.1, 10.0, 20)
    for i, edge in enumerate(axis.edges[:-1]):
        assert energy_mask(axis, edge * (1 + 1e-12)).sum() == 20 - i


def test_mask_fit_is_range_times_image(dataset):
    image = np.zeros((10, 12), bool)
    image[3:5, 2:9] = True
    masked = with_mask_fit(dataset, 3.0, image=image)
    assert masked.mask_fit.sum() == 3 * 14
    np.testing.assert_array_equal(masked.mask, masked.mask_fit & dataset.mask_safe)
    with pytest.raises(ValueError, match="image mask has shape"):
        with_mask_fit(dataset, image=np.ones((3, 3), bool))


def test_slice_takes_the_nearest_edges(dataset):
    part = slice_energy(dataset, 2.9, 28.0, name="part")
    assert part.name == "part"
    np.testing.assert_allclose(part.energy.edges, [10**0.5, 10.0, 10**1.5])
    for key in ("counts", "background", "mask_safe", "mask_fit"):
        np.testing.assert_array_equal(getattr(part, key), getattr(dataset, key)[1:3])
    np.testing.assert_array_equal(part.exposure, dataset.exposure)
    np.testing.assert_array_equal(part.edisp.data, dataset.edisp.data[:, 1:3])
    assert part.edisp.energy == part.energy


def test_slice_of_migra_maps_keeps_them(make):
    dataset = make(1, kind="migra")
    assert slice_energy(dataset, 10.0).edisp is dataset.edisp
    assert slice_energy(dataset).shape == dataset.shape


def test_empty_slice_is_refused(dataset):
    with pytest.raises(ValueError, match="'d1': no energy bin between"):
        slice_energy(dataset, 10.0, 10.5)


def test_cutout_takes_maps_and_responses(dataset, geom):
    part = cutout(dataset, (10.5, 20.5), 2.0)
    piece, slices = geom.cutout((10.5, 20.5), 2.0)
    assert part.geom == piece
    for key in ("counts", "exposure", "background", "mask_safe"):
        np.testing.assert_array_equal(getattr(part, key), getattr(dataset, key)[(..., *slices)])
    assert part.psf.geom.shape == (3, 3)  # never fewer, or nothing could be interpolated
    lon, lat = part.psf.geom.coords()
    ix, iy = dataset.psf.geom.coord_to_idx(lon, lat)
    np.testing.assert_array_equal(part.psf.data, dataset.psf.data[:, :, iy, ix])
    np.testing.assert_array_equal(part.edisp.exposure, dataset.edisp.exposure[:, iy, ix])


def test_psf_in_reconstructed_energy_is_cut_with_the_counts(dataset):
    psf = dataset.psf
    data = np.arange(4.0)[:, None, None, None] * np.ones((4, 5, *psf.geom.shape))
    reco = RecoPSFMap(data, data[:, 0], psf.geom, dataset.energy, psf.rad)
    dataset = dataclasses.replace(dataset, psf=reco)
    part = slice_energy(dataset, 2.9, 28.0)
    np.testing.assert_array_equal(part.psf.data[:, 0, 0, 0], [1.0, 2.0])
    assert part.psf.energy == part.energy
    assert part.psf.exposure.shape == (2, *psf.geom.shape)
    bare = dataclasses.replace(dataset, psf=dataclasses.replace(reco, exposure=None))
    assert slice_energy(bare, 2.9, 28.0).psf.exposure is None
    assert cutout(bare, (10.5, 20.5), 2.0).psf.geom.shape == (3, 3)


def test_cutout_keeps_a_response_that_holds_everywhere(dataset):
    psf = dataset.psf
    everywhere = WcsGeom.create((10.0, 0.0), (360.0, 180.0), npix=1)
    one = type(psf)(np.ones((3, 5, 1, 1)), np.ones((3, 1, 1)), everywhere, psf.energy_true, psf.rad)
    assert cutout(dataclasses.replace(dataset, psf=one), (10.5, 20.5), 2.0).psf is one


def test_region_has_no_pieces(make):
    spectrum = Dataset(
        "one", RegionGeom.circle(10.0, 20.0, 0.1), make(1).energy, make(1).energy_true
    )
    with pytest.raises(ValueError, match="'one' is a region: it has no pieces of sky"):
        cutout(spectrum, (10.0, 20.0), 1.0)


def test_energy_range_of_on_off_spectrum(make):
    shape = (4, 1, 1)
    off = np.arange(4.0).reshape(shape)
    geom = RegionGeom.circle(10.0, 20.0, 0.1)
    spectrum = Dataset(
        "one",
        geom,
        make(1).energy,
        make(1).energy_true,
        counts=np.ones(shape),
        counts_off=off,
        acceptance=np.ones(shape),
        acceptance_off=np.full(shape, 2.0),
        geom_off=geom,
    )
    edges = spectrum.energy.edges
    part = slice_energy(spectrum, edges[1], edges[3])
    np.testing.assert_array_equal(part.counts_off, off[1:3])
    np.testing.assert_array_equal(part.alpha, 0.5)
    assert part.geom_off == geom
    fitted = with_mask_fit(spectrum, edges[1], edges[3])
    assert fitted.mask.ravel().tolist() == [False, True, True, False]
