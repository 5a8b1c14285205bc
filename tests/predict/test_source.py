"""Images of sources are those of the convolution integral, wherever they are on the map."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf

from gjax.maps import WcsGeom
from gjax.maps.frames import convert
from gjax.model.spatial import Disk, Gaussian, Point
from gjax.numerics.sphere import separation
from gjax.parameters import Parameters
from gjax.predict import Folding, npred
from gjax.predict.fold import fold, map_datasets
from gjax.predict.prepare import prepare
from gjax.stats.cash import cash
from tests.predict.conftest import N_SOURCE

#: The default cuts the PSF at 99.9%, which raises its peak by 1e-3; here other errors are measured.
UNCUT = Folding(containment=0.99999)

NPIX = 24
CENTER = (NPIX - 1) / 2

#: The corner, the side and the centre of a pixel, and two places in between.
OFFSETS = [(-0.5, 0.5), (0.5, 0.1), (0.0, 0.0), (0.31, -0.17), (0.25, -0.4)]


def tangent(binsz) -> WcsGeom:
    return WcsGeom.create((83.63, 22.01), binsz=binsz, npix=NPIX, proj="TAN")


def gaussian_pixels(geom, lon, lat, sigma):
    """Integrate a Gaussian over the pixels of the tangential plane, where it is a product."""
    pixel = geom.coord_to_pix(lon, lat)
    factors = []
    for n, at, size in zip(geom.npix, pixel, geom.pixel_scale, strict=True):
        edges = (np.arange(n + 1) - 0.5 - at) * size
        factors.append(0.5 * np.diff(erf(edges / sigma / np.sqrt(2.0))))
    return np.outer(factors[1], factors[0])


def gaussian_quadrature(geom, lon, lat, sigma, n=12):
    """Integrate a Gaussian over the pixels of any geometry by sub-pixels."""
    r = separation(lon, lat, *geom.nodes((np.arange(n) + 0.5) / n - 0.5))
    density = np.exp(-0.5 * (r / sigma) ** 2) / (2 * np.pi * np.radians(sigma) ** 2)
    ny, nx = geom.shape
    return density.reshape(ny, n, nx, n).mean(axis=(1, 3)) * geom.solid_angle()


def largest_error(found, expected) -> float:
    return float(np.abs(found - expected).max() / expected.max())


@pytest.mark.parametrize("binsz", [0.02, (0.02, 0.01), (0.01, 0.03)], ids=str)
@pytest.mark.parametrize("pixel_over_r68", [0.5, 1.0, 3.0])
def test_point_is_the_psf_in_every_pixel(gaussian_dataset, source, binsz, pixel_over_r68):
    geom = tangent(binsz)
    sigma = max(geom.pixel_scale) / pixel_over_r68 / np.sqrt(-2 * np.log(0.32))
    dataset = gaussian_dataset(geom, sigma)
    for dx, dy in OFFSETS:
        lon, lat = geom.pix_to_coord(CENTER + dx, CENTER + dy)
        found = npred(dataset, source(Point(lon, lat)), UNCUT)[0] / N_SOURCE
        # 2e-5 to 1.2e-4, at pixels from 0.3 to 3 times the 68% radius.
        assert largest_error(found, gaussian_pixels(geom, lon, lat, sigma)) < 1.5e-4
        assert found.sum() == pytest.approx(gaussian_pixels(geom, lon, lat, sigma).sum(), abs=2e-5)


def test_point_with_the_default_containment(gaussian_dataset, source):
    """Cut at 99.9% and normalised, the PSF is 1.1e-3 higher at its peak."""
    geom = tangent(0.02)
    lon, lat = geom.pix_to_coord(CENTER + 0.2, CENTER)
    found = npred(gaussian_dataset(geom, 0.03), source(Point(lon, lat)))[0] / N_SOURCE
    assert 5e-4 < largest_error(found, gaussian_pixels(geom, lon, lat, 0.03)) < 1.2e-3
    assert found.sum() == pytest.approx(1.0, abs=2e-5)


def far(proj, position, frame="icrs") -> WcsGeom:
    """Make a small map far from the reference point of its projection, where pixels are skewed."""
    whole = WcsGeom.create((0.0, 0.0), 0.05, width=(300.0, 170.0), proj=proj, frame=frame)
    return whole.cutout(position, NPIX * 0.05, mode="strict")[0]


GEOMETRIES = {
    "at the pole": (lambda: WcsGeom.create((83.6, 89.8), 0.05, npix=NPIX, proj="TAN"), 2e-4),
    "across lon 0": (lambda: WcsGeom.create((0.0, 10.0), 0.05, npix=NPIX, proj="CAR"), 2e-4),
    "CAR at lat 60": (lambda: far("CAR", (20.0, 60.0)), 2e-4),
    "CAR at lat 80": (lambda: far("CAR", (20.0, 80.0)), 2e-4),
    "AIT at lon 0": (lambda: WcsGeom.create((0.0, -60.0), 0.05, npix=NPIX, proj="AIT"), 2e-4),
    # Pixels are parallelograms here.
    "AIT far out": (lambda: far("AIT", (100.0, 40.0), "galactic"), 7e-4),
}


@pytest.mark.parametrize("place", GEOMETRIES)
def test_point_in_any_geometry(gaussian_dataset, source, place):
    geom, tolerance = GEOMETRIES[place][0](), GEOMETRIES[place][1]
    dataset = gaussian_dataset(geom, 0.08)
    # In the middle, near the border, and outside: what scatters in is predicted as well.
    for dx, dy in ((0.31, -0.17), (-9.3, 8.2), (-13.5, 2.0)):
        lon, lat = geom.pix_to_coord(CENTER + dx, CENTER + dy)
        found = npred(dataset, source(Point(lon, lat, frame=geom.frame)), UNCUT)[0] / N_SOURCE
        expected = gaussian_quadrature(geom, lon, lat, 0.08)
        assert largest_error(found, expected) < tolerance
        assert found.sum() == pytest.approx(expected.sum(), abs=4e-4)


@pytest.mark.parametrize(
    ("binsz", "psf", "sigma", "tolerance"),
    [
        (0.02, 0.06, 0.05, 8e-4),
        (0.05, 0.05, 0.08, 1.5e-3),
        (0.04, 0.08, 0.04, 1.5e-3),
        ((0.02, 0.04), 0.05, 0.06, 1.5e-3),
    ],
)
def test_gaussian_seen_through_a_gaussian(gaussian_dataset, source, binsz, psf, sigma, tolerance):
    """Variances add up; what remains is that sub-pixels are sampled at their centres."""
    geom = tangent(binsz)
    dataset = gaussian_dataset(geom, psf)
    for dx, dy in OFFSETS[:3]:
        lon, lat = geom.pix_to_coord(CENTER + dx, CENTER + dy)
        found = npred(dataset, source(Gaussian(lon, lat, sigma)), UNCUT)[0] / N_SOURCE
        expected = gaussian_pixels(geom, lon, lat, np.hypot(psf, sigma))
        assert largest_error(found, expected) < tolerance


@pytest.mark.parametrize("at", [(179.7, 10.0), (180.4, -3.0), (0.0, 5.0)])
@pytest.mark.parametrize("spatial", [Point, lambda *at, **k: Gaussian(*at, 3.0, **k)])
def test_both_sides_of_the_seam_of_a_map_of_the_whole_sky(gaussian_dataset, source, at, spatial):
    geom = WcsGeom.create((0.0, 0.0), 1.0, width=(360.0, 180.0), proj="CAR", frame="galactic")
    model = spatial(*at, frame="galactic")
    found = npred(gaussian_dataset(geom, 2.0), source(model), UNCUT)[0] / N_SOURCE
    expected = gaussian_quadrature(geom, *at, 2.0 if model.is_point else np.hypot(2.0, 3.0), n=4)
    # A convolution on pixels takes their shape for that at the source.
    assert largest_error(found, expected) < 5e-3
    assert found.sum() == pytest.approx(1.0, abs=5e-5)


def test_gaussian_without_psf(gaussian_dataset, source):
    geom = tangent(0.05)
    found = npred(gaussian_dataset(geom, None), source(Gaussian(83.64, 22.0, 0.12)))[0] / N_SOURCE
    assert largest_error(found, gaussian_pixels(geom, 83.64, 22.0, 0.12)) < 2e-3


def test_extended_source_outside_the_map_reaches_in(gaussian_dataset, source):
    geom = tangent(0.05)
    lon, lat = geom.pix_to_coord(-5.0, CENTER)
    model = source(Gaussian(lon, lat, 0.15))
    dataset = gaussian_dataset(geom, 0.08)
    expected = gaussian_pixels(geom, lon, lat, np.hypot(0.15, 0.08))
    assert largest_error(npred(dataset, model)[0] / N_SOURCE, expected) < 3e-3
    cut = npred(dataset, model, Folding(beyond_border=False))[0].sum()
    assert cut < 0.95 * expected.sum() * N_SOURCE, "Gammapy leaves out what lies beyond the border"


@pytest.mark.parametrize("spatial", [Point, lambda *at, **k: Gaussian(*at, 0.1, **k)])
def test_frame_of_the_model_does_not_matter(gaussian_dataset, source, spatial):
    dataset = gaussian_dataset(tangent(0.05), 0.08)
    lon, lat = convert(83.7, 21.95, "icrs", "galactic")
    here = npred(dataset, source(spatial(83.7, 21.95)))
    there = npred(dataset, source(spatial(float(lon), float(lat), frame="galactic")))
    np.testing.assert_allclose(there, here, atol=1e-9 * here.max())


def test_point_without_psf_is_spread_over_four_pixels(gaussian_dataset, source):
    geom = tangent(0.05)
    lon, lat = geom.pix_to_coord(10.25, 7.5)
    found = npred(gaussian_dataset(geom, None), source(Point(lon, lat)))[0] / N_SOURCE
    np.testing.assert_allclose(found[7:9, 10:12], [[0.375, 0.125]] * 2, atol=1e-6)
    assert found.sum() == pytest.approx(1.0, rel=1e-12)


@pytest.fixture(scope="module")
def moving(gaussian_dataset, source):
    """Give the prediction as a function of the position, compiled, and its geometry."""
    geom = tangent(0.02)
    dataset = gaussian_dataset(geom, 0.03)
    models = source(Point(*(float(c) for c in geom.pix_to_coord(CENTER, CENTER))))
    table = Parameters.from_models(models).freeze("*").thaw("*.lon_0", "*.lat_0")
    layout, prepared = table.layout(models), prepare(dataset, models, table)

    @jax.jit
    def predict(position, prepared):
        at = layout.models_at(position / jnp.asarray(layout.scale))
        return map_datasets(fold, prepared, at)[0][0]

    return geom, predict, prepared


@pytest.mark.parametrize("place", OFFSETS)
def test_slopes_in_position(moving, place):
    geom, predict, prepared = moving
    at = np.array([float(c) for c in geom.pix_to_coord(CENTER + place[0], CENTER + place[1])])
    exact = np.asarray(jax.jacrev(predict)(at, prepared))
    forward = np.asarray(jax.jacfwd(predict)(at, prepared))
    np.testing.assert_allclose(forward, exact, atol=1e-12 * np.abs(exact).max())
    step = 1e-4
    for i in range(2):
        away = np.eye(2)[i] * step
        near, wide = (
            predict(at + k * away, prepared) - predict(at - k * away, prepared) for k in (1, 2)
        )
        slope = (8 * near - wide) / (12 * step)
        assert np.abs(exact[..., i] - slope).max() < 1e-6 * np.abs(slope).max()


def test_curvature_is_finite_on_a_pixel_centre(moving):
    """The radius has a kink where the source sits on a node; the prediction has none."""
    geom, predict, prepared = moving
    at = np.array([float(c) for c in geom.pix_to_coord(CENTER + 0.5, CENTER + 0.5)])
    on = np.asarray(jax.hessian(predict)(at, prepared))
    beside = np.asarray(jax.hessian(predict)(at + 1e-5, prepared))
    assert np.isfinite(on).all()
    assert np.abs(on - beside).max() < 2e-3 * np.abs(on).max()


@pytest.mark.parametrize(("soften", "ripples"), [(True, False), (False, True)])
def test_radius_of_a_disk_has_no_ripples(gaussian_dataset, source, soften, ripples):
    """The curvature in the radius, which gives its error, is that of the smooth statistic."""
    geom = tangent(0.05)
    at = (float(c) for c in geom.pix_to_coord(CENTER + 0.2, CENTER - 0.3))
    models = source(Disk(*at, r_0=0.3), amplitude=1e-9)
    folding = Folding(soften_edges=soften)
    table = Parameters.from_models(models).freeze("*").thaw("*.r_0")
    layout = table.layout(models)
    dataset = gaussian_dataset(geom, 0.05)
    fine = npred(dataset, models, Folding(spatial_oversampling=16))
    prepared = prepare(dataset, models, table, folding)

    def stat(radius, prepared):
        at = layout.models_at(radius[None] / jnp.asarray(layout.scale))
        return jnp.sum(cash(fine, map_datasets(fold, prepared, at)[0] + 0.1))

    bend = jax.jit(jax.vmap(jax.hessian(stat), in_axes=(0, None)))
    bends = np.asarray(bend(jnp.linspace(0.297, 0.303, 13), prepared))
    assert (bends.std() > 0.2 * abs(bends.mean())) == ripples
