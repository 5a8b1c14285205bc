"""Files are looked for beside the configuration, then in the working folder."""

from __future__ import annotations

import pytest

from gjax.cli.paths import expand, find_file
from gjax.errors import ConfigError


def test_beside_the_configuration_comes_first(tmp_path, monkeypatch):
    beside, working = tmp_path / "config", tmp_path / "work"
    for folder in (beside, working):
        folder.mkdir()
        (folder / "mask.fits").touch()
    (working / "only_here.fits").touch()
    monkeypatch.chdir(working)
    assert find_file("mask.fits", beside=beside) == beside / "mask.fits"
    assert find_file("only_here.fits", beside=beside) == working / "only_here.fits"
    assert find_file("mask.fits") == working / "mask.fits"


def test_missing_file_names_both_places(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with pytest.raises(ConfigError) as caught:
        find_file("mask.fits", beside=tmp_path, key="datasets.background.exclusion")
    message = str(caught.value)
    assert message.startswith("datasets.background.exclusion: ")
    assert str(tmp_path / "mask.fits") in message
    assert str(tmp_path / "work" / "mask.fits") in message


def test_variables_and_home_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("GJAX_TEST_FOLDER", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert expand("$GJAX_TEST_FOLDER/a") == tmp_path / "a"
    assert expand("${GJAX_TEST_FOLDER}/a") == tmp_path / "a"
    assert expand("~/a") == tmp_path / "home" / "a"


def test_unset_variable_is_named(monkeypatch):
    monkeypatch.delenv("GJAX_TEST_FOLDER", raising=False)
    with pytest.raises(ConfigError, match="GJAX_TEST_FOLDER"):
        expand("$GJAX_TEST_FOLDER/a", key="observations.datastore")
