"""What is not supported is refused by name; what has no effect is noted."""

from __future__ import annotations

from typing import Any

import pytest

from gjax.cli.config import parse_config
from gjax.errors import ConfigError


def configuration(dotted: str = "", value: Any = None) -> dict[str, Any]:
    """Give a supported configuration with one key set."""
    skydir = {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"}
    config: dict[str, Any] = {"datasets": {"type": "3d", "geom": {"wcs": {"skydir": skydir}}}}
    section: dict[str, Any] = config
    *path, name = dotted.split(".")
    for part in path:
        section = section.setdefault(part, {})
    if name:
        section[name] = value
    return config


@pytest.mark.parametrize(
    ("dotted", "value", "key"),
    [
        ("datasets.type", "1d", "datasets.on_region.lon"),
        ("general.log.level", "loud", ""),
        ("general.log.filemode", "r", ""),
        ("general.n_jobs", 0, ""),
        ("datasets.background.method", "ring", "datasets.background.parameters.r_in"),
        ("datasets.background.method", "reflected", ""),
        ("datasets.map_selection", ["counts", "exposure"], ""),
        ("datasets.safe_mask.parameters.irfs", "DL3", ""),
        ("datasets.safe_mask.parameters.aeff_precent", 5, ""),
        ("datasets.safe_mask.parameters.position", "83 deg", ""),
        ("datasets.geom.wcs.binsize", "0 deg", ""),
        ("datasets.geom.axes.energy.nbins", 0, "datasets.geom.axes.energy.min"),
        ("datasets.geom.axes.energy", {"min": "2 TeV", "max": "1 TeV", "nbins": 3}, ""),
        ("excess_map.correlation_radius", "0.2 deg", "excess_map"),
        ("excess_map", {}, ""),
        ("light_curve.source", "crab", "light_curve"),
        ("observations.obs_cone", {"lon": "1 deg"}, ""),
        ("observations.obs_cone", {"frame": "icrs"}, ""),
        ("observations.obs_time", {"start": "2020-01-02", "stop": "2020-01-01"}, ""),
        ("datasets.safe_mask.parameters.aeff_percent", 200, ""),
        ("datasets.safe_mask.parameters.bias_percent", "ten", ""),
        ("observations.obs_time", {"start": "2020-01-01"}, ""),
        (
            "observations.obs_time",
            {"start": ["2020-01-01"], "stop": ["2020-01-02", "2020-01-03"]},
            "",
        ),
    ],
)
def test_unsupported_is_refused_by_name(dotted, value, key):
    with pytest.raises(ConfigError) as caught:
        parse_config(configuration(dotted, value))
    assert caught.value.key == (key or dotted)


@pytest.mark.parametrize("missing", ["frame", "lon", "lat"])
def test_the_centre_of_the_map_is_needed(missing):
    config = configuration()
    del config["datasets"]["geom"]["wcs"]["skydir"][missing]
    with pytest.raises(ConfigError, match="centre of the map"):
        parse_config(config)


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "guess"), ("spectral_model", "pl-norm"), ("exclusion_mask", "mask.fits")],
)
def test_unsupported_background_parameters(name, value):
    config = configuration(
        "datasets.background", {"method": "fov_background", "parameters": {name: value}}
    )
    with pytest.raises(ConfigError) as caught:
        parse_config(config)
    assert caught.value.key == f"datasets.background.parameters.{name}"


@pytest.mark.parametrize("value", ["many", None])
def test_thresholds_of_the_background_are_numbers(value):
    content = configuration("datasets.background.parameters", {"min_counts": value})
    content["datasets"]["background"]["method"] = "fov_background"
    with pytest.raises(ConfigError, match="min_counts: should be a number"):
        parse_config(content)


def test_a_cone_without_frame_is_icrs():
    cone = {"lon": "83.6 deg", "lat": "22 deg", "radius": "1 deg"}
    settings = parse_config(configuration("observations.obs_cone", cone)).settings
    assert settings.observations.obs_cone.frame is None


def test_ids_and_a_file_of_ids_exclude_each_other():
    config = configuration("observations", {"obs_ids": [1], "obs_file": "ids.txt"})
    with pytest.raises(ConfigError, match=r"observations\.obs_file"):
        parse_config(config)


@pytest.mark.parametrize(
    ("dotted", "value"),
    [
        ("general.n_jobs", 4),
        (
            "datasets.on_region",
            {"frame": "icrs", "lon": "1 deg", "lat": "1 deg", "radius": "1 deg"},
        ),
        ("datasets.containment_correction", False),
        ("datasets.background", {"method": None, "exclusion": "mask.fits"}),
    ],
)
def test_keys_without_effect_are_noted(dotted, value):
    notes = parse_config(configuration(dotted, value)).notes
    assert len(notes) == 1
    assert notes[0].startswith(dotted)


def test_reduced_datasets_need_no_reduction():
    content = {"general": {"datasets_file": "datasets.yaml"}}
    assert parse_config(content).notes == ()
    content |= {"datasets": {"type": "3d"}, "observations": {"obs_ids": [1]}}
    notes = parse_config(content).notes
    assert [note.split(":")[0] for note in notes] == ["observations", "datasets"]


ENERGY = {"min": "1 TeV", "max": "10 TeV", "nbins": 2}


def test_flux_points_are_taken():
    section = {"source": "crab", "energy": ENERGY}
    assert parse_config(configuration("flux_points", section)).notes == ()
    section["parameters"] = {"selection_optional": ["ul"], "n_sigma_ul": 3, "reoptimize": False}
    assert parse_config(configuration("flux_points", section)).notes == ()


def test_all_of_flux_points_is_without_sensitivity():
    section = {"energy": ENERGY, "parameters": {"selection_optional": "all"}}
    (note,) = parse_config(configuration("flux_points", section)).notes
    assert note.startswith("flux_points.parameters.selection_optional")
    assert "sensitivity" in note


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"source": "crab"}, "energy.min"),
        ({"energy": ENERGY | {"nbins": 0}}, "energy.nbins"),
        ({"energy": ENERGY, "parameters": {"norm": 2}}, "parameters.norm"),
        ({"energy": ENERGY, "parameters": {"n_sigma": "many"}}, "parameters.n_sigma"),
        ({"energy": ENERGY, "parameters": {"n_sigma_ul": 0}}, "parameters.n_sigma_ul"),
        ({"energy": ENERGY, "parameters": {"reoptimize": True}}, "parameters.reoptimize"),
        (
            {"energy": ENERGY, "parameters": {"selection_optional": ["ul", "sensitivity"]}},
            "parameters.selection_optional",
        ),
    ],
)
def test_what_flux_points_cannot_do_is_refused_by_name(section, key):
    with pytest.raises(ConfigError) as caught:
        parse_config(configuration("flux_points", section))
    assert caught.value.key == f"flux_points.{key}"
