"""Data stores: finding, selecting, reading and writing observations."""

import logging

import equinox as eqx
import jax
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.time import Time

from gjax.errors import FileFormatError, UnknownNameError
from gjax.events import GTI, Pointing
from gjax.io.gadf import DataStore, write_data_store, write_observation
from gjax.io.gadf.fits_file import FitsFile, expand_path
from gjax.io.gadf.irf import IRF_CLASSES, read_irf
from gjax.io.gadf.write_irf import compact, irf_hdu
from gjax.irf import Background3D, RadMax


def assert_same(one, other, rtol=1e-14):
    """Compare two pytrees, static fields included."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol)


def numbered(observation, obs_id, **changes):
    """Copy an observation with another number and some other fields."""
    names = ("gti", "pointing", "events", "aeff", "edisp", "psf", "bkg", "rad_max", "meta")
    fields = {name: getattr(observation, name) for name in names}
    fields["deadtime_fraction"] = observation.deadtime_fraction
    return type(observation)(obs_id=obs_id, **(fields | changes))


@pytest.fixture
def store(observation, tmp_path):
    """Three observations: two nearby at different times, one far away without PSF."""
    day = GTI(
        observation.gti.start + 86400, observation.gti.stop + 86400, observation.gti.reference
    )
    others = [
        numbered(observation, 43, gti=day, events=observation.events.to_reference(day.reference)),
        numbered(observation, 50, pointing=Pointing(200.0, -40.0), psf=None),
    ]
    return DataStore(write_data_store([observation, *others], tmp_path / "store"))


class TestRoundTrip:
    def test_observation_is_read_back_equal(self, observation, store):
        assert_same(store.observation(42), observation)

    @pytest.mark.parametrize("name", ["psf_3gauss", "psf_king", "bkg_2d", "rad_max"])
    def test_every_response_is_read_back_equal(self, responses, tmp_path, name):
        hdu, hdu_class = irf_hdu(responses[name])
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "irf.fits")
        assert_same(read_irf(FitsFile(tmp_path / "irf.fits").table(1), hdu_class), responses[name])

    def test_all_classes_are_written(self, responses):
        assert {irf_hdu(irf)[1] for irf in responses.values()} == set(IRF_CLASSES)
        with pytest.raises(TypeError, match="str"):
            irf_hdu("aeff")

    def test_compressed_file(self, observation, tmp_path):
        path = write_observation(observation, tmp_path / "one.fits.gz")
        assert len(FitsFile(path).table("EVENTS")) == 40

    def test_single_precision_only_where_nothing_is_lost(self):
        assert compact(np.float32([0.1, 0.2])).dtype == np.float32
        assert compact([0.1, 0.2]).dtype == np.float64
        assert compact([np.nan, 1.0]).dtype == np.float32

    def test_background_alignment(self, observation, responses, tmp_path):
        bkg = Background3D(responses["bkg"].table, "REVERSE_LON_RADEC")
        write_data_store([numbered(observation, 1, bkg=bkg)], tmp_path)
        assert DataStore(tmp_path).observation(1).bkg.fov_alignment == "REVERSE_LON_RADEC"

    def test_fixed_direction_cut_is_a_keyword(self, observation, tmp_path):
        aeff = type(observation.aeff)(observation.aeff.table, is_pointlike=True, rad_max=0.125)
        write_data_store(
            [numbered(observation, 1, aeff=aeff, rad_max=RadMax.from_irf(aeff))], tmp_path
        )
        store = DataStore(tmp_path)
        assert "rad_max" not in store.available(1)
        assert store.observation(1).rad_max.evaluate(1.0, 0.5) == 0.125


class TestWrite:
    def test_nothing_is_overwritten_unasked(self, observation, tmp_path):
        write_data_store([observation], tmp_path)
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        with pytest.raises(FileExistsError, match="overwrite"):
            write_data_store([observation], tmp_path)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
        write_data_store([observation], tmp_path, overwrite=True)

    def test_numbers_must_differ(self, observation, tmp_path):
        with pytest.raises(ValueError, match="different numbers"):
            write_data_store([observation, observation], tmp_path)

    def test_no_good_time(self, observation, tmp_path):
        with pytest.raises(ValueError, match="no good time"):
            write_observation(observation.select_time(0.0, 1.0), tmp_path / "one.fits")

    def test_without_events(self, observation, tmp_path):
        write_data_store([numbered(observation, 1, events=None)], tmp_path)
        assert len(DataStore(tmp_path).observation(1).events) == 0

    def test_index_tells_what_there_is(self, store):
        table = store.obs_table
        assert table["OBS_ID"].tolist() == [42, 43, 50]
        assert table["ONTIME"].tolist() == [1200.0] * 3
        assert table["RA_PNT"].unit == u.deg
        assert table["EVENT_COUNT"][0] == 40


class TestSelection:
    def test_cone(self, store):
        assert store.select_cone(83.0, 22.0, 2.0) == [42, 43]
        assert store.select_cone(200 * u.deg, -40 * u.deg, 1 * u.deg) == [50]
        # The Crab nebula in galactic coordinates.
        assert store.select_cone(184.5575, -5.7843, 1.0, frame="galactic") == [42, 43]

    def test_time_box(self, store, observation):
        start, stop = observation.gti.time_start[0], observation.gti.time_stop[-1]
        assert store.select_time(start, stop) == [42, 50]
        assert store.select_time(start + 1 * u.min, stop) == [42, 50]
        assert store.select_time(start + 1 * u.min, stop, overlap=False) == []
        assert store.select_time(Time("2010-01-01"), Time("2011-01-01")) == []

    def test_missing_response_skips_with_one_warning(self, store, caplog):
        with caplog.at_level(logging.WARNING):
            observations = store.observations()
        assert [observation.obs_id for observation in observations] == [42, 43]
        assert [record.getMessage() for record in caplog.records] == [
            "observation 50 skipped: it has no psf"
        ]

    def test_order_is_as_asked(self, store):
        ids = [43, 50, 42]
        assert [o.obs_id for o in store.observations(ids, ["aeff"])] == ids
        assert store.observations([50], "all-optional")[0].psf is None

    def test_nothing_left_is_an_error(self, store):
        with pytest.raises(FileFormatError, match="none of 1"):
            store.observations([50])
        with pytest.raises(FileFormatError, match="has no psf"):
            store.observation(50)

    def test_unknown_names(self, store):
        with pytest.raises(UnknownNameError, match="no observation 7, there are 42, 43, 50"):
            store.observations([7])
        with pytest.raises(ValueError, match="required_irf"):
            store.observations(required_irf="all")
        with pytest.raises(ValueError, match="aef"):
            store.observations(required_irf=["aef"])

    def test_all_good_time_counts(self, store):
        assert store.observation(42).livetime == pytest.approx(1200 * 0.93)


class TestPaths:
    def test_environment_variables(self, store, monkeypatch):
        monkeypatch.setenv("SOMEWHERE", str(store.path.parent))
        assert DataStore("$SOMEWHERE").obs_ids == [42, 43, 50]
        assert DataStore("$SOMEWHERE/hdu-index.fits.gz").obs_ids == [42, 43, 50]
        with pytest.raises(FileNotFoundError, match="not set"):
            expand_path("$NOT_SET_ANYWHERE/store")

    def test_uncompressed_index(self, store):
        folder = store.path.parent
        for name in ("hdu-index", "obs-index"):
            with fits.open(folder / f"{name}.fits.gz") as hdus:
                hdus.writeto(folder / f"{name}.fits")
            (folder / f"{name}.fits.gz").unlink()
        assert DataStore(folder).select_cone(200.0, -40.0, 1.0) == [50]

    def test_both_indices_in_one_file(self, store, tmp_path):
        folder = store.path.parent
        with (
            fits.open(folder / "hdu-index.fits.gz") as one,
            fits.open(folder / "obs-index.fits.gz") as other,
        ):
            fits.HDUList([one[0], one[1], other[1]]).writeto(folder / "index.fits")
        for name in ("hdu-index.fits.gz", "obs-index.fits.gz"):
            (folder / name).unlink()
        both = DataStore(folder / "index.fits")
        assert len(both.obs_table) == len(both.obs_ids) == 3

    def test_no_index(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="hdu-index"):
            DataStore(tmp_path)

    def test_no_obs_index(self, store):
        (store.path.parent / "obs-index.fits.gz").unlink()
        with pytest.raises(FileFormatError, match="no obs-index"):
            DataStore(store.path.parent).select_cone(0.0, 0.0, 1.0)


class TestRealData:
    @pytest.mark.parametrize(
        ("folder", "number", "required"),
        [
            ("hess-dl3-dr1", 70, "full-enclosure"),
            ("cta-1dc/index/gps", 4, "full-enclosure"),
            ("tests/minimal_datastore", 2, "full-enclosure"),
            ("magic/rad_max/data", 2, "point-like"),
            ("veritas/crab-point-like-ED", 4, "point-like"),
        ],
    )
    def test_everything_reads(self, gammapy_data, folder, number, required):
        if not (gammapy_data / folder).is_dir():
            pytest.skip(f"needs real data: {folder} is not there")
        store = DataStore(gammapy_data / folder)
        observations = store.observations(required_irf=required)
        assert len(observations) == number
        table = store.obs_table
        # Not every index tells the on time.
        ontimes = dict(zip(table["OBS_ID"], table.columns.get("ONTIME", ()), strict=False))
        for observation in observations:
            assert len(observation.events) > 100
            want = ontimes.get(observation.obs_id, observation.ontime)
            assert observation.ontime == pytest.approx(want, rel=2e-3)
            assert observation.gti.contains(observation.events.time).mean() > 0.99
            assert observation.aeff.table.data.max() > 1e8
            assert (observation.rad_max is not None) == (required == "point-like")

    def test_hess_peculiarities(self, gammapy_data):
        observation = DataStore(gammapy_data / "hess-dl3-dr1").observation(23523)
        assert observation.bkg.fov_alignment == "REVERSE_LON_RADEC"
        assert observation.bkg.table.data.shape == (20, 50, 50)
        assert observation.aeff.energy_min == pytest.approx(0.870963589956081)
        assert dict(observation.meta)["obs_mode"] == "WOBBLE"
        assert observation.pointing.location == pytest.approx((16.5002222, -23.2717778, 1835.0))

    def test_cta_peculiarities(self, gammapy_data):
        observation = DataStore(gammapy_data / "cta-1dc/index/gps").observation(110380)
        # Components that are not there have zero widths in the file.
        assert observation.psf.sigma_3.min() == 1.0
        assert observation.psf.ampl_3.max() == 0.0
        assert observation.bkg.fov_alignment == "RADEC"

    def test_real_observations_are_written_and_read_back(self, gammapy_data, tmp_path):
        observations = [
            DataStore(gammapy_data / "hess-dl3-dr1").observation(23523),
            DataStore(gammapy_data / "cta-1dc/index/gps").observation(110380),
        ]
        write_data_store(observations, tmp_path)
        for back, observation in zip(DataStore(tmp_path).observations(), observations, strict=True):
            assert_same(back, observation)


def test_drift_mode_points_at_the_sky_at_mid_time(observation, tmp_path):
    location = observation.pointing.location
    drift = Pointing(0.0, 0.0, 60.0, 170.0, "DRIFT", location)
    write_data_store([numbered(observation, 1, pointing=drift)], tmp_path)
    pointing = DataStore(tmp_path).observation(1).pointing
    # The declination of a direction near the meridian, by spherical trigonometry (refraction and
    # precession of four years aside).
    lat, alt, az = np.deg2rad([location[1], 60.0, 170.0])
    want = np.rad2deg(np.arcsin(np.sin(lat) * np.sin(alt) + np.cos(lat) * np.cos(alt) * np.cos(az)))
    assert pointing.mode == "DRIFT"
    assert float(pointing.lat) == pytest.approx(want, abs=0.05)


def test_tree_surgery_keeps_an_observation_writable(observation, tmp_path):
    brighter = eqx.tree_at(
        lambda o: o.aeff.table.data, observation, 2 * observation.aeff.table.data
    )
    write_data_store([brighter], tmp_path)
    assert_same(DataStore(tmp_path).observation(42), brighter)
