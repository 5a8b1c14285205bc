"""What belongs to spectra and what to maps, and the parameters of the backgrounds."""

from __future__ import annotations

from typing import Any

import pytest
from astropy import units as u

from gjax.cli.config import parse_config
from gjax.cli.schema import SkyCircle
from gjax.cli.support_datasets import check_axis, check_names, check_number, is_given
from gjax.errors import ConfigError

REGION = {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg", "radius": "0.11 deg"}


def spectra(**datasets: Any) -> dict[str, Any]:
    """Give a configuration of spectra, with some keys of ``datasets`` set."""
    return {
        "datasets": {"type": "1d", "on_region": REGION, "background": {"method": "reflected"}}
        | datasets
    }


def test_spectra_need_a_region_and_nothing_of_a_map():
    assert parse_config(spectra()).notes == ()
    content = spectra()
    del content["datasets"]["type"]  # the default
    assert parse_config(content).settings.datasets.type == "1d"
    del content["datasets"]["on_region"]
    with pytest.raises(ConfigError, match="'1d' is the default type") as caught:
        parse_config(content)
    assert caught.value.key == "datasets.on_region.lon"


@pytest.mark.parametrize(
    ("datasets", "key"),
    [
        ({"on_region": REGION | {"radius": "0 deg"}}, "on_region.radius"),
        ({"background": {"method": "ring"}}, "background.method"),
        ({"background": {"method": "fov_background"}}, "background.method"),
        (
            {"background": {"method": "reflected", "parameters": {"angle": 1}}},
            "background.parameters.angle",
        ),
        (
            {"background": {"method": "reflected", "parameters": {"min_distance": "near"}}},
            "background.parameters.min_distance",
        ),
        (
            {"background": {"method": "reflected", "parameters": {"max_region_number": "all"}}},
            "background.parameters.max_region_number",
        ),
        ({"safe_mask": {"methods": ["bkg-peak"]}}, "safe_mask.methods"),
        (
            {"geom": {"axes": {"energy": {"min": "1 TeV", "max": "9 TeV", "nbins": 0}}}},
            "geom.axes.energy.nbins",
        ),
    ],
)
def test_what_spectra_cannot_do_is_refused_by_name(datasets, key):
    with pytest.raises(ConfigError) as caught:
        parse_config(spectra(**datasets))
    assert caught.value.key == f"datasets.{key}"


@pytest.mark.parametrize(
    ("datasets", "words"),
    [
        ({"map_selection": ["counts"]}, "map_selection: has no effect"),
        ({"background": {"method": None}}, "all counts of the region count as signal"),
        ({"on_region": {"lon": "1 deg", "lat": "2 deg"}}, "RAD_MAX"),
    ],
)
def test_what_is_noted(datasets, words):
    (note,) = parse_config(spectra(**datasets)).notes
    assert words in note


def test_parameters_of_reflected_regions_are_angles_and_numbers():
    parameters = {"min_distance": "0.1 rad", "max_region_number": 6, "binsz": "0.02 deg"}
    background = {"method": "reflected", "parameters": parameters}
    assert parse_config(spectra(background=background)).notes == ()


@pytest.mark.parametrize("missing", ["r_in", "width", ""])
def test_a_ring_has_radius_and_width(missing):
    parameters = {"r_in": "0.5 deg", "width": "0.3 deg"}
    parameters.pop(missing, None)
    skydir = {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"}
    content = {
        "datasets": {
            "type": "3d",
            "geom": {"wcs": {"skydir": skydir}},
            "background": {"method": "ring", "parameters": parameters},
        }
    }
    if not missing:
        assert parse_config(content).notes == ()
        return
    with pytest.raises(ConfigError, match="needed for a ring") as caught:
        parse_config(content)
    assert caught.value.key == f"datasets.background.parameters.{missing}"


def test_given_is_what_differs_from_the_default():
    assert not is_given(SkyCircle())
    assert not is_given(SkyCircle(lon=None))
    assert is_given(SkyCircle(lon=1 * u.deg))
    assert not is_given(SkyCircle(lon=1 * u.deg), "lat")


def test_single_values():
    assert check_number("1e3", "key") == 1000
    with pytest.raises(ConfigError, match="key: should be a number"):
        check_number(None, "key")
    check_names({"a": 1}, ("a", "b"), "key")
    with pytest.raises(ConfigError, match=r"key\.c: not supported; supported here: a, b"):
        check_names({"c": 1}, ("a", "b"), "key")
    axis = parse_config(spectra()).settings.datasets.geom.axes.energy
    check_axis(axis, "key")
    with pytest.raises(ConfigError, match=r"key\.max"):
        check_axis(axis.model_copy(update={"max": None}), "key")
