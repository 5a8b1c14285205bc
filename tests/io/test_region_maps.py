"""Maps on regions in files: Gammapy's, and our own."""

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.maps import read_map, write_map
from gjax.io.region_maps import NO_REGION, is_region_map
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom

FOLDER = Path(__file__).parents[1] / "reference" / "data" / "spectra"
ENERGY = MapAxis.from_energy_bounds(1.0, 10.0, 3)
TRUE = MapAxis.from_energy_bounds(0.5, 20.0, 4, name="energy_true")
KINDS = json.loads((FOLDER / "spectra.json").read_text())["regions"]


@pytest.mark.parametrize("kind", KINDS)
def test_gammapy_map_opens(kind):
    found = read_map(FOLDER / f"region_{kind}.fits.gz", "SKYMAP")
    assert found.data.ravel().tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert found.data.shape == (5, 1, 1)
    assert found.unit == "TeV"
    if kind != "union":  # centres of several regions are a matter of taste
        assert found.geom.center == pytest.approx(KINDS[kind]["center"], abs=1e-9)
    # Gammapy counts areas of the plane, by pixels for what is no circle.
    expected = KINDS[kind]["solid_angle"]
    assert found.geom.solid_angle()[0, 0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("geom", [RegionGeom.circle(10.0, 20.0, 0.3, "galactic"), NO_REGION])
@pytest.mark.parametrize("axes", [(ENERGY,), (TRUE, ENERGY)])
def test_round_trip(geom, axes, tmp_path):
    shape = (*(axis.nbin for axis in axes), 1, 1)
    data = np.arange(float(np.prod(shape))).reshape(shape)
    for values, unit in ((data, "cm2 s"), (data > 5, "")):
        write_map(Map(values, geom, axes, unit), tmp_path / "x.fits", hdu="MAP", overwrite=True)
        again = read_map(tmp_path / "x.fits", "MAP")
        np.testing.assert_allclose(again.data, values, rtol=1e-15)
        assert again.data.dtype == values.dtype
        assert (again.geom, again.axes, again.unit) == (geom, axes, unit)


def test_only_tables_of_data_are_maps_of_regions():
    with fits.open(FOLDER / "onoff.fits.gz") as hdus:
        assert is_region_map(hdus["COUNTS"])
        assert not is_region_map(hdus["COUNTS_BANDS"])
        assert not is_region_map(hdus[0])


def test_text_instead_of_numbers_is_named(tmp_path):
    with fits.open(FOLDER / "region_circle.fits.gz") as hdus:
        columns = [fits.Column("DATA", "3A", array=["a", "b", "c", "d", "e"])]
        header = hdus["SKYMAP"].header
        hdus["SKYMAP"] = fits.BinTableHDU.from_columns(columns, header, name="SKYMAP")
        hdus.writeto(tmp_path / "x.fits")
    with pytest.raises(FileFormatError, match=r"x\.fits.*SKYMAP.*DATA"):
        read_map(tmp_path / "x.fits", "SKYMAP")
