"""Ratios and differences are taken between the same things."""

from __future__ import annotations

import pytest

from benchmarks.table import compare, to_markdown

ROW = {
    "name": "a",
    "title": "a case",
    "target": "",
    "floor": "",
    "empty": {"import": 1.0, "first": 9.0, "compile": 8.0},
    "gjax": {
        "import": 1.0,
        "first": 1.0,
        "warm": 0.1,
        "evaluations": 7,
        "memory": 300.0,
        "stat": 10.0,
        "values": {"x": (1.0, 0.1), "y": (2.0, 0.1), "own": (1.0, 1.0)},
    },
    "peer": {
        "gammapy": "2.1",
        "import": 2.0,
        "first": 18.0,
        "warm": 15.0,
        "evaluations": 500,
        "memory": 400.0,
        "stat": 11.0,
        "values": {"x": (1.05, 0.1), "y": (2.0, 0.0)},
    },
}


def test_ratios_and_the_largest_difference():
    found = compare(ROW)
    assert found["warm_ratio"] == pytest.approx(150)
    assert found["cold_ratio"] == pytest.approx(2)
    assert found["filled_ratio"] == pytest.approx(10)
    assert found["difference"]["parameter"] == "x"
    assert found["difference"]["sigma"] == pytest.approx(0.5)
    assert found["difference"]["stat"] == pytest.approx(-1)


def test_a_side_that_is_missing_leaves_gaps():
    alone = {key: value for key, value in ROW.items() if key != "peer"}
    found = compare(alone)
    assert found["warm_ratio"] is None
    assert found["difference"] is None
    failed = compare(alone | {"gjax": {"failed": "no memory"}, "empty": {"failed": "no memory"}})
    assert failed["cold_s"] is None


def test_the_page_has_a_row_for_each_case_and_says_what_failed():
    row = ROW | compare(ROW)
    broken = {"name": "b", "title": "", "target": "", "floor": "", "skipped": "no data"}
    result = {"machine": {"cores": 2}, "quick": True, "open": {"c": "not yet"}}
    page = to_markdown(result | {"cases": [row, broken]})
    assert "| a case | 8 | 10 | 2 | 0.1 | 7 | 300 | 15 | 500 | 400 | 150 | 2 |" in page
    assert "0.5 sigma stat -1" in page
    assert "- b: skipped: no data" in page
    assert "- c: not yet" in page
    assert "times mean nothing" in page
