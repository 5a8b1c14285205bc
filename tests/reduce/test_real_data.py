"""Real observations: the same numbers as Gammapy's reduction."""

import numpy as np
import pytest

from gjax.io.gadf import DataStore
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.reduce.background import fov_norm
from gjax.reduce.edisp import MIGRA_AXIS
from gjax.reduce.exposure import pointing_in
from gjax.reduce.pipeline import reduce_map_dataset, reduce_observations
from gjax.reduce.safe_mask import safe_mask

STORES = {23523: "hess-dl3-dr1", 110380: "cta-1dc/index/gps"}
METHODS = {
    "aeff-default": {},
    "aeff-max": {"aeff_percent": 20},
    "aeff-max-offset": {"aeff_percent": 30, "fixed_offset": 1.0},
    "edisp-bias": {"bias_percent": 5},
    "bkg-peak": {},
    "offset-max": {"offset_max": 1.5},
}


@pytest.fixture(scope="module", params=STORES)
def obs_id(request):
    return request.param


@pytest.fixture(scope="module")
def real(gammapy_data, obs_id):
    return DataStore(gammapy_data / STORES[obs_id]).observation(obs_id)


@pytest.fixture(scope="module", params=["kernel", "migra"])
def reduced(request, real):
    geom = WcsGeom.create(pointing_in(real, "icrs"), 0.25, 5.0, proj="TAN")
    dataset = reduce_map_dataset(
        real,
        geom,
        MapAxis.from_energy_bounds(0.3, 30.0, 8),
        MapAxis.from_energy_bounds(0.1, 100.0, 12, name="energy_true"),
        binsize_irf=1.0,
        migra_axis=MIGRA_AXIS if request.param == "migra" else None,
    )
    return request.param, dataset


def test_maps_agree_with_gammapy(reduced, reference, obs_id):
    kind, dataset = reduced
    np.testing.assert_array_equal(dataset.counts[::3, ::2, ::3], reference[f"{obs_id}_counts"])
    np.testing.assert_array_equal(
        dataset.counts.sum(axis=(1, 2)), reference[str(obs_id)]["counts_sum"]
    )
    np.testing.assert_allclose(
        dataset.exposure[::3, ::2, ::3] / 1e4, reference[f"{obs_id}_exposure"], rtol=1e-6
    )
    # Gammapy's solid angles of pixels as large as these are off by a few 1e-6.
    np.testing.assert_allclose(
        dataset.background[::3, ::2, ::3], reference[f"{obs_id}_background"], rtol=1e-5, atol=1e-9
    )
    psf = reference[f"{obs_id}_psf"]
    np.testing.assert_allclose(dataset.psf.data[:, :, 2, ::2], psf, atol=1e-6 * psf.max())
    edisp = reference[f"{obs_id}_edisp_{kind}"]
    np.testing.assert_allclose(
        dataset.edisp.data[:, :, ::2, 1], edisp, rtol=1e-6, atol=1e-6 * edisp.max()
    )
    assert fov_norm(dataset)[0] == pytest.approx(reference[str(obs_id)]["norm"], rel=1e-5)


def test_safe_masks_agree_with_gammapy(reduced, real, reference, obs_id):
    kind, dataset = reduced
    for key, options in METHODS.items():
        method = "aeff-max" if key == "aeff-max-offset" else key
        mask = safe_mask(dataset, real, [method], **options).mask_safe
        expected = reference[str(obs_id)]["mask_safe"][f"{kind}/{key}"]
        assert mask.sum(axis=(1, 2)).tolist() == expected, key


def test_crab_has_the_counts_and_background_of_gammapy(gammapy_data):
    """Four observations with the background scaled outside of 0.4 deg about the source.

    Gammapy 2.1: 10069 counts in 902016 bins, background 9419.9579.
    """
    geom = WcsGeom.create((83.63, 22.01), 0.02, 5.0)
    wide = WcsGeom.create((83.63, 22.01), 0.02, 7.0)
    store = DataStore(gammapy_data / "hess-dl3-dr1")
    (dataset,) = reduce_observations(
        (store.observation(obs_id) for obs_id in (23523, 23526, 23559, 23592)),
        geom,
        MapAxis.from_energy_bounds(0.5, 50.0, 16),
        MapAxis.from_energy_bounds(0.3, 100.0, 26, name="energy_true"),
        offset_max=2.5,
        safe_mask=["offset-max", "aeff-default"],
        safe_mask_parameters={"offset_max": 2.5},
        background="fov_background",
        exclusion_mask=Map(wide.separation(83.63, 22.01) > 0.4, wide),
    )
    assert dataset.counts[dataset.mask].sum() == 10069
    assert dataset.mask.sum() == 902016
    assert dataset.background[dataset.mask].sum() == pytest.approx(9419.95789, rel=1e-7)
    assert float(dataset.livetime) == pytest.approx(6313.8116594)


@pytest.mark.parametrize("folder", ["hess-dl3-dr1", "cta-1dc/index/gps"])
def test_all_observations_reduce(gammapy_data, folder):
    store = DataStore(gammapy_data / folder)
    energy = MapAxis.from_energy_bounds(0.3, 30.0, 3)
    energy_true = MapAxis.from_energy_bounds(0.1, 100.0, 6, name="energy_true")
    for obs_id in store.obs_ids:
        observation = store.observation(obs_id)
        geom = WcsGeom.create(pointing_in(observation, "icrs"), 0.25, 4.0, proj="TAN")
        (dataset,) = reduce_observations(
            [observation],
            geom,
            energy,
            energy_true,
            binsize_irf=1.0,
            safe_mask=["aeff-max", "bkg-peak", "offset-max"],
            background="fov_background",
            stack=False,
        )
        assert dataset.mask_safe.any(), obs_id
        assert dataset.counts.sum() > 0, obs_id
        for part in (dataset.exposure, dataset.background, dataset.psf.data, dataset.edisp.data):
            assert np.isfinite(part).all(), obs_id
            assert part.max() > 0, obs_id
