"""Spectra in OGIP files: Gammapy's, those of the joint Crab analysis, and our own."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from gjax.dataset.response import EDispMap
from gjax.events.gti import GTI
from gjax.io.datasets import read_dataset
from gjax.io.ogip import read_ogip, write_ogip
from gjax.io.region_maps import NO_REGION
from gjax.maps.axis import MapAxis
from gjax.maps.region_geom import RegionGeom

FOLDER = Path(__file__).parents[1] / "reference" / "data" / "spectra"
RECORD = json.loads((FOLDER / "spectra.json").read_text())
PATH = FOLDER / "onoff_ogip.fits.gz"


def _assert_numbers(dataset, expected):
    """Compare with what Gammapy reads, whose matrices are in single precision."""
    assert float(dataset.livetime) == expected["livetime"]
    for key in ("counts", "counts_off"):
        assert getattr(dataset, key).ravel().tolist() == expected[key]
    assert dataset.mask_safe.ravel().tolist() == [bool(value) for value in expected["mask_safe"]]
    np.testing.assert_allclose(dataset.energy.edges, expected["energy"], rtol=1e-12)
    np.testing.assert_allclose(dataset.energy_true.edges, expected["energy_true"], rtol=1e-6)
    np.testing.assert_allclose(dataset.exposure.ravel(), expected["exposure"], rtol=1e-12)
    alpha = np.array(expected["alpha"])
    defined = alpha < 1e300
    np.testing.assert_allclose(dataset.alpha.ravel()[defined], alpha[defined], rtol=1e-7)
    kernel = dataset.edisp.data[:, :, 0, 0]
    np.testing.assert_allclose(kernel.sum(1), expected["edisp_of_true"], rtol=2e-6)
    np.testing.assert_allclose(kernel.sum(0), expected["edisp_of_reco"], rtol=2e-6)
    if "time" in expected:
        assert dataset.gti.total == pytest.approx(expected["time"], rel=1e-12)
        start = dataset.gti.reference + dataset.gti.start[0] / 86400
        assert start == pytest.approx(expected["start_mjd_tt"], abs=1e-10)


def test_gammapy_files_open_with_the_numbers_of_gammapy():
    dataset = read_ogip(PATH)
    assert dataset.name == "onoff"
    assert dataset.geom == RegionGeom.circle(83.63, 22.01, 0.11)
    assert len(dataset.geom_off.shapes) == 3
    _assert_numbers(dataset, RECORD["written"]["onoff"])


@pytest.mark.parametrize("filename", RECORD["read"])
def test_spectra_of_the_field_open_with_the_numbers_of_gammapy(gammapy_data, filename):
    expected = RECORD["read"][filename]
    dataset = read_ogip(gammapy_data / filename)
    _assert_numbers(dataset, expected)
    if "fact" in filename:
        # The keyword is there once per observation.
        assert dataset.name == "pha_stacked"
        assert len(dataset.obs_ids) == 125
    else:
        assert dataset.name == expected["name"]


@pytest.fixture
def dataset():
    """Make a spectrum with all that the format can hold."""
    dataset = read_dataset(FOLDER / "onoff.fits.gz")
    return dataclasses.replace(
        dataset,
        name="all of it",
        livetime=np.array(1500.25),
        obs_ids=(23523, 23526),
        telescope="HESS",
        instrument="CT5",
        gti=GTI([0.0, 900.0], [800.0, 1700.0], 53000.00074287037),
    )


def _assert_equal(one, other):
    for field in dataclasses.fields(one):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name == "edisp":
            np.testing.assert_allclose(theirs.data, ours.data, rtol=1e-14)
            np.testing.assert_allclose(theirs.exposure, ours.exposure, rtol=1e-14)
        elif field.name == "gti":
            np.testing.assert_array_equal(theirs.start, ours.start)
            np.testing.assert_array_equal(theirs.stop, ours.stop)
        elif isinstance(ours, MapAxis):
            np.testing.assert_allclose(theirs.edges, ours.edges, rtol=1e-14)
        elif isinstance(ours, np.ndarray):
            np.testing.assert_allclose(theirs, ours, rtol=1e-14, err_msg=field.name)
        else:
            assert ours == theirs, field.name


@pytest.mark.parametrize("format", ["ogip", "ogip-sherpa"])
@pytest.mark.parametrize("suffix", [".fits", ".fits.gz", ".pha"])
def test_round_trip_keeps_everything(dataset, tmp_path, format, suffix):
    write_ogip(dataset, tmp_path / f"a.b{suffix}", format=format)
    names = {f"a.b{part}{suffix}" for part in ("", "_arf", "_rmf", "_bkg")}
    assert {path.name for path in tmp_path.iterdir()} == names
    _assert_equal(dataset, read_ogip(tmp_path / f"a.b{suffix}"))


def test_what_a_spectrum_lacks_is_not_written(dataset, tmp_path):
    bare = dataclasses.replace(
        dataset,
        counts_off=None,
        acceptance=None,
        acceptance_off=None,
        geom_off=None,
        geom=NO_REGION,
        edisp=None,
        mask_fit=None,
        mask_safe=None,
        gti=None,
        obs_ids=(),
        telescope="",
        instrument="",
    )
    write_ogip(bare, tmp_path / "x.fits")
    assert {path.name for path in tmp_path.iterdir()} == {"x.fits", "x_arf.fits"}
    again = read_ogip(tmp_path / "x.fits", name="y")
    assert again.name == "y"
    for field in ("counts_off", "acceptance", "background", "edisp", "gti", "mask_fit"):
        assert getattr(again, field) is None
    assert not again.is_onoff
    assert again.geom == NO_REGION
    assert (again.obs_ids, again.telescope) == ((), "")
    assert np.all(again.mask_safe)
    circle = read_ogip(tmp_path / "x.fits", region="icrs;circle(83.63,22.01,0.11)")
    assert circle.geom == RegionGeom.circle(83.63, 22.01, 0.11)


def test_sherpa_has_the_units_of_the_x_ray_band(dataset, tmp_path):
    write_ogip(dataset, tmp_path / "x.fits", format="ogip-sherpa")
    area = dataset.exposure[0, 0, 0] / 1500.25
    with fits.open(tmp_path / "x_arf.fits") as hdus:
        columns = hdus["SPECRESP"].columns
        assert [column.unit for column in columns] == ["keV", "keV", "cm2"]
        row = hdus["SPECRESP"].data[0]
        assert row["ENERG_LO"] == pytest.approx(1e9 * dataset.energy_true.edges[0])
        assert row["SPECRESP"] == pytest.approx(area)
    with fits.open(tmp_path / "x_rmf.fits") as hdus:
        assert hdus["EBOUNDS"].columns["E_MIN"].unit == "keV"
        assert hdus["MATRIX"].columns["ENERG_LO"].unit == "keV"
        assert hdus["MATRIX"].header["TLMIN4"] == 0


def test_layout_is_that_of_gammapy(dataset, tmp_path):
    write_ogip(dataset, tmp_path / "onoff_ogip.fits")
    for part in ("", "_bkg", "_arf", "_rmf"):
        theirs = FOLDER / f"onoff_ogip{part}.fits.gz"
        with fits.open(theirs) as one, fits.open(tmp_path / f"onoff_ogip{part}.fits") as other:
            for hdu in one[1:]:
                ours = other[hdu.name]
                assert set(hdu.columns.names) <= set(ours.columns.names)
                assert len(hdu.data) == len(ours.data)
                for key in ("HDUCLAS1", "HDUCLAS2", "HDUCLAS3", "DETCHANS", "TLMIN4", "CHANTYPE"):
                    if key in hdu.header:
                        assert ours.header[key] == hdu.header[key], (part, hdu.name, key)
                for name in ("CHANNEL", "COUNTS", "BACKSCAL", "ENERG_LO", "E_MIN", "SPECRESP"):
                    if name in hdu.columns.names:
                        np.testing.assert_allclose(ours.data[name], hdu.data[name], rtol=2e-4)
                        assert ours.columns[name].unit == hdu.columns[name].unit


def test_counts_that_are_not_whole_stay_so(dataset, tmp_path):
    asimov = dataclasses.replace(dataset, counts=dataset.counts + 0.25)
    write_ogip(asimov, tmp_path / "x.fits")
    np.testing.assert_array_equal(read_ogip(tmp_path / "x.fits").counts, asimov.counts)


def test_migra_distributions_are_written_as_matrices(dataset, tmp_path):
    migra = MapAxis.from_bounds(0.5, 1.5, 200, "migra")
    density = np.exp(-0.5 * ((migra.center - 1) / 0.1) ** 2)
    density /= (density * migra.bin_width).sum()
    data = np.broadcast_to(density[None, :, None, None], (8, 200, 1, 1))
    edisp = EDispMap(data, dataset.exposure, dataset.geom, dataset.energy_true, migra)
    write_ogip(dataclasses.replace(dataset, edisp=edisp), tmp_path / "x.fits")
    kernel = read_ogip(tmp_path / "x.fits").edisp.data[:, :, 0, 0]
    # All of the bins that are well within the range of the reconstructed energy.
    np.testing.assert_allclose(kernel[2:6].sum(axis=1), 1.0, rtol=1e-9)


def test_existing_files_are_all_kept(dataset, tmp_path):
    (tmp_path / "x_rmf.fits").write_text("precious")
    with pytest.raises(FileExistsError, match="x_rmf"):
        write_ogip(dataset, tmp_path / "x.fits")
    assert [path.name for path in tmp_path.iterdir()] == ["x_rmf.fits"]
    write_ogip(dataset, tmp_path / "x.fits", overwrite=True)
    assert read_ogip(tmp_path / "x.fits").name == "all of it"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"livetime": None}, "no livetime"),
        ({"livetime": np.array(0.0)}, r"live time is 0\.0"),
        ({"exposure": None}, "no exposure"),
        ({"background": np.ones((5, 1, 1)), "counts_off": None}, "background"),
        ({"acceptance_off": None}, "no acceptances"),
    ],
)
def test_what_has_no_place_in_the_format_is_refused(dataset, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_ogip(dataclasses.replace(dataset, **change), tmp_path / "x.fits")
    assert not list(tmp_path.iterdir())


def test_maps_and_unknown_formats_are_refused(dataset, tmp_path):
    with pytest.raises(ValueError, match="use write_dataset"):
        write_ogip(read_dataset(FOLDER / "map_onoff.fits.gz"), tmp_path / "x.fits")
    with pytest.raises(ValueError, match="ogip-sherpa"):
        write_ogip(dataset, tmp_path / "x.fits", format="sherpa")
