"""Maps in files: Gammapy's own files, round trips, and damage."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from gjax.errors import FileFormatError
from gjax.io.maps import map_from_hdus, map_to_hdus, read_map, read_mask, write_map
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom

FOLDER = Path(__file__).parents[1] / "reference/data"
RECORD = json.loads((FOLDER / "geometry.json").read_text())["maps"]["data"]
GEOM = WcsGeom.create((10.0, -5.0), 0.5, npix=(6, 5), proj="TAN")
ENERGY = MapAxis.from_energy_bounds(0.1, 10, 3)
TRUE = MapAxis.from_energy_bounds(0.1, 10, 2, name="energy_true")
RAD = MapAxis.from_bounds(0, 0.6, 4, "rad")
NODES = MapAxis.from_nodes([0.1, 1.0], "energy_true", interp="log")
SQUARE_DEGREE = np.radians(1) ** 2

#: What Gammapy wrote: axes, unit and the factor from its unit to ours.
WRITTEN = {
    "counts": ((ENERGY,), "", 1.0),
    "image": ((), "", 1.0),
    "exposure": ((TRUE,), "cm2 s", 1e4),
    "psf": ((TRUE, RAD), "sr-1", 1 / SQUARE_DEGREE),
    "dnde": ((NODES,), "TeV-1 s-1 cm-2", 1e6),
    "mask_safe": ((ENERGY,), "", 1.0),
}


def same_unit(a, b):
    return sorted(a.split()) == sorted(b.split())


def close(found, expected):
    return len(found) == len(expected) and all(
        a.is_allclose(b) for a, b in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("name", WRITTEN)
def test_maps_written_by_gammapy(name):
    axes, unit, factor = WRITTEN[name]
    found = read_map(FOLDER / f"map_{name}.fits.gz")
    assert found.geom == GEOM
    assert close(found.axes, axes)
    assert same_unit(found.unit, unit)
    assert found.name == name.upper()
    assert found.data.dtype == (bool if name == "mask_safe" else np.float64)
    np.testing.assert_allclose(found.data, np.array(RECORD[name]) * factor, rtol=1e-12)


def test_sparse_map_written_by_gammapy():
    found = read_map(FOLDER / "map_sparse.fits.gz", "COUNTS")
    np.testing.assert_array_equal(found.data, RECORD["counts"])
    assert found.geom == GEOM


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("suffix", [".fits", ".fits.gz"])
def test_round_trip(name, suffix, tmp_path):
    first = read_map(FOLDER / f"map_{name}.fits.gz")
    path = tmp_path / f"again{suffix}"
    write_map(first, path, hdu=name)
    again = read_map(path)
    assert (again.geom, again.axes, again.name) == (first.geom, first.axes, first.name)
    assert same_unit(again.unit, first.unit)
    np.testing.assert_allclose(again.data, first.data, rtol=4e-16)
    assert path.read_bytes()[:2] == (b"\x1f\x8b" if suffix.endswith("gz") else b"SI")


@pytest.mark.parametrize("name", WRITTEN)
def test_files_have_the_layout_of_gammapy(name, tmp_path):
    """Same HDUs, shapes, columns and keywords as in the file that Gammapy wrote."""
    path = tmp_path / "ours.fits"
    source = FOLDER / f"map_{name}.fits.gz"
    write_map(read_map(source), path, hdu=name)
    with fits.open(path) as ours, fits.open(source) as theirs:
        assert [hdu.name for hdu in ours] == [hdu.name for hdu in theirs]
        for a, b in zip(ours, theirs, strict=True):
            missing = set(b.header) - set(a.header) - {"MJDREF", "EQUINOX", "WCSAXES", "BSCALE"}
            assert not {key for key in missing if not key.startswith(("TNULL", "TDISP"))}
            for key in ("WCSSHAPE", "AXCOLS1", "AXCOLS2", "INTERP1", "INTERP2", "BANDSHDU"):
                assert a.header.get(key) == b.header.get(key)
            if a.name.endswith("_BANDS"):
                assert a.columns.names == b.columns.names
                for column in a.columns.names:
                    units = [u.Unit(table.columns[column].unit or "") for table in (a, b)]
                    expected = b.data[column] * units[1].to(units[0])
                    np.testing.assert_allclose(a.data[column], expected, rtol=1e-9)
        if name == "exposure":
            assert ours[1].header["BUNIT"] == "m2 s"


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["CAR", "TAN", "AIT"]),
    st.sampled_from(["icrs", "galactic"]),
    st.floats(0, 359.99),
    st.floats(-89, 89),
    st.floats(0.01, 2),
)
def test_any_geometry_survives_a_file(proj, frame, lon, lat, binsz):
    geom = WcsGeom.create((lon, lat), binsz, npix=(4, 3), proj=proj, frame=frame)
    hdus = fits.HDUList(map_to_hdus(Map(np.arange(12.0).reshape(3, 4), geom), "PRIMARY"))
    again = fits.HDUList.fromstring(_bytes(hdus))
    found = map_from_hdus(again)
    assert found.geom == geom
    np.testing.assert_array_equal(found.data, np.arange(12.0).reshape(3, 4))


def _bytes(hdus):
    stream = io.BytesIO()
    hdus.writeto(stream)
    return stream.getvalue()


def test_metadata_are_kept_as_json():
    (hdu,) = map_to_hdus(Map(np.zeros(GEOM.shape), GEOM), "X", meta={"livetime": [1.5, "s"]})
    assert json.loads(hdu.header["META"]) == {"livetime": [1.5, "s"]}


def test_unknown_units_are_kept_as_written():
    (hdu,) = map_to_hdus(Map(np.ones(GEOM.shape), GEOM), "PRIMARY")
    hdu.header["BUNIT"] = "photons per fortnight"
    assert map_from_hdus(fits.HDUList([hdu])).unit == "photons per fortnight"


def test_stored_in_another_unit():
    exposure = Map(np.full(GEOM.shape, 2e4), GEOM, unit="cm2 s")
    (hdu,) = map_to_hdus(exposure, "EXPOSURE", unit="km2 s")
    assert hdu.header["BUNIT"] == "km2 s"
    np.testing.assert_allclose(hdu.data, 2e-6)


def test_masks_of_any_name():
    mask = Map(np.arange(30).reshape(5, 6) % 2 == 0, GEOM)
    (hdu,) = map_to_hdus(mask, "PRIMARY")
    assert map_from_hdus(fits.HDUList([hdu])).data.dtype == np.float64


def test_read_mask(tmp_path):
    mask = Map(np.arange(30).reshape(5, 6) % 2 == 0, GEOM)
    write_map(mask, tmp_path / "exclusion.fits.gz")
    found = read_mask(tmp_path / "exclusion.fits.gz")
    assert found.is_mask
    np.testing.assert_array_equal(found.data, mask.data)
    write_map(Map(np.full(GEOM.shape, 0.5), GEOM), tmp_path / "half.fits")
    with pytest.raises(FileFormatError, match="values other than 0 and 1"):
        read_mask(tmp_path / "half.fits")


def test_existing_files_are_kept_unless_told(tmp_path):
    path = tmp_path / "map.fits"
    write_map(Map(np.ones(GEOM.shape), GEOM), path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_map(Map(np.zeros(GEOM.shape), GEOM), path)
    assert read_map(path).data.all()
    write_map(Map(np.zeros(GEOM.shape), GEOM), path, overwrite=True)
    assert not read_map(path).data.any()
    assert list(tmp_path.iterdir()) == [path]


# --- damage ---------------------------------------------------------------------------


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_map(tmp_path / "nothing.fits")


def test_not_a_fits_file(tmp_path):
    path = tmp_path / "map.fits"
    path.write_text("SIMPLE words")
    with pytest.raises(FileFormatError, match=r"map\.fits"):
        read_map(path)


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("suffix", [".fits", ".fits.gz"])
def test_cut_off_file(fraction, suffix, tmp_path):
    whole = (FOLDER / "map_psf.fits.gz").read_bytes()
    if suffix == ".fits":
        whole = gzip.decompress(whole)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(FileFormatError, match=rf"cut{suffix}"):
        read_map(path)


def damage(tmp_path, change):
    path = tmp_path / "damaged.fits"
    with fits.open(FOLDER / "map_counts.fits.gz") as hdus:
        change(hdus)
        hdus.writeto(path)
    return path


def no_bands(hdus):
    del hdus["COUNTS_BANDS"]


def no_bands_keyword(hdus):
    del hdus["COUNTS"].header["BANDSHDU"]


def other_bins(hdus):
    hdus["COUNTS_BANDS"].data = hdus["COUNTS_BANDS"].data[:2]


def no_wcs(hdus):
    del hdus["COUNTS"].header["CTYPE1"]


def other_frame(hdus):
    hdus["COUNTS"].header["CTYPE1"] = "ELON-TAN"
    hdus["COUNTS"].header["CTYPE2"] = "ELAT-TAN"


def healpix(hdus):
    hdus["COUNTS"].header["PIXTYPE"] = "HEALPIX"


def no_axes(hdus):
    del hdus["COUNTS_BANDS"].header["AXCOLS1"]
    hdus["COUNTS_BANDS"].columns.change_name("E_MIN", "LOW")
    hdus["COUNTS_BANDS"].columns.change_name("ENERGY", "MEAN")


@pytest.mark.parametrize(
    ("change", "problem", "hdu"),
    [
        (no_bands, "no such HDU; there are PRIMARY, COUNTS", "COUNTS_BANDS"),
        (no_bands_keyword, r"shape \(3, 5, 6\), but the axes \(5, 6\)", "COUNTS"),
        (other_bins, r"shape \(3, 5, 6\), but the axes \(2, 5, 6\)", "COUNTS"),
        (no_wcs, "no CTYPE1", "COUNTS"),
        (other_frame, "ELON", "COUNTS"),
        (healpix, "HEALPix", "COUNTS"),
        (no_axes, "axes are unknown", "COUNTS_BANDS"),
    ],
)
def test_damage_is_told_with_its_place(change, problem, hdu, tmp_path):
    path = damage(tmp_path, change)
    with pytest.raises(FileFormatError, match=problem) as caught:
        read_map(path)
    assert (caught.value.path, caught.value.hdu) == (str(path), hdu)


def test_hdu_that_is_not_there():
    with pytest.raises(FileFormatError, match="there are PRIMARY, COUNTS, COUNTS_BANDS"):
        read_map(FOLDER / "map_counts.fits.gz", "BACKGROUND")


def test_table_that_is_no_map():
    with pytest.raises(FileFormatError, match="no CTYPE1"):
        read_map(FOLDER / "map_counts.fits.gz", "COUNTS_BANDS")


@pytest.mark.parametrize(("column", "value"), [("PIX", 30), ("PIX", -1), ("CHANNEL", 3)])
def test_sparse_pixel_outside_the_map(column, value, tmp_path):
    path = tmp_path / "sparse.fits"
    with fits.open(FOLDER / "map_sparse.fits.gz") as hdus:
        hdus["COUNTS"].data[column][0] = value
        hdus.writeto(path)
    with pytest.raises(FileFormatError, match="outside the map"):
        read_map(path)


def test_file_without_data(tmp_path):
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(FileFormatError, match="no HDU with data"):
        read_map(tmp_path / "empty.fits")


# --- real data ------------------------------------------------------------------------


def test_fermi_cubes(gammapy_data):
    folder = gammapy_data / "fermi-3fhl-gc"
    counts = read_map(folder / "fermi-3fhl-gc-counts-cube.fits.gz")
    assert counts.data.shape == (11, 200, 400)
    assert counts.geom.frame == "galactic"
    exposure = read_map(folder / "fermi-3fhl-gc-exposure-cube.fits.gz")
    assert same_unit(exposure.unit, "cm2 s")
    assert 1e10 < exposure.data.min() < exposure.data.max() < 1e12
    diffuse = read_map(folder / "gll_iem_v06_gc.fits.gz")
    assert same_unit(diffuse.unit, "TeV-1 s-1 sr-1 cm-2")
    assert diffuse.axes[0].name == "energy_true"


def test_exclusion_mask(gammapy_data):
    mask = read_mask(gammapy_data / "joint-crab/exclusion/exclusion_mask_crab.fits.gz")
    assert mask.is_mask
    assert 0.5 < mask.data.mean() < 1
    assert not mask.get_by_coord(83.63, 22.01), "the Crab is excluded"
