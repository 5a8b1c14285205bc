"""Templates on the pixels of a dataset, and emission that is everywhere."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.io.datasets import read_dataset
from gjax.io.maps import read_map
from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import ConstantFlux, ConstantSpatial, Gaussian, TemplateMap
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import GAMMAPY, Folding, npred, prepare
from gjax.predict.fold import fold, map_datasets
from gjax.predict.source import FixedSource, Window
from gjax.predict.template import template_density, window_start
from tests.predict.conftest import ENERGY_TRUE, N_SOURCE

GEOM = WcsGeom.create((83.63, 22.01), binsz=0.05, npix=(40, 30), proj="TAN")


def template_of(spatial, binsz: float, width: float, frame: str = "galactic") -> TemplateMap:
    """Tabulate a model in a frame of its own."""
    center = GEOM.center if frame == "icrs" else (184.56, -5.78)
    geom = WcsGeom.create(center, binsz=binsz, width=width, proj="TAN", frame=frame)
    return TemplateMap.create(Map(np.asarray(spatial(*geom.coords_in("icrs"))), geom))


@pytest.mark.parametrize("binsz", [0.01, 0.05])
def test_template_of_a_gaussian_is_the_gaussian(gaussian_dataset, source, binsz):
    dataset = gaussian_dataset(GEOM, 0.08)
    gauss = Gaussian(83.7, 22.1, sigma=0.2)
    expected = npred(dataset, source(gauss))
    found = npred(dataset, source(template_of(gauss, binsz, 2.4)))
    # Between pixel centres the chord of the logarithm is below it.
    tolerance = 1.5e-3 if binsz < 0.05 else 2e-2
    assert np.abs(found - expected).max() < tolerance * expected.max()
    assert found.sum() == pytest.approx(expected.sum(), rel=tolerance)


@pytest.mark.parametrize("at", [(83.63, 22.01), (84.4, 22.5), (82.2, 21.0)])
def test_small_template_anywhere_on_the_map(gaussian_dataset, source, at):
    dataset = gaussian_dataset(GEOM, 0.08)
    geom = WcsGeom.create(at, binsz=0.02, npix=41, proj="TAN")
    gauss = Gaussian(*at, sigma=0.08)
    found = npred(dataset, source(TemplateMap.create(Map(np.asarray(gauss(*geom.coords())), geom))))
    expected = npred(dataset, source(gauss))
    assert np.abs(found - expected).max() < 1.2e-2 * max(expected.max(), 1e-3 * N_SOURCE)


def test_isotropic_emission_is_exposure_times_solid_angle(gaussian_dataset, source):
    dataset = gaussian_dataset(GEOM, 0.08)
    expected = N_SOURCE * GEOM.solid_angle()
    found = npred(dataset, source(ConstantSpatial()))[0]
    # What leaves through the border comes in from beyond it.
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    inside = npred(dataset, source(ConstantSpatial()), GAMMAPY)[0]
    assert inside[0, 0] < 0.5 * expected[0, 0]
    np.testing.assert_allclose(inside[15, 20], expected[15, 20], rtol=1e-5)
    np.testing.assert_allclose(npred(dataset, source(ConstantFlux()))[0], N_SOURCE, rtol=1e-4)


def cube(index: float, normalize: bool) -> TemplateMap:
    """Make a flat cube whose every pixel has a power law."""
    axis = MapAxis.from_energy_bounds(0.5, 20.0, 4, name="energy_true")
    geom = WcsGeom.create(GEOM.center, binsz=0.2, width=4.0, proj="TAN")
    shape = np.ones(geom.shape) * axis.center[:, None, None] ** -index
    return TemplateMap.create(Map(shape, geom, (axis,)), normalize=normalize)


def test_cube_of_spectra_is_integrated_over_energy(gaussian_dataset):
    dataset = gaussian_dataset(GEOM, 0.08)
    models = Models.create({"diffuse": SkyModel(PowerLawNorm(), cube(2.5, False))})
    # One bin of true energy from 1 to 10 TeV, and an exposure of 1e12.
    exact = 1e12 * (1 - 10**-1.5) / 1.5 * GEOM.solid_angle()[15, 20]
    at_center = 1e12 * 9.0 * 10 ** (-0.5 * 2.5) * GEOM.solid_angle()[15, 20]
    assert npred(dataset, models)[0, 15, 20] == pytest.approx(exact, rel=2e-3)
    assert npred(dataset, models, GAMMAPY)[0, 15, 20] == pytest.approx(at_center, rel=1e-4)


def test_template_is_looked_up_once(gaussian_dataset, source):
    dataset, models = gaussian_dataset(GEOM, 0.08), source(cube(2.0, True))
    prepared = prepare(dataset, models)
    sources = prepared.blocks[0].data.sources
    assert [type(s) for s in sources] == [FixedSource]
    predicted = map_datasets(fold, prepared, models)[0]
    np.testing.assert_allclose(predicted, npred(dataset, models), rtol=1e-12)


def test_place_of_a_template_cannot_be_fitted(gaussian_dataset, source):
    models = source(cube(2.0, True))
    table = Parameters.from_models(models).thaw("*.lon_0")
    with pytest.raises(ValueError, match="TemplateMap cannot move in a fit"):
        prepare(gaussian_dataset(GEOM, 0.08), models, table)


def test_density_beyond_the_border_and_start_of_the_window():
    at = tuple(float(c) for c in GEOM.pix_to_coord(20.1, 15.1))
    assert window_start(GEOM, 8, Window((46, 56), (False, False)), at) == (0, 0)
    row, column = window_start(GEOM, 20, Window((16, 16), (True, True)), at)
    assert (row, column) == (35 - 8, 40 - 8)
    model = cube(2.0, True)
    density = template_density(model, GEOM, (-8, -8), (46, 56), ENERGY_TRUE, Folding())
    assert density.shape == (1, 46, 56)
    area = model.geom.solid_angle().sum()
    np.testing.assert_allclose(density, 1 / area, rtol=1e-2)


def test_galactic_diffuse_emission_of_fermi(gammapy_data):
    """Totals per energy are Gammapy's, from `tests/reference/make_fermi_diffuse.py`.

    The last bin is left out: Gammapy has no PSF at its upper edge and loses a third of its counts.
    """
    folder = gammapy_data / "fermi-3fhl-gc"
    dataset = read_dataset(folder / "fermi-3fhl-gc.fits.gz", name="fermi")
    dataset = dataclasses.replace(dataset, background=None)
    diffuse = TemplateMap.create(read_map(folder / "gll_iem_v06_gc.fits.gz"), normalize=False)
    isotropic = PowerLaw(index=2.3, amplitude=1e-8, reference=0.01)
    models = {
        "diffuse": SkyModel(PowerLawNorm(norm=1.1, tilt=0.05, reference=0.1), diffuse),
        "isotropic": SkyModel(isotropic, ConstantSpatial()),
    }
    for name, model in models.items():
        found = npred(dataset, Models.create({name: model}), GAMMAPY).sum(axis=(1, 2))
        np.testing.assert_allclose(found[:-1], FERMI[name], rtol=1e-4)
        better = npred(dataset, Models.create({name: model})).sum(axis=(1, 2))
        np.testing.assert_allclose(better[:-1], FERMI[name], rtol=2.5e-2)


FERMI = {
    "diffuse": [
        10529.41004748, 5831.31636271, 3276.42849222, 1893.7966836, 1108.60436139,
        671.76686497, 416.27985126, 259.32355066, 161.05476596, 100.55179796,
    ],
    "isotropic": [
        0.57613129, 0.36208633, 0.22889529, 0.14705944, 0.0936654,
        0.05892278, 0.03693874, 0.02315657, 0.01454854, 0.00913948,
    ],
}  # fmt: skip
