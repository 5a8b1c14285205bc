"""Fermi-LAT: the Crab Nebula and the Galactic Centre of the 3FHL data, against Gammapy."""

from __future__ import annotations

import numpy as np
import pytest

import gjax
from gjax.dataset import dataset_from_maps, with_mask_fit
from gjax.io import (
    read_dataset,
    read_datasets,
    read_fermi_events,
    read_fermi_psf,
    read_healpix_map,
    read_map,
)
from gjax.io.template import read_fermi_isotropic
from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Point, TemplateMap
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import GAMMAPY, info_table
from gjax.reduce.counts import counts_cube


@pytest.fixture(scope="module")
def crab(gammapy_data):
    path = gammapy_data / "fermi-3fhl-crab" / "Fermi-LAT-3FHL_datasets.yaml"
    return read_datasets(path)["Fermi-LAT"]


def test_crab_is_read_as_gammapy_does(crab, instruments, check_reading):
    (expected,) = instruments["reading"]["fermi_crab"]
    # The PSF is at 17 nodes in the file, and comes to the five bins of the exposure.
    check_reading(crab, expected, skip=("psf",))
    assert crab.psf.energy_true == crab.energy_true


def test_galactic_centre_is_read_as_gammapy_does(gammapy_data, instruments, check_reading):
    dataset = read_dataset(gammapy_data / "fermi-3fhl-gc" / "fermi-3fhl-gc.fits.gz")
    (expected,) = instruments["reading"]["fermi_gc"]
    check_reading(dataset, expected, skip=("psf", "edisp"))
    # One response for all directions, in two pixels.
    assert dataset.edisp.data.sum() == pytest.approx(2 * expected["edisp"]["sum"], rel=1e-7)


def test_old_datasets_are_read_as_gammapy_does(gammapy_data, instruments, check_reading):
    datasets = read_datasets(gammapy_data / "tests" / "models" / "gc_example_datasets.yaml")
    for dataset, expected in zip(datasets, instruments["reading"]["gc_example"], strict=True):
        check_reading(dataset, expected)


def test_crab_in_gammapys_way(crab, crab_models, instruments):
    (expected,) = instruments["fermi_crab"]["rereferenced"]["before"]
    table = info_table(crab, crab_models[0], GAMMAPY)
    # The size of Gammapy's kernel follows the energies at which the PSF is written in the file.
    assert table["npred"][0] == pytest.approx(expected["npred_in_mask"], rel=3e-4)
    assert table["stat_sum"][0] == pytest.approx(expected["stat"], abs=0.5)
    # The table counts with the fitted background, as Gammapy's does.
    assert table["excess"][0] == pytest.approx(2574.4819, abs=1e-3)
    assert table["sqrt_ts"][0] == pytest.approx(84.79612, abs=1e-4)
    assert table["npred_background"][0] == pytest.approx(357.51807, abs=1e-4)


@pytest.mark.slow
def test_crab_fit(crab, crab_models, instruments, check_fit):
    expected = instruments["fermi_crab"]["rereferenced"]
    fit = gjax.fit(crab, *crab_models)
    # Without Gammapy's smearing of the source over four pixels the data are described better.
    assert -20.0 < fit.stat - expected["stat"] < -5.0
    check_fit(fit, expected, within=0.3, errors=0.1)


@pytest.fixture(scope="module")
def centre(gammapy_data):
    """Make the dataset of Gammapy's tutorial: events, HEALPix exposure, PSF of gtpsf."""
    pytest.importorskip("astropy_healpix", reason="needs the extra healpix")
    geom = WcsGeom.create((0, 0), 0.1, npix=(100, 80), proj="TAN", frame="galactic")
    energy = MapAxis.from_edges([0.01, 0.03, 0.1, 0.3, 2.0], "energy", interp="log")
    events, gti = read_fermi_events(gammapy_data / "fermi-3fhl-gc" / "fermi-3fhl-gc-events.fits.gz")
    folder = gammapy_data / "fermi_3fhl"
    return dataset_from_maps(
        "fermi",
        Map(counts_cube(events, geom, energy), geom, (energy,)),
        read_healpix_map(folder / "fermi_3fhl_exposure_cube_hpx.fits.gz"),
        energy_true=MapAxis.from_energy_bounds(
            "10 GeV", "2 TeV", 10, per_decade=True, name="energy_true"
        ),
        psf=read_fermi_psf(folder / "fermi_3fhl_psf_gc.fits.gz"),
        gti=gti,
    )


def test_parts_of_the_galactic_centre(centre, instruments):
    expected = instruments["fermi_gc"]
    assert centre.counts.sum() == expected["counts"]["sum"]
    ramp = np.arange(centre.counts.size).reshape(centre.shape) % 97
    # One event falls on an edge of an energy bin, and single precision decides.
    assert (centre.counts * ramp).sum() == pytest.approx(expected["counts"]["weighted"], abs=97)
    # Gammapy interpolates HEALPix maps linearly in energy, WCS maps in its logarithm.
    assert centre.exposure.sum() == pytest.approx(expected["exposure"]["sum"], rel=1e-3)


@pytest.mark.slow
def test_fit_of_the_galactic_centre(centre, gammapy_data, instruments, check_fit):
    template = read_map(gammapy_data / "fermi-3fhl-gc" / "gll_iem_v06_gc.fits.gz")
    models = Models.create(
        {
            "source-gc": SkyModel(
                PowerLaw(index=2.7, amplitude=5.8e-10, reference=0.1),
                Point(lon_0=0.0, lat_0=0.0, frame="galactic"),
            ),
            "diffuse-iem": SkyModel(PowerLawNorm(), TemplateMap.create(template, normalize=False)),
            "iso": read_fermi_isotropic(gammapy_data / "fermi_3fhl" / "iso_P8R2_SOURCE_V6_v06.txt"),
        }
    )
    table = Parameters.from_models(models).freeze("source-gc.spatial.*")
    # Gammapy's PSF kernels are zero above 427 GeV, so the last bin is left out.
    fit = gjax.fit(with_mask_fit(centre, energy_max=0.3), models, table)
    expected = instruments["fermi_gc"]["frozen_below_300GeV"]
    assert expected["success"]
    assert instruments["fermi_gc"]["kernel_sum"][16:18] == [pytest.approx(1.0), 0.0]
    # The centre is at the corner of four pixels, where Gammapy smears a point most.
    check_fit(fit, expected, within=0.8, errors=0.12)
