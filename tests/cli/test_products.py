"""The output folder: nothing is lost in it, and nothing old is left in it."""

from __future__ import annotations

import pytest

from gjax.cli.products import Products, file_name
from gjax.errors import ConfigError
from gjax.io.results import write_result


def finish(products, *names):
    """Write files as a run does, the result last."""
    for name in names:
        products.path(*name.split("/")).write_text(name)
    path = products.path("result.json")
    document = {"success": True, "stat": 0.0, "parameters": [], "files": products.names}
    write_result(document, path, overwrite=True)


def test_products_of_an_earlier_run_are_kept_unless_told(tmp_path):
    finish(Products(tmp_path), "models.yaml")
    with pytest.raises(ConfigError, match=r"result\.json.*--overwrite"):
        Products(tmp_path)
    Products(tmp_path, overwrite=True)


def test_files_that_are_no_products_are_no_hindrance(tmp_path):
    (tmp_path / "config.yaml").touch()
    Products(tmp_path)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        Products(tmp_path, more=("config.yaml",))


def test_stale_products_vanish_and_other_files_stay(tmp_path):
    finish(Products(tmp_path), "datasets/obs-1.fits", "datasets/obs-2.fits")
    (tmp_path / "datasets" / "mine.fits").write_text("mine")
    again = Products(tmp_path, overwrite=True)
    finish(again, "datasets/stacked.fits", "datasets/obs-2.fits")
    again.discard_stale()
    names = sorted(path.name for path in (tmp_path / "datasets").iterdir())
    assert names == ["mine.fits", "obs-2.fits", "stacked.fits"]


def test_a_list_of_products_removes_nothing_outside_the_folder(tmp_path):
    outside = tmp_path / "precious.fits"
    outside.write_text("precious")
    folder = tmp_path / "out"
    folder.mkdir()
    document = {"success": True, "stat": 0, "parameters": [], "files": ["../precious.fits"]}
    write_result(document, folder / "result.json")
    Products(folder, overwrite=True).discard_stale()
    assert outside.exists()


def test_inputs_are_never_replaced(tmp_path):
    models = tmp_path / "models.yaml"
    models.touch()
    with pytest.raises(ConfigError, match="which the analysis reads"):
        Products(tmp_path, overwrite=True, inputs=(models,))


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(ConfigError, match="no folder"):
        Products(tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("obs-23523", "obs-23523"),
        ("PKS 2155-304", "PKS_2155-304"),
        ("../up", "up"),
        ("/", "unnamed"),
    ],
)
def test_names_become_file_names(name, expected):
    assert file_name(name) == expected
