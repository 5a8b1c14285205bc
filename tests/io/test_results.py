"""Results are strict JSON and say what they hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gjax.errors import FileFormatError
from gjax.io.results import (
    parameter_rows,
    read_result,
    to_plain,
    write_result,
)
from gjax.parameters import Parameters

DOCUMENT = {
    "success": np.bool_(True),
    "stat": np.float64(-12.5),
    "parameters": [{"name": "crab.spectral.index", "value": 2.5, "error": float("nan")}],
    "counts": np.int64(10069),
    "edges": np.array([[1.0, np.inf], [2.0, 3.0]]),
}


def test_round_trip_is_strict_json(tmp_path):
    path = write_result(DOCUMENT, tmp_path / "result.json")

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    document = json.loads(path.read_text(), parse_constant=refuse)
    assert document == read_result(path)
    assert document["success"] is True
    assert document["counts"] == 10069
    assert document["parameters"][0]["error"] is None
    assert document["edges"] == [[1.0, None], [2.0, 3.0]]


def test_full_precision_is_kept(tmp_path):
    value = 4.744980428995727e-11
    path = write_result(DOCUMENT | {"stat": value}, tmp_path / "result.json")
    assert read_result(path)["stat"] == value


def test_existing_result_is_kept_unless_told(tmp_path):
    path = write_result(DOCUMENT, tmp_path / "result.json")
    with pytest.raises(FileExistsError):
        write_result(DOCUMENT | {"stat": 0.0}, path)
    write_result(DOCUMENT | {"stat": 0.0}, path, overwrite=True)
    assert read_result(path)["stat"] == 0.0


def test_what_is_no_json_is_refused_by_type():
    with pytest.raises(TypeError, match="object"):
        to_plain({"a": object()})


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not JSON"), ("[]", "no result"), ('{"success": true, "stat": 1}', "'parameters'")],
)
def test_damaged_result_is_named(tmp_path, text, words):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=words) as caught:
        read_result(path)
    assert str(path) in str(caught.value)


def test_parameter_rows_have_names_units_and_bounds():
    table = Parameters(
        keys=(("crab", "spectral", "index"), ("4FGL J0534.5+2201", "spatial", "lon_0")),
        specs=(_spec(2.0, ""), _spec(83.6, "deg")),
        values=np.array([2.5, 83.6]),
        minimum=np.array([-np.inf, 83.0]),
        maximum=np.array([np.inf, 84.0]),
        frozen=(False, True),
    )
    first, second = parameter_rows(table, np.array([0.1, 0.0]))
    assert first == {
        "name": "crab.spectral.index",
        "value": 2.5,
        "error": 0.1,
        "unit": "",
        "frozen": False,
        "min": None,
        "max": None,
    }
    assert second["name"] == "4FGL J0534.5+2201.spatial.lon_0"
    assert second["unit"] == "deg"
    assert (second["min"], second["max"]) == (83.0, 84.0)
    assert second["frozen"] is True


def _spec(default, unit):
    from gjax.parameters import ParameterSpec

    return ParameterSpec(default, unit)
