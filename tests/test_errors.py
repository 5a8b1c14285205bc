"""Errors tell where, and are builtins to whoever does not know gjax."""

from __future__ import annotations

from pathlib import Path

import pytest

from gjax.errors import ConfigError, FileFormatError, UnknownNameError


def test_file_error_names_file_hdu_and_column():
    error = FileFormatError("is not there", path=Path("a.fits"), hdu="EVENTS", column="ENERGY")
    assert str(error) == "a.fits, HDU 'EVENTS', column 'ENERGY': is not there"
    assert (error.path, error.hdu, error.column) == ("a.fits", "EVENTS", "ENERGY")


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "broken"),
        ({"path": "a.fits"}, "a.fits: broken"),
        ({"path": "a.fits", "hdu": 2}, "a.fits, HDU 2: broken"),
    ],
)
def test_file_error_leaves_out_what_is_not_known(place, text):
    assert str(FileFormatError("broken", **place)) == text


def test_config_error_names_the_key():
    assert (
        str(ConfigError("is no such key", key="datasets.geom")) == "datasets.geom: is no such key"
    )
    assert str(ConfigError("is empty")) == "is empty"


def test_unknown_name_is_printed_without_the_quotes_of_a_key_error():
    assert str(UnknownNameError("no model 'a'; there are: b")) == "no model 'a'; there are: b"
    assert str(UnknownNameError()) == ""


@pytest.mark.parametrize(
    ("ours", "builtin"),
    [(FileFormatError, ValueError), (ConfigError, ValueError), (UnknownNameError, KeyError)],
)
def test_each_is_a_builtin(ours, builtin):
    assert issubclass(ours, builtin)
