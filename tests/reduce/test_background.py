"""Background counts and their scaling."""

import dataclasses
import logging

import numpy as np
import pytest

from gjax.events.gti import GTI
from gjax.events.pointing import Pointing
from gjax.irf.background import Background2D, Background3D
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.reduce.background import (
    background_cube,
    exclusion_on,
    fov_norm,
    scale_fov_background,
)
from gjax.reduce.field import celestial_field
from gjax.reduce.pipeline import reduce_map_dataset

LON, LAT = 83.63, 22.01


def _closed_form(observation, geom, energy, sign, truth):
    low, high = energy.edges[:-1], energy.edges[1:]
    spectrum = low ** (1 - truth.index) - high ** (1 - truth.index)
    spectrum *= truth.amplitude / (truth.index - 1)
    lon, _ = celestial_field(observation, geom)
    shape = np.exp(truth.slope * sign * lon) * geom.solid_angle() * truth.ontime
    return spectrum[:, None, None] * shape


# Detectors count longitude to the west, except in the first H.E.S.S. files.
@pytest.mark.parametrize(("alignment", "sign"), [("RADEC", -1), ("REVERSE_LON_RADEC", 1)])
def test_counts_are_rate_times_solid_angle_times_on_time(
    observation, geom, energy, alignment, sign, truth
):
    bkg = dataclasses.replace(observation.bkg, fov_alignment=alignment)
    counts = background_cube(dataclasses.replace(observation, bkg=bkg), geom, energy)
    expected = _closed_form(observation, geom, energy, sign, truth)
    np.testing.assert_allclose(counts, expected, rtol=1e-9)


def _reference_geometry():
    return WcsGeom.create((LON, LAT), 0.4, 4.0, proj="TAN"), MapAxis.from_energy_bounds(0.2, 5.0, 2)


def test_field_that_turns_agrees_with_gammapy(observation, reference):
    axis = MapAxis.from_edges(np.linspace(-3, 3, 13), "fov_lon", "deg")
    energy = MapAxis.from_energy_bounds(0.1, 10.0, 4)
    e, x, y = np.meshgrid(energy.center, axis.center, axis.center, indexing="ij")
    rate = e**-2.5 * np.exp(0.4 * x + 0.2 * y - 0.1 * (x**2 + y**2))
    axes = (energy, axis, dataclasses.replace(axis, name="fov_lat"))
    turning = dataclasses.replace(
        observation,
        gti=GTI([0.0], [1800.0], 53343.92),
        events=None,
        bkg=Background3D(Table(rate, axes, "TeV-1 s-1 sr-1", "log"), fov_alignment="ALTAZ"),
    )
    counts = background_cube(turning, *_reference_geometry())
    np.testing.assert_allclose(counts, reference["rotating_background"], rtol=1e-4)
    # Two halves of the time make the whole.
    halves = dataclasses.replace(turning, gti=GTI([0.0, 900.0], [900.0, 1800.0], 53343.92))
    np.testing.assert_allclose(background_cube(halves, *_reference_geometry()), counts, rtol=1e-3)


def test_radial_rate_with_an_empty_cell_agrees_with_gammapy(observation, reference):
    energy = MapAxis.from_energy_bounds(0.1, 10.0, 4)
    offset = MapAxis.from_edges(np.linspace(0, 2, 5), "offset", "deg")
    rate = energy.center[:, None] ** -2.5 * np.exp(-offset.center)
    rate[1, 2] = 0.0
    radial = dataclasses.replace(
        observation,
        gti=GTI([0.0], [1800.0], 53343.9),
        bkg=Background2D(Table(rate, (energy, offset), "TeV-1 s-1 sr-1", "log")),
    )
    counts = background_cube(radial, *_reference_geometry())
    # Gammapy's solid angles of pixels as large as these are off by 1e-5.
    np.testing.assert_allclose(counts, reference["radial_background"], rtol=2e-5)


def test_drift_is_refused(observation, geom, energy):
    drifting = Pointing(LON, LAT, 70.0, 180.0, "DRIFT", (16.5, -23.27, 1835.0))
    with pytest.raises(ValueError, match=r"observation 7.*fixed pointing"):
        background_cube(dataclasses.replace(observation, pointing=drifting), geom, energy)


@pytest.fixture(scope="module")
def dataset(observation, geom, energy, energy_true):
    return reduce_map_dataset(
        observation, geom, energy, energy_true, selection=("counts", "background")
    )


def _exclusion(geom, radius):
    wide = WcsGeom.create((LON, LAT), 0.05, 6.0)
    return Map(wide.separation(LON, LAT) > radius, wide)


def test_background_matches_the_counts_outside_the_exclusion(dataset, geom):
    exclusion = _exclusion(geom, 0.5)
    outside = exclusion_on(geom, exclusion)
    assert 60 < (~outside).sum() < 100  # a circle of 0.5 deg in pixels of 0.1 deg
    bright = dataset.counts + np.where(outside, 0.0, 1000.0)
    scaled = scale_fov_background(dataclasses.replace(dataset, counts=bright), exclusion)
    norm = dataset.counts[:, outside].sum() / dataset.background[:, outside].sum()
    np.testing.assert_allclose(scaled.background, norm * dataset.background, rtol=1e-12)
    assert scaled.background[:, outside].sum() == pytest.approx(dataset.counts[:, outside].sum())


def test_only_safe_bins_count(dataset):
    mask = np.zeros(dataset.shape, bool)
    mask[1] = True
    norm, counts, background = fov_norm(dataclasses.replace(dataset, mask_safe=mask))
    assert counts == dataset.counts[1].sum()
    assert background == pytest.approx(dataset.background[1].sum())
    assert norm == pytest.approx(counts / background)


def test_an_exclusion_that_depends_on_energy_is_refused(geom):
    axis = MapAxis.from_energy_bounds(1.0, 10.0, 2)
    planes = np.ones((2, *geom.shape), bool)
    assert exclusion_on(geom, Map(planes, geom, (axis,))).all()
    planes[1, 0, 0] = False
    with pytest.raises(ValueError, match="depends on energy"):
        exclusion_on(geom, Map(planes, geom, (axis,)))


def test_what_the_exclusion_does_not_cover_is_excluded(geom):
    small = geom.cutout((LON, LAT), 1.0)[0]
    covered = exclusion_on(geom, Map(np.ones(small.shape, bool), small))
    assert covered.sum() == np.prod(small.shape)
    assert exclusion_on(geom, None).all()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"background": np.zeros((4, 30, 40))}, {}, "no background outside"),
        ({"counts": np.zeros((4, 30, 40))}, {}, "only 0 counts"),
        ({}, {"min_counts": 501}, "only 500 counts"),
        ({}, {"min_npred_background": 1e9}, "background counts outside"),
        ({"mask_safe": np.zeros((4, 30, 40), bool)}, {}, "no background outside"),
    ],
)
def test_failure_leaves_no_safe_bin_and_names_the_dataset(
    dataset, caplog, change, options, message
):
    with caplog.at_level(logging.WARNING):
        scaled = scale_fov_background(dataclasses.replace(dataset, **change), **options)
    assert not scaled.mask_safe.any()
    assert len(caplog.records) == 1
    assert "obs-7" in caplog.text
    assert message in caplog.text


def test_unknown_method_is_refused(dataset):
    with pytest.raises(ValueError, match="unknown method 'ring'"):
        scale_fov_background(dataset, method="ring")
