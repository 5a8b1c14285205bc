"""Ratios and differences are taken between the same things."""

from __future__ import annotations

import pytest

from benchmarks.case import Case, Goal
from benchmarks.floor import Work, measure_speeds
from benchmarks.table import compare, judge, to_markdown, too_many_compilations

SPEEDS = {
    "read_B_s": 1e9,
    "flop_s": 1e9,
    "exp_s": 1e6,
    "transform_pixel_s": 1e6,
    "inflate_B_s": 1e6,
}

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


def case(**options):
    def nothing(*_):
        return {}

    return Case("a", "a case", nothing, nothing, nothing, **options)


def test_goals_are_reached_or_missed_or_not_measured():
    goals = (
        Goal("100 times faster", "warm_ratio", 100.0, True),
        Goal("10 times faster cold", "cold_ratio", 10.0, True),
        Goal("below 50 ms", "warm_s", 0.05),
        Goal("something", "of a row", 3.0),
        Goal("not there", "nowhere", 3.0),
    )
    row = ROW | {"gjax": ROW["gjax"] | {"rows": {"of a row": 3.0}}}
    row |= compare(row)
    row |= judge(case(goals=goals, reason="why"), row, SPEEDS)
    assert [goal["reached"] for goal in row["goals"]] == [True, False, False, True, None]
    assert row["reason"] == "why"
    page = to_markdown({"machine": {}, "quick": False, "open": {}, "cases": [row]})
    assert "| a | 100 times faster | 150 | met |" in page
    assert "| a | below 50 ms | 0.1 | missed: why |" in page
    assert "| a | not there |  | not measured |" in page
    assert "| a | memory at most that of Gammapy | 0.75 | met |" in page


@pytest.mark.parametrize(
    ("first", "again", "too_many"), [(2, 0, False), (3, 0, True), (2, 1, True)]
)
def test_compilations_are_counted(first, again, too_many):
    counts = {"compilations": first, "compilations_again": again}
    row = ROW | {"gjax": ROW["gjax"] | counts}
    limited = case(compilations=2, goals=(Goal("never", "warm_s", 0.0),))
    row |= judge(limited, row, SPEEDS)
    assert too_many_compilations(limited, row) == too_many


def test_models_have_a_table_of_their_own():
    row = ROW | {"gjax": ROW["gjax"] | {"models": {"spectral pl": [0.3, 0.6, 2.6e-5]}}}
    page = to_markdown({"machine": {}, "quick": False, "open": {}, "cases": [row]})
    assert "| spectral pl | 0.30 s | 0.60 s | 26 µs |" in page


def test_the_floor_is_the_time_of_the_least_work():
    work = Work(read=2e6, flops=3e6, exps=1e3, transforms=1e4, inflate=1e3)
    row = ROW | compare(ROW)
    found = judge(case(work=work), row, SPEEDS)
    # 7 evaluations of 2 + 3 + 1 + 10 + 1 ms.
    assert found["floor_s"] == pytest.approx(7 * 17e-3)
    assert found["above_floor"] == pytest.approx(0.1 / (7 * 17e-3))
    once = judge(case(work=Work(read=2e6, per_evaluation=False)), row, SPEEDS)
    assert once["floor_s"] == pytest.approx(2e-3)
    assert "floor_s" not in judge(case(work=work), row, SPEEDS, quick=True)


def test_speeds_are_those_of_a_computer():
    speeds = measure_speeds()
    assert set(speeds) == set(SPEEDS)
    assert 1e8 < speeds["read_B_s"] < 1e13
    assert 1e6 < speeds["exp_s"] < 1e13


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


def test_samplers_are_compared_by_the_time_of_an_effective_draw():
    rows = {"s per effective sample": 0.01, "effective samples": 1000.0}
    row = {
        "empty": {"import": 1.0, "first": 30.0},
        "gjax": {"import": 1.0, "first": 20.0, "warm": 10.0, "rows": rows},
        "peer": {
            "import": 1.0,
            "first": 50.0,
            "warm": 50.0,
            "rows": rows | {"s per effective sample": 0.6},
        },
    }
    found = compare(row)
    assert found["warm_ratio"] == pytest.approx(60.0)
    assert found["cold_ratio"] is None
    assert found["filled_ratio"] is None
