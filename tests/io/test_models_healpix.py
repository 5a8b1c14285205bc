"""Template maps in HEALPix pixels that a models file names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.dataset import Dataset
from gjax.io.bands import axes_header, axes_to_hdu
from gjax.io.healpix import is_healpix
from gjax.io.models import models_to_dict, read_models, write_models
from gjax.maps import MapAxis, WcsGeom
from gjax.model.spatial import TemplateMap
from gjax.predict import npred

healpy = pytest.importorskip("astropy_healpix.healpy", reason="needs the extra healpix")

NSIDE = 32
AXIS = MapAxis.from_nodes([1.0, 3.0, 10.0], "energy_true", "TeV", "log")
TRUE = MapAxis.from_energy_bounds(1.0, 10.0, 4, name="energy_true")

TEXT = """\
components:
- name: halo
  type: SkyModel
  spectral:
    type: PowerLawSpectralModel
    parameters:
    - {name: index, value: 2.0}
    - {name: amplitude, value: 1.0e-10, unit: cm-2 s-1 TeV-1}
    - {name: reference, value: 1.0, unit: TeV}
  spatial:
    type: TemplateSpatialModel
    frame: galactic
    filename: halo.fits.gz
    normalize: true
"""


def density(lon, lat):
    """Give a smooth distribution on the sphere whose integral is one."""
    lon, lat = np.radians(lon), np.radians(lat)
    return (2.0 + np.sin(lat) + 0.5 * np.cos(lat) * np.cos(lon - 0.3)) / (8 * np.pi)


@pytest.fixture
def models_file(tmp_path) -> Path:
    """Write a map of three energies, and a models file beside it."""
    lon, lat = healpy.pix2ang(NSIDE, np.arange(12 * NSIDE**2), lonlat=True)
    columns = [
        fits.Column(f"CHANNEL{i + 1}", "D", array=factor * density(lon, lat))
        for i, factor in enumerate((1.0, 0.5, 3.0))
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="SKYMAP")
    facts = {"PIXTYPE": "HEALPIX", "NSIDE": NSIDE, "ORDERING": "RING", "COORDSYS": "GAL"}
    hdu.header.update(facts | {"BANDSHDU": "SKYMAP_BANDS"})
    hdu.header.update(axes_header((AXIS,)))
    bands = axes_to_hdu((AXIS,), "SKYMAP_BANDS")
    fits.HDUList([fits.PrimaryHDU(), hdu, bands]).writeto(tmp_path / "halo.fits.gz")
    (tmp_path / "models.yaml").write_text(TEXT)
    return tmp_path / "models.yaml"


@pytest.mark.parametrize("center", [(30.0, -45.0), (179.9, 2.0)], ids=["south", "seam"])
def test_prediction_is_the_integral(models_file, center):
    geom = WcsGeom.create(center, 0.5, npix=(12, 10), proj="TAN", frame="galactic")
    energy = MapAxis.from_energy_bounds(1.0, 10.0, 1)
    dataset = Dataset("field", geom, energy, TRUE, exposure=np.full((4, *geom.shape), 1e14))
    found = npred(dataset, read_models(models_file).models)
    flux = 1e-10 * (1.0 - 0.1)
    expected = 1e14 * flux * density(*geom.coords()) * geom.solid_angle()
    np.testing.assert_allclose(found[0], expected, rtol=2e-3)
    assert found.sum() == pytest.approx(expected.sum(), rel=1e-3)


def test_file_keeps_its_name_and_its_pixels(models_file, tmp_path):
    read = read_models(models_file)
    before = (tmp_path / "halo.fits.gz").read_bytes()
    write_models(models_file, read.models, overwrite=True, overwrite_templates=True)
    assert (tmp_path / "halo.fits.gz").read_bytes() == before
    again = read_models(models_file)
    assert models_to_dict(again.models) == models_to_dict(read.models)
    assert models_to_dict(again.models)["components"][0]["spatial"]["filename"] == "halo.fits.gz"
    # Elsewhere the map is written in the pixels that it was brought to.
    (tmp_path / "elsewhere").mkdir()
    moved = write_models(tmp_path / "elsewhere" / "models.yaml", read.models)
    assert not is_healpix(moved.with_name("halo.fits.gz"))
    one, two = (file.models["halo"].spatial for file in (read, read_models(moved)))
    assert isinstance(two, TemplateMap)
    at = np.array([3.0, 200.0]), np.array([-80.0, 15.0])
    np.testing.assert_allclose(two(*at, energy=2.0), one(*at, energy=2.0), rtol=1e-9)
