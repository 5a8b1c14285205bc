"""HEALPix maps in files of several makers."""

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.bands import axes_header, axes_to_hdu
from gjax.io.healpix import read_healpix_map
from gjax.maps.axis import MapAxis

AXIS = MapAxis.from_energy_bounds(0.01, 1.0, 2)
N = 12 * 2**2
VALUES = np.arange(2.0 * N).reshape(2, N)


def _table(columns, name="SKYMAP", **header):
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header.update({"PIXTYPE": "HEALPIX", "NSIDE": 2, "ORDERING": "RING"} | header)
    return hdu


def _write(tmp_path, *hdus):
    path = tmp_path / "map.fits"
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    return path


def _channels(values=VALUES, form="D", prefix="CHANNEL", **kwargs):
    return [
        fits.Column(f"{prefix}{i + 1}", form, array=row, **kwargs) for i, row in enumerate(values)
    ]


def _bands(name="SKYMAP_BANDS"):
    return axes_to_hdu((AXIS,), name)


def test_column_for_each_bin(tmp_path):
    hdu = _table(_channels(), COORDSYS="GAL", ORDERING="NESTED", BANDSHDU="SKYMAP_BANDS")
    hdu.header.update(axes_header((AXIS,)))
    map_ = read_healpix_map(_write(tmp_path, hdu, _bands()))
    np.testing.assert_array_equal(map_.data, VALUES)
    assert (map_.frame, map_.nested, map_.nside) == ("galactic", True, 2)
    assert map_.axes[0].is_allclose(AXIS)


def test_exposure_of_the_fermi_tools(tmp_path):
    hdu = _table(_channels(prefix="ENERGY"), "HPXEXPOSURES")
    energies = fits.BinTableHDU.from_columns(
        [fits.Column("Energy", "D", array=[1e4, 1e5])], name="ENERGIES"
    )
    map_ = read_healpix_map(_write(tmp_path, hdu, energies))
    assert (map_.unit, map_.frame) == ("cm2 s", "icrs")
    np.testing.assert_allclose(map_.axes[0].center, [0.01, 0.1])
    assert map_.axes[0].name == "energy_true"


def test_row_with_all_bins_for_each_pixel(tmp_path):
    hdu = _table([fits.Column("Spectra", "2D", array=VALUES.T)], COORDSYS="GALACTIC")
    np.testing.assert_array_equal(read_healpix_map(_write(tmp_path, hdu, _bands())).data, VALUES)


def test_rows_of_healpy_and_what_it_has_not_seen(tmp_path):
    values = np.arange(N, dtype="f4").reshape(6, 8)
    values[0, 3] = -1.6375e30
    column = fits.Column("I", "8E", array=values, unit="GeV-1 m-2 s-1 sr-1")
    map_ = read_healpix_map(_write(tmp_path, _table([column], COORDSYS="C")))
    assert map_.unit == "TeV-1 s-1 sr-1 cm-2"
    assert np.flatnonzero(np.isnan(map_.data)).tolist() == [3]
    assert map_.data[47] == pytest.approx(47 * 1e3 / 1e4)


def test_part_of_the_sky(tmp_path):
    pixel = np.array([3, 40])
    columns = [fits.Column("PIX", "J", array=pixel), *_channels(VALUES[:, pixel])]
    map_ = read_healpix_map(_write(tmp_path, _table(columns, INDXSCHM="EXPLICIT"), _bands()))
    expected = np.zeros_like(VALUES)
    expected[:, pixel] = VALUES[:, pixel]
    np.testing.assert_array_equal(map_.data, expected)


def test_sparse_table(tmp_path):
    columns = [
        fits.Column("PIX", "J", array=[3, 40]),
        fits.Column("CHANNEL", "J", array=[1, 0]),
        fits.Column("VALUE", "D", array=[5.0, 7.0]),
    ]
    map_ = read_healpix_map(_write(tmp_path, _table(columns, INDXSCHM="SPARSE"), _bands()))
    assert (map_.data[1, 3], map_.data[0, 40], map_.data.sum()) == (5.0, 7.0, 12.0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"NSIDE": 4}, "expected 2 of 192"),
        ({"NSIDE": 0}, "neither NSIDE nor ORDER"),
        ({"COORDSYS": "E"}, "the frame 'E' is not known"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, change, problem):
    path = _write(tmp_path, _table(_channels(), **change), _bands())
    with pytest.raises(FileFormatError, match=problem) as caught:
        read_healpix_map(path)
    assert caught.value.hdu == "SKYMAP"


def test_pixels_outside_and_other_files_are_refused(tmp_path):
    columns = [fits.Column("PIX", "J", array=[3, N]), *_channels(VALUES[:, :2])]
    path = _write(tmp_path, _table(columns), _bands())
    with pytest.raises(FileFormatError, match="a pixel is outside the map"):
        read_healpix_map(path)
    with pytest.raises(FileFormatError, match="not a HEALPix map"):
        read_healpix_map(path, "SKYMAP_BANDS")
    with pytest.raises(FileFormatError, match="no such HDU; there are PRIMARY, SKYMAP"):
        read_healpix_map(path, "OTHER")
    empty = tmp_path / "empty.fits"
    fits.HDUList([fits.PrimaryHDU()]).writeto(empty)
    with pytest.raises(FileFormatError, match="no HEALPix map"):
        read_healpix_map(empty)


def test_part_of_the_sky_that_is_known(tmp_path):
    whole = _table(_channels(), HPX_REG="DISK(110.,-15.5,8.)")
    map_ = read_healpix_map(_write(tmp_path, whole, _bands()))
    assert map_.disk == (110.0, -15.5, 8.0)
    pytest.importorskip("astropy_healpix", reason="needs the extra healpix")
    pixel = np.array([4, 5])  # of the second ring, at 22.5 and 67.5 deg
    columns = [fits.Column("PIX", "J", array=pixel), *_channels(VALUES[:, pixel])]
    (tmp_path / "more").mkdir()
    map_ = read_healpix_map(_write(tmp_path / "more", _table(columns), _bands()))
    assert map_.disk is not None
    lon, lat, radius = map_.disk
    assert lon == pytest.approx(45.0)
    assert lat > 41.8
    assert radius == pytest.approx(
        np.degrees(np.arcsin(np.sin(np.pi / 8) * np.cos(np.arcsin(2 / 3))))
    )
