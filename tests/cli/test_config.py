"""Configurations: read as Gammapy reads them, and refused by name where not understood."""

from __future__ import annotations

import pytest

from gjax.cli.config import default_yaml, parse_config, read_config
from gjax.errors import ConfigError

# A complete analysis as users of Gammapy 2.1 write it.
MAP_ANALYSIS = """
general:
  log: {level: warning}
observations:
  datastore: $GAMMAPY_DATA/hess-dl3-dr1
  obs_ids: [23523, 23526, 23559, 23592]
datasets:
  type: 3d
  stack: true
  geom:
    wcs:
      skydir: {frame: icrs, lon: 83.63 deg, lat: 22.01 deg}
      binsize: 0.02 deg
      width: {width: 5 deg, height: 300 arcmin}
      binsize_irf: 0.2 deg
    selection: {offset_max: 2.5 deg}
    axes:
      energy: {min: 500 GeV, max: 50 TeV, nbins: 16}
      energy_true: {min: 0.3 TeV, max: 100 TeV, nbins: 26}
  map_selection: [counts, exposure, background, psf, edisp]
  background:
    method: fov_background
    exclusion: crab_exclusion.fits.gz
    parameters: {method: scale}
  safe_mask:
    methods: [offset-max, aeff-default]
    parameters: {offset_max: 2.5 deg}
fit: {}
flux_points:
  energy: {min: 0.7 TeV, max: 30 TeV, nbins: 6}
  source: crab
  parameters: {selection_optional: [ul]}
metadata: {creator: Gammapy 2.1}
"""

GALACTIC_ANALYSIS = """
observations: {datastore: store, obs_ids: [110380, 111140, 111159]}
datasets:
  type: 3d
  stack: false
  geom:
    wcs:
      skydir: {frame: galactic, lon: 0 deg, lat: 0 deg}
      binsize: 0.02 deg
      width: {width: 10 deg, height: 8 deg}
      binsize_irf: 0.5 deg
    axes:
      energy: {min: 0.1 TeV, max: 10 TeV, nbins: 10}
      energy_true: {min: 0.08 TeV, max: 12 TeV, nbins: 14}
  background: {method: null}
fit:
  fit_range: {min: 0.3 TeV}
"""

MINIMAL = {"datasets": {"type": "3d", "geom": {"wcs": {"skydir": {
    "frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"}}}}}  # fmt: skip


def with_key(dotted: str, value: object) -> dict:
    """Give a valid configuration with one more key."""
    config = parse_config(MINIMAL).as_read
    section = config
    *path, name = dotted.split(".")
    for part in path:
        section = section.setdefault(part, {})
    section[name] = value
    return config


def test_map_analysis_is_read_with_units():
    config = parse_config(MAP_ANALYSIS)
    datasets = config.settings.datasets
    assert datasets.geom.wcs.width.height.to_value("deg") == pytest.approx(5.0)
    assert datasets.geom.axes.energy.min.to_value("TeV") == pytest.approx(0.5)
    assert datasets.geom.axes.energy.nbins == 16
    assert datasets.background.parameters == {"method": "scale"}
    assert config.settings.observations.obs_ids == [23523, 23526, 23559, 23592]
    assert config.settings.fit.fit_range.min is None
    assert config.settings.flux_points.source == "crab"
    assert config.notes == ()
    assert config.as_read["datasets"]["geom"]["axes"]["energy"]["min"] == "500 GeV"


def test_galactic_analysis_has_gammapys_defaults_elsewhere():
    config = parse_config(GALACTIC_ANALYSIS)
    assert config.settings.datasets.background.method is None
    assert config.settings.fit.fit_range.min.to_value("TeV") == 0.3
    assert config.settings.fit.fit_range.max is None
    # Defaults of gammapy.analysis.AnalysisConfig, version 2.1.
    assert config.settings.datasets.geom.selection.offset_max.to_value("deg") == 2.5
    assert config.settings.datasets.safe_mask.methods == ["aeff-default"]
    assert config.settings.observations.required_irf == ["aeff", "edisp", "psf", "bkg"]
    assert config.settings.general.outdir == "."
    assert config.notes == ()


def test_defaults_written_out_are_not_requests():
    # gammapy's AnalysisConfig.write spells out every section.
    import yaml

    everything = yaml.safe_load(default_yaml())
    everything["datasets"].update(MINIMAL["datasets"])
    config = parse_config(everything)
    assert {note.split(":")[0] for note in config.notes} == {
        "flux_points",
        "excess_map",
        "light_curve",
    }


def test_yaml_dates_are_times():
    times = {"start": ["2019-12-01"], "stop": ["2020-03-01"]}
    text = "observations: {obs_time: {start: 2019-12-01, stop: 2020-03-01 12:00:00}}\n"
    text += "datasets: {type: 3d, geom: {wcs: {skydir: {frame: icrs, lon: 5h, lat: 1d30m}}}}"
    config = parse_config(text)
    assert config.settings.observations.obs_time.start.iso == "2019-12-01 00:00:00.000"
    assert config.settings.observations.obs_time.stop.iso == "2020-03-01 12:00:00.000"
    assert config.settings.datasets.geom.wcs.skydir.lon.to_value("deg") == pytest.approx(75)
    assert config.as_read["observations"]["obs_time"]["start"] == "2019-12-01"
    lists = parse_config(with_key("observations.obs_time", times)).settings
    assert lists.observations.obs_time.start.shape == (1,)


def test_empty_sections_mean_their_defaults():
    config = parse_config({**MINIMAL, "fit": None, "general": {"log": None}})
    assert config.settings.fit.fit_range.max is None
    assert config.settings.general.log.level == "info"


@pytest.mark.parametrize(
    ("key", "value", "hint"),
    [
        ("observatoins", {}, "did you mean observations?"),
        ("Fit", {}, "did you mean fit?"),
        ("datasets.tpye", "3d", "did you mean datasets.type?"),
        ("datasets.geom.binsize", "0.1 deg", "did you mean datasets.geom.wcs.binsize?"),
        ("datasets.geom.wcs.skydir.ra", "1 deg", "known here: frame, lon, lat"),
        ("fit.fit_range.minimum", "1 TeV", "did you mean fit.fit_range.min?"),
        ("gjax.sampler.nchains", 2, "did you mean gjax.sampler.chains?"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest_known(key, value, hint):
    with pytest.raises(ConfigError) as caught:
        parse_config(with_key(key, value))
    assert caught.value.key == key
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("datasets.type", "2d", "'1d' or '3d'"),
        ("datasets.geom.wcs.binsize", 0.02, "angular unit"),
        ("datasets.geom.wcs.binsize", "2 TeV", "angular unit"),
        ("datasets.geom.wcs.binsize", "wide", "not an angle"),
        ("fit.fit_range.min", "1 deg", "not one of energy"),
        ("fit.fit_range.min", 1, "not one of energy"),
        ("fit.fit_range.min", "one TeV", "not an energy"),
        ("fit.fit_range", 3, "group of keys"),
        ("observations.obs_ids", 3, "list"),
        ("observations.obs_time.start", "yesterday", "not a time"),
        ("gjax.sampler.samples", 0, "greater than 0"),
    ],
)
def test_wrong_values_are_refused_by_key(key, value, words):
    with pytest.raises(ConfigError) as caught:
        parse_config(with_key(key, value))
    assert caught.value.key == key
    assert words in str(caught.value)


def test_a_key_given_twice_is_refused():
    with pytest.raises(ConfigError, match="stack: the key is given twice, line 3"):
        parse_config("datasets:\n  stack: true\n  stack: false\n")


@pytest.mark.parametrize("text", ["- 1\n", "", "a: [", "just words"])
def test_what_is_no_configuration_is_said_so(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        read_config(path)


def test_missing_configuration_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        read_config(tmp_path / "absent.yaml")
