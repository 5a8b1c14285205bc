"""Directions drawn from a morphology."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest

from gjax.maps.frames import convert
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.model.spatial import Disk, EnergyDependent, Gaussian, Point, TemplateMap
from gjax.model.spectral import PowerLawNorm
from gjax.numerics.sphere import fov_offsets, separation
from gjax.simulate.morphology import draw_directions

_COUNT = 40000


def test_point_is_at_its_position_in_icrs():
    lon, lat = draw_directions(
        Point(lon_0=184.56, lat_0=-5.78, frame="galactic"), 3, np.random.default_rng(0)
    )
    expected = convert(184.56, -5.78, "galactic", "icrs")
    np.testing.assert_allclose([lon[0], lat[2]], expected)


@pytest.mark.parametrize(("lat_0", "sigma"), [(0.0, 0.2), (89.9, 0.5), (-40.0, 25.0)])
def test_gaussian_is_exact_on_the_sphere(lat_0, sigma):
    lon, lat = draw_directions(
        Gaussian(lon_0=10.0, lat_0=lat_0, sigma=sigma), _COUNT, np.random.default_rng(1)
    )
    versine = 1 - np.cos(np.deg2rad(separation(10.0, lat_0, lon, lat)))
    scale = 2 * (1 - np.cos(np.deg2rad(sigma)))
    reach = 1 - np.cos(np.deg2rad(min(5 * sigma, 180.0)))

    def cumulative(x):
        return np.expm1(-x / scale) / np.expm1(-reach / scale)

    assert kstest(versine, cumulative).pvalue > 0.01


def test_long_gaussian_points_along_its_position_angle():
    model = Gaussian(lon_0=80.0, lat_0=30.0, sigma=0.5, e=0.9, phi=30.0)
    lon, lat = draw_directions(model, _COUNT, np.random.default_rng(2))
    east, north = fov_offsets(80.0, 30.0, lon, lat)
    angle = np.deg2rad(30.0)
    along = np.sin(angle) * east + np.cos(angle) * north
    across = np.cos(angle) * east - np.sin(angle) * north
    assert along.std() == pytest.approx(0.5, rel=0.015)
    assert across.std() == pytest.approx(0.5 * np.sqrt(1 - 0.81), rel=0.015)
    assert np.corrcoef(along, across)[0, 1] == pytest.approx(0.0, abs=0.02)


def test_disk_is_flat_with_a_soft_edge():
    model = Disk(lon_0=80.0, lat_0=30.0, r_0=0.5, edge_width=0.2)
    lon, lat = draw_directions(model, _COUNT, np.random.default_rng(3))
    distance = np.asarray(separation(80.0, 30.0, lon, lat))
    inner = (distance < 0.4).sum() / (distance < 0.2).sum()
    assert inner == pytest.approx(4.0, rel=0.04)
    # Half of the density is left at the nominal radius.
    near = [
        ((distance > low) & (distance < low + 0.02)).sum() / (low + 0.01) for low in (0.3, 0.49)
    ]
    assert near[1] / near[0] == pytest.approx(0.5, abs=0.05)


def test_frame_is_converted():
    model = Gaussian(lon_0=184.56, lat_0=-5.78, sigma=0.1, frame="galactic")
    lon, lat = draw_directions(model, 1000, np.random.default_rng(4))
    center = convert(184.56, -5.78, "galactic", "icrs")
    assert np.median(separation(*center, lon, lat)) == pytest.approx(0.1177, rel=0.08)


def test_a_template_is_drawn_and_what_changes_with_energy_is_refused():
    geom = WcsGeom.create((10.0, 20.0), 0.05, npix=(41, 41), proj="TAN")
    image = np.exp(-0.5 * (geom.separation(10.0, 20.0) / 0.2) ** 2)
    template = TemplateMap.create(Map(image, geom))
    lon, lat = draw_directions(template, 20000, np.random.default_rng(1))
    away = separation(10.0, 20.0, lon, lat)
    assert np.mean(away**2) == pytest.approx(2 * 0.2**2, rel=0.03)
    changing = EnergyDependent(Gaussian(10.0, 20.0, 0.2), {"sigma": PowerLawNorm(tilt=0.2)})
    with pytest.raises(ValueError, match="cannot be simulated"):
        draw_directions(changing, 10, np.random.default_rng(1))
