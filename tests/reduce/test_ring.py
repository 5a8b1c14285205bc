"""Rings around each pixel: sums, and the same as Gammapy's rings on real maps."""

import dataclasses
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from regions import CircleSkyRegion

from gjax.dataset.stack import stack
from gjax.io.gadf import DataStore
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region import region_mask
from gjax.maps.region_geom import RegionGeom
from gjax.maps.wcs import WcsGeom
from gjax.reduce.pipeline import reduce_map_dataset
from gjax.reduce.ring import adaptive_ring_background, ring_background, ring_kernel
from gjax.reduce.safe_mask import safe_mask

DATA = Path(__file__).parents[1] / "reference" / "data"
CRAB = (83.63, 22.01)


@pytest.fixture(scope="module")
def dataset(observation, energy, energy_true):
    geom = WcsGeom.create(CRAB, 0.1, (4.0, 3.0), proj="TAN")
    return reduce_map_dataset(
        observation, geom, energy, energy_true, selection=("counts", "background")
    )


def _circle(geom, radius):
    at = CircleSkyRegion(RegionGeom.point(*CRAB).regions[0].center, radius * u.deg)
    return Map(region_mask(geom, at, inside=False), geom)


def _direct(cube, kernel):
    """Sum pixel by pixel."""
    total = np.zeros(cube.shape)
    rows, columns = (size // 2 for size in kernel.shape)
    padded = np.pad(cube, ((0, 0), (rows, rows), (columns, columns)))
    for y, x in np.argwhere(kernel):
        total += padded[:, y : y + cube.shape[1], x : x + cube.shape[2]]
    return total


def test_kernel_is_a_ring():
    geom = WcsGeom.create((0, 0), 0.1, (2.0, 2.0), proj="TAN")
    kernel = ring_kernel(geom, 0.5, 0.3)
    y, x = np.argwhere(kernel).T - kernel.shape[0] // 2
    distance = 0.1 * np.hypot(x, y)
    assert (distance.min(), distance.max()) == pytest.approx((0.5, 0.8))
    np.testing.assert_array_equal(kernel, kernel[::-1])
    area = np.pi * (0.8**2 - 0.5**2) / 0.1**2
    assert kernel.sum() == pytest.approx(area, rel=0.05)
    assert ring_kernel(geom, 0.0, 0.05).sum() == 1


def test_ring_is_round_on_the_sky_where_pixels_are_not_square():
    geom = WcsGeom.create((0, 0), (0.1, 0.05), (2.0, 2.0), proj="TAN")
    kernel = ring_kernel(geom, 0.3, 0.2)
    assert (kernel.any(axis=1).sum(), kernel.any(axis=0).sum()) == (21, 11)
    assert kernel.sum() == pytest.approx(np.pi * (0.5**2 - 0.3**2) / 0.005, rel=0.1)


def test_sums_are_those_of_the_pixels_in_the_ring(dataset):
    mask = _circle(dataset.geom, 0.4)
    result = ring_background(dataset, mask, r_in=0.5, width=0.3 * u.deg)
    kernel = ring_kernel(dataset.geom, 0.5, 0.3)
    np.testing.assert_array_equal(result.counts_off, _direct(dataset.counts * mask.data, kernel))
    np.testing.assert_allclose(
        result.acceptance_off, _direct(dataset.background * mask.data, kernel), rtol=1e-9
    )
    np.testing.assert_array_equal(result.acceptance, dataset.background)
    assert result.is_onoff
    assert result.background is None


def test_background_of_pure_background_is_itself(dataset):
    flat = dataclasses.replace(dataset, counts=7.0 * dataset.background)
    result = ring_background(flat, _circle(dataset.geom, 0.4), r_in=0.5, width=0.3)
    np.testing.assert_allclose(result.alpha * result.counts_off, flat.counts, rtol=1e-9)
    np.testing.assert_allclose(result.excess, 0, atol=1e-9 * flat.counts.max())


def test_nothing_is_safe_without_off_acceptance(dataset):
    far = np.zeros(dataset.geom.shape, bool)
    far[:, -1] = True
    result = ring_background(dataset, Map(far, dataset.geom), r_in=0.5, width=0.3)
    assert not result.mask_safe[..., :25].any()
    assert (result.acceptance_off[..., :25] == 0).all()
    assert result.mask_safe[..., -8].all()


def test_ring_grows_until_it_is_large_enough(dataset):
    mask = _circle(dataset.geom, 0.7)
    options = {"r_in": 0.3, "r_out_max": 1.4, "width": 0.2, "stepsize": 0.1, "theta": 0.15}
    for method in ("fixed_width", "fixed_r_in"):
        result = adaptive_ring_background(
            dataset, mask, **options, threshold_alpha=0.1, method=method
        )
        near = _direct(dataset.background, ring_kernel(dataset.geom, 0.0, 0.15))
        safe = result.mask_safe
        assert safe.any()
        assert (near[safe] <= 0.1 * result.acceptance_off[safe] * (1 + 1e-9)).all()
        first = ring_background(dataset, mask, r_in=0.3, width=0.2)
        enough = near <= 0.1 * first.acceptance_off
        np.testing.assert_array_equal(result.counts_off[enough], first.counts_off[enough])
        assert not enough[:, 15, 20].any()
        assert result.mask_safe[:, 15, 20].all()


def test_unsuitable_input_is_refused(dataset, energy, energy_true):
    with pytest.raises(ValueError, match="r_in must be positive"):
        ring_background(dataset, r_in=0.0, width=0.3)
    with pytest.raises(ValueError, match="no counts or no background"):
        ring_background(dataclasses.replace(dataset, background=None), r_in=0.3, width=0.3)
    spectrum = dataclasses.replace(
        dataset, geom=RegionGeom.circle(*CRAB, 0.1), counts=None, background=None, mask_safe=None
    )
    with pytest.raises(ValueError, match="is a region: rings need a map"):
        ring_background(spectrum, r_in=0.3, width=0.3)
    options = {"r_in": 0.3, "r_out_max": 0.4, "width": 0.2}
    with pytest.raises(ValueError, match=r"no ring fits between 0\.3 and 0\.4 deg"):
        adaptive_ring_background(dataset, **options)
    with pytest.raises(ValueError, match="unknown method 'fixed'"):
        adaptive_ring_background(dataset, **(options | {"r_out_max": 1.0}), method="fixed")


@pytest.fixture(scope="module")
def real(gammapy_data):
    """Two maps of H.E.S.S. observations, as in ``tests/reference/make_onoff.py``."""
    geom = WcsGeom.create(CRAB, 0.05, 3.0, proj="TAN")
    axes = MapAxis.from_energy_bounds(0.3, 30, 4, name="energy_true")
    store = DataStore(gammapy_data / "hess-dl3-dr1")

    def reduce(obs_id, nbin):
        observation = store.observation(obs_id)
        energy = MapAxis.from_energy_bounds(0.5, 20, nbin)
        made = reduce_map_dataset(
            observation, geom, energy, axes, selection=("counts", "background", "exposure")
        )
        return safe_mask(made, observation, ["offset-max"], offset_max=2.0)

    return reduce, _circle(geom, 0.3)


def _agrees(result, prefix):
    with np.load(DATA / "ring.npz") as reference:
        # Where no ring is large enough Gammapy has NaN, and calls that safe.
        known = np.isfinite(reference[f"{prefix}_acceptance_off"])
        assert not result.mask_safe[..., ::2, ::3][~known].any()
        for key in ("counts", "counts_off", "mask_safe", "acceptance", "acceptance_off"):
            expected = reference[f"{prefix}_{key}"][known]
            actual = np.asarray(getattr(result, key))[..., ::2, ::3][known]
            # Gammapy convolves in single precision.
            scale = 1e-6 * max(float(expected.max()), 1.0)
            np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=scale)


def test_rings_of_real_maps_agree_with_gammapy(real):
    reduce, mask = real
    rings = [ring_background(reduce(i, 2), mask, r_in=0.5, width=0.3) for i in (23523, 23526)]
    _agrees(rings[0], "ring")
    _agrees(stack(rings), "stacked")


@pytest.mark.parametrize("method", ["fixed_width", "fixed_r_in"])
def test_adaptive_rings_of_real_maps_agree_with_gammapy(real, method):
    reduce, mask = real
    result = adaptive_ring_background(
        reduce(23523, 1),
        mask,
        r_in=0.3,
        r_out_max=0.9,
        width=0.2,
        stepsize=0.1,
        threshold_alpha=0.0075,
        # One pixel, which is what Gammapy's rings are made for whatever theta is.
        theta=0.02,
        method=method,
    )
    _agrees(result, method)
