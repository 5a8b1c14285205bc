"""From the configuration to observations and geometries."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from astropy import units as u

from gjax.cli.config import parse_config
from gjax.cli.progress import Progress
from gjax.cli.reduction import (
    apply_fit_range,
    iter_observations,
    map_axes,
    map_geometry,
    open_data_store,
    reduce_datasets,
    select_observations,
)
from gjax.dataset import Dataset
from gjax.errors import ConfigError
from gjax.maps import MapAxis
from gjax.maps.region_geom import RegionGeom


@pytest.fixture
def configure(workplace):
    """Give the shared configuration with some keys of ``observations`` replaced."""

    def configured(**observations):
        content = yaml.safe_load((workplace / "config.yaml").read_text())
        content["observations"] = {"datastore": "store", **observations}
        return parse_config(content, folder=workplace)

    return configured


def select(config):
    return select_observations(config, open_data_store(config))


def read(config):
    store = open_data_store(config)
    with Progress(1, quiet=True) as progress:
        return list(iter_observations(config, store, select_observations(config, store), progress))


def test_geometry_is_that_of_gammapy(configure):
    datasets = configure().settings.datasets
    geom = map_geometry(datasets)
    # 2 deg x 1.6 deg of 0.08 deg, rounded as gammapy.maps.WcsGeom.create does.
    assert geom.npix == (25, 20)
    assert geom.center == pytest.approx((83.63, 22.01))
    energy, energy_true = map_axes(datasets)
    assert (energy.nbin, energy_true.nbin) == (
        datasets.geom.axes.energy.nbins,
        datasets.geom.axes.energy_true.nbins,
    )
    assert energy_true.name == "energy_true"


def test_without_true_energies_both_axes_are_the_same(workplace):
    content = yaml.safe_load((workplace / "config.yaml").read_text())
    content["datasets"]["geom"]["axes"]["energy_true"] = {"min": None, "max": None, "nbins": None}
    energy, energy_true = map_axes(parse_config(content).settings.datasets)
    assert energy.edges == pytest.approx(energy_true.edges)


def test_ids_are_kept_in_their_order_once(configure):
    assert select(configure(obs_ids=[9, 7, 9])) == [9, 7]
    assert select(configure()) == [7, 9]


@pytest.mark.parametrize(
    "text", ["9\n7\n", "OBS_ID\n9\n7\n", "# chosen\nOBS_ID, RA\n9, 83.6\n7, 1\n"]
)
def test_ids_from_a_file(configure, workplace, text):
    (workplace / "ids.txt").write_text(text)
    assert select(configure(obs_file="ids.txt")) == [9, 7]


def test_a_file_of_ids_that_is_no_text_is_refused(configure, workplace):
    (workplace / "ids.txt").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(ConfigError, match="is not a text file"):
        select(configure(obs_file="ids.txt"))


@pytest.mark.parametrize("text", ["", "OBS_ID\n", "9\nseven\n"])
def test_a_file_without_ids_is_refused(configure, workplace, text):
    (workplace / "ids.txt").write_text(text)
    with pytest.raises(ConfigError, match=r"observations\.obs_file.*ids\.txt"):
        select(configure(obs_file="ids.txt"))


def test_cone_about_the_pointing(configure):
    cone = {"frame": "icrs", "lon": "83.63 deg", "lat": "21.6 deg", "radius": "0.5 deg"}
    assert select(configure(obs_cone=cone)) == [7]
    with pytest.raises(ConfigError, match="no observation"):
        select(configure(obs_cone={**cone, "lat": "-21.6 deg"}))


def test_times_cut_observations_to_the_union_of_intervals(configure):
    whole = read(configure(obs_ids=[7]))[0]
    begin = whole.gti.time_start[0]
    # Two intervals that overlap, ten minutes together, and the end of the observation.
    starts = [begin, begin + 5 * u.min, begin + 20 * u.min]
    stops = [begin + 8 * u.min, begin + 10 * u.min, begin + 40 * u.day]
    time = {"start": [t.utc.isot for t in starts], "stop": [t.utc.isot for t in stops]}
    (cut,) = read(configure(obs_ids=[7], obs_time=time))
    expected = 600 + (whole.gti.total - 1200)
    assert cut.gti.total == pytest.approx(expected, abs=0.01)
    assert cut.livetime / whole.livetime == pytest.approx(expected / whole.gti.total, rel=1e-5)
    since = whole.events.time - whole.gti.start[0]
    assert len(cut.events) == np.sum((since < 600) | (since >= 1200))


def test_observations_without_time_or_responses_are_left_out_aloud(configure, capsys):
    time = {"start": "1999-01-01", "stop": "1999-01-02"}
    assert read(configure(obs_time=time)) == []
    assert "observation 7 is left out: it has no good time" in capsys.readouterr().err
    assert read(configure(required_irf=["aeff", "rad_max"])) == []
    assert "observation 9 is left out: it has no rad_max" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("section", "value", "key"),
    [
        ("energy", {"min": "1 MeV", "max": "2 MeV", "nbins": 2}, "datasets.safe_mask"),
        (
            "energy_true",
            {"min": "1e5 TeV", "max": "2e5 TeV", "nbins": 2},
            "datasets.geom.axes.energy_true",
        ),
    ],
)
def test_energies_beyond_the_responses_are_refused(workplace, section, value, key):
    content = yaml.safe_load((workplace / "config.yaml").read_text())
    content["datasets"]["geom"]["axes"][section] = value
    config = parse_config(content, folder=workplace)
    with Progress(1, quiet=True) as progress, pytest.raises(ConfigError) as caught:
        reduce_datasets(config, iter(read(config)), progress)
    assert caught.value.key == key


def test_thresholds_of_the_background_may_be_text(workplace):
    content = yaml.safe_load((workplace / "config.yaml").read_text())
    content["datasets"]["background"] = {
        "method": "fov_background",
        "parameters": {"min_counts": "1e9"},
    }
    config = parse_config(content, folder=workplace)
    with Progress(1, quiet=True) as progress, pytest.raises(ConfigError, match="no bin is left"):
        reduce_datasets(config, iter(read(config)), progress)


def test_datasets_may_have_a_fit_range_of_their_own(configure):
    names = ("hess-1", "hess-2", "fermi")
    column = np.ones((5, 1, 1))
    energy = MapAxis.from_energy_bounds(0.1, 10.0, 5)
    true = MapAxis.from_energy_bounds(0.1, 10.0, 5, name="energy_true")
    region = RegionGeom.circle(83.6, 22.0, 0.1)
    datasets = [Dataset(name, region, energy, true, counts=column) for name in names]

    def bins(ranges, **fit):
        config = parse_config(
            {
                "general": {"datasets_file": "datasets.yaml"},
                "fit": {"fit_range": fit},
                "gjax": {"fit_ranges": ranges},
            }
        )
        return [int(dataset.mask.sum()) for dataset in apply_fit_range(config, datasets)]

    assert bins({}) == [5, 5, 5]
    assert bins({}, min="1 TeV") == [2, 2, 2]
    assert bins({"hess-*": {"min": "1 TeV"}, "fermi": {"max": "1 TeV"}}) == [2, 2, 2]
    assert bins({"fermi": {}}, min="1 TeV") == [2, 2, 5]
    with pytest.raises(ConfigError, match=r"gjax\.fit_ranges\.magic: matches none of .*hess-1"):
        bins({"magic": {"min": "1 TeV"}})
    with pytest.raises(ConfigError, match=r"fit\.fit_range: no bin is left"):
        bins({}, min="8 TeV")
