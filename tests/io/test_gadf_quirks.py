"""Files in use that deviate from the standard, and are read all the same."""

import logging

import numpy as np
import pytest
from astropy.io import fits

from gjax.io.gadf import DataStore, write_data_store
from gjax.io.gadf.fits_file import FitsFile
from gjax.io.gadf.irf import read_irf
from gjax.io.gadf.write_irf import irf_hdu
from gjax.maps.axis import MapAxis


@pytest.fixture
def changed(responses, tmp_path):
    """Write a response with a change to its HDU, and read it."""

    def read(name, change):
        hdu, hdu_class = irf_hdu(responses[name])
        result = change(hdu)
        hdus = fits.HDUList([fits.PrimaryHDU(), hdu if result is None else result])
        hdus.writeto(tmp_path / "irf.fits", overwrite=True)
        return read_irf(FitsFile(tmp_path / "irf.fits").table(1), hdu_class)

    return read


def with_columns(hdu, **replacements):
    """Replace columns: name = (new name, cell, unit)."""
    columns = []
    for column in hdu.columns:
        name, cell, unit = replacements.get(
            column.name, (column.name, hdu.data[column.name][0], column.unit)
        )
        cell = np.asarray(cell, float)[None]
        dim = str(cell.shape[:0:-1]).replace(" ", "") if cell.ndim > 2 else None
        columns.append(fits.Column(name, f"{cell.size}D", unit=unit, dim=dim, array=cell))
    return fits.BinTableHDU.from_columns(columns, header=hdu.header)


def test_transposed_background(changed, responses):
    want = responses["bkg"].table.data
    cell = want.transpose(0, 1, 2) * 1e-6
    bkg = changed("bkg", lambda hdu: with_columns(hdu, BKG=("BKG", cell, "s-1 MeV-1 sr-1")))
    np.testing.assert_allclose(bkg.table.data, want, rtol=1e-14)


def test_background_without_unit_in_another_column(changed, responses, caplog):
    cell = responses["bkg"].table.data.T * 1e-6
    with caplog.at_level(logging.WARNING):
        bkg = changed("bkg", lambda hdu: with_columns(hdu, BKG=("BGD", cell, None)))
    np.testing.assert_allclose(bkg.table.data, responses["bkg"].table.data, rtol=1e-14)
    assert "taken as s-1 MeV-1 sr-1" in caplog.text


@pytest.mark.parametrize("unit", ["1/s/MeV/sr", "s^-1 MeV^-1 sr^-1", "1 / (MeV s sr)"])
def test_spellings_of_a_unit(changed, responses, caplog, unit):
    cell = responses["bkg"].table.data.T * 1e-6
    bkg = changed("bkg", lambda hdu: with_columns(hdu, BKG=("BKG", cell, unit)))
    np.testing.assert_allclose(bkg.table.data, responses["bkg"].table.data, rtol=1e-14)
    assert not caplog.text


def test_units_are_converted(changed, responses):
    aeff = responses["aeff"]
    gev = np.asarray(aeff.table.axes[0].edges) * 1e3

    def change(hdu):
        return with_columns(
            hdu,
            ENERG_LO=("ENERG_LO", gev[:-1], "GeV"),
            ENERG_HI=("ENERG_HI", gev[1:], "GeV"),
            EFFAREA=("EFFAREA", aeff.table.data.T * 1e-10, "km2"),
        )

    got = changed("aeff", change)
    np.testing.assert_allclose(got.table.axes[0].edges, aeff.table.axes[0].edges, rtol=1e-12)
    np.testing.assert_allclose(got.table.data, aeff.table.data, rtol=1e-12)


def test_shape_that_is_not_written(changed, responses):
    got = changed(
        "aeff",
        lambda hdu: with_columns(hdu, EFFAREA=("EFFAREA", hdu.data["EFFAREA"].ravel(), "m2")),
    )
    np.testing.assert_allclose(got.table.data, responses["aeff"].table.data, rtol=1e-14)


def test_equal_edges_are_nodes(changed):
    def change(hdu):
        nodes = [0.4, 1.5]
        return with_columns(
            hdu, THETA_LO=("THETA_LO", nodes, "deg"), THETA_HI=("THETA_HI", nodes, "deg")
        )

    assert changed("aeff", change).table.axes[1] == MapAxis.from_nodes([0.4, 1.5], "offset")


def test_true_energy_named_etrue(changed, responses):
    edges = np.asarray(responses["edisp"].table.axes[0].edges)

    def change(hdu):
        return with_columns(
            hdu,
            ENERG_LO=("ETRUE_LO", edges[:-1], "TeV"),
            ENERG_HI=("ETRUE_HI", edges[1:], "TeV"),
        )

    assert changed("edisp", change).table.axes[0].name == "energy_true"


@pytest.mark.parametrize(
    ("name", "short"), [("aeff", "2D"), ("psf_3gauss", "3GAUSS"), ("bkg", "3D")]
)
def test_short_class_names(changed, name, short):
    assert changed(name, lambda hdu: hdu.header.update(HDUCLAS4=short)) is not None


def test_class_name_may_be_missing(changed):
    assert changed("psf_king", lambda hdu: hdu.header.remove("HDUCLAS4")) is not None


def test_zero_widths_do_not_pull_down_their_neighbours(changed):
    def change(hdu):
        for name, value in (("SIGMA_3", 0.0), ("AMPL_3", 0.0)):
            hdu.data[name][:] = value

    psf = changed("psf_3gauss", change)
    assert np.all(psf.sigma_3 == 1.0)
    assert np.all(np.isfinite(psf.evaluate(1.0, 0.5, [0.0, 0.1])))


class TestEvents:
    @pytest.fixture
    def read(self, observation, tmp_path):
        """Write the observation, change HDUs, and read it."""
        write_data_store([observation], tmp_path)

        def read(change):
            path = tmp_path / "obs_000042.fits"
            with fits.open(path, memmap=False) as hdus:
                change(hdus)
                hdus.writeto(tmp_path / "new.fits")
            (tmp_path / "new.fits").replace(path)
            return DataStore(tmp_path).observation(42)

        return read

    def test_first_hess_files_have_longitude_to_the_east(self, read):
        keys = {"CREATOR": "SASH FITS::EventListWriter", "HDUVERS": "0.2"}
        got = read(lambda hdus: hdus["EVENTS"].header.update(keys))
        assert got.bkg.fov_alignment == "REVERSE_LON_RADEC"

    def test_utc(self, read, observation):
        def change(hdus):
            for name in ("EVENTS", "GTI"):
                hdus[name].header["TIMESYS"] = "utc"

        got = read(change)
        # In 2004: 32.184 s from TT to TAI and 32 s of leap seconds; the seconds themselves stay.
        shift = (got.gti.reference - observation.gti.reference) * 86400
        assert shift == pytest.approx(64.184, abs=1e-5)
        np.testing.assert_array_equal(got.gti.start, observation.gti.start)

    def test_epochs_of_events_and_good_time_differ(self, read, observation):
        def change(hdus):
            hdus["EVENTS"].header["MJDREFI"] += 1
            hdus["EVENTS"].data["TIME"] -= 86400

        np.testing.assert_allclose(
            read(change).events.time, observation.events.time, rtol=0, atol=1e-5
        )

    def test_time_unit_in_the_header(self, read, observation):
        def change(hdus):
            gti = hdus["GTI"]
            for name in ("START", "STOP"):
                gti.data[name] /= 86400
                gti.columns[name].unit = None
            gti.header["TIMEUNIT"] = "d"

        assert read(change).ontime == pytest.approx(observation.ontime, rel=1e-9)

    def test_dead_time_from_the_live_time(self, read):
        def change(hdus):
            del hdus["EVENTS"].header["DEADC"]
            hdus["EVENTS"].header["LIVETIME"] = 900.0

        assert float(read(change).deadtime_fraction) == pytest.approx(0.25)

    def test_numbers_as_text(self, read):
        got = read(lambda hdus: hdus["EVENTS"].header.update(RA_PNT="83.63"))
        assert float(got.pointing.lon) == 83.63
