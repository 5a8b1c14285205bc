"""From the numbers of a run to the table of the documentation."""

from __future__ import annotations

from typing import Any

from benchmarks.case import Case, Goal

__all__ = ["compare", "judge", "to_markdown", "too_many_compilations"]

_HEAD = (
    "case",
    "compile s",
    "cold s",
    "filled cache s",
    "warm s",
    "evaluations",
    "memory MB",
    "Gammapy s",
    "its evaluations",
    "its memory MB",
    "warm ratio",
    "cold ratio",
    "filled ratio",
    "largest difference",
    "the same folding",
    "floor s",
    "above it",
)


#: The row of both sides of a sampler.
PER_DRAW = "s per effective sample"

#: Why gjax takes more memory, where it does.
_MEMORY = "JAX takes 150 MB before anything is read, and compiling 100 more; see below"


def compare(row: dict[str, Any]) -> dict[str, Any]:
    """Compare the two sides of a case.

    Cold is what a process waits for from importing to the first result, reading left out, on both
    sides. The difference is that of the values in units of the peer's errors. Samplers make
    different numbers of draws: their warm ratio is that of the times per effective draw, and there
    is no other.
    """
    empty, gjax, peer = (row.get(side, {}) for side in ("empty", "gjax", "peer"))
    cold, filled, peer_cold = (_cold(side) for side in (empty, gjax, peer))
    warm, peer_warm = gjax.get("warm"), peer.get("warm")
    found = {
        "compile_s": empty.get("compile"),
        "cold_s": cold,
        "filled_s": filled,
        "warm_s": warm,
        "peer_s": peer_warm,
        "warm_ratio": _ratio(peer_warm, warm),
        "cold_ratio": _ratio(peer_cold, cold),
        "filled_ratio": _ratio(peer_cold, filled),
        "memory_ratio": _ratio(gjax.get("memory"), peer.get("memory")),
        "difference": _difference(gjax, peer),
        "difference_same": _difference(gjax.get("check", {}), peer),
    }
    draws = [(side.get("rows") or {}).get(PER_DRAW) for side in (peer, gjax)]
    if all(draws):
        found |= {"warm_ratio": _ratio(*draws), "cold_ratio": None, "filled_ratio": None}
    return found | {"line": _line(found)}


def judge(
    case: Case, row: dict[str, Any], speeds: dict[str, float], quick: bool = False
) -> dict[str, Any]:
    """Say how far a case is from its floor (of the full problem), and which goals it reaches.

    Numbers that were not measured (the peer did not run) reach nothing and miss nothing.
    """
    gjax = row.get("gjax", {})
    found: dict[str, Any] = {}
    if case.work is not None and gjax.get("warm") and not quick:
        found["floor_s"] = case.work.seconds(speeds, gjax.get("evaluations"))
        found["above_floor"] = gjax["warm"] / found["floor_s"]
    found["goals"] = []
    for goal in (*case.goals, *_counts(case)):
        number = {**gjax, **(gjax.get("rows") or {}), **row}.get(goal.quantity)
        reached = None
        if number is not None:
            reached = number >= goal.limit if goal.at_least else number <= goal.limit
        found["goals"].append({"text": goal.text, "number": number, "reached": reached})
    if any(goal["reached"] is False for goal in found["goals"]):
        found["reason"] = case.reason
    return found


def _counts(case: Case) -> tuple[Goal, ...]:
    if case.compilations is None:
        return ()
    return (
        Goal(f"at most {case.compilations} compilations", "compilations", case.compilations),
        Goal("none in a warm run", "compilations_again", 0),
    )


def too_many_compilations(case: Case, row: dict[str, Any]) -> bool:
    """Tell whether a case compiles more than it may; this does not depend on the machine."""
    texts = {goal.text for goal in _counts(case)}
    return any(goal["text"] in texts and goal["reached"] is False for goal in row["goals"])


def _cold(side: dict[str, Any]) -> float | None:
    return side["import"] + side["first"] if "first" in side else None


def _ratio(peer: float | None, own: float | None) -> float | None:
    return peer / own if peer and own else None


def _difference(gjax: dict[str, Any], peer: dict[str, Any]) -> dict[str, Any] | None:
    """Give the parameter that differs most, in units of its error, and the gain in statistic."""
    own, theirs = gjax.get("values") or {}, peer.get("values") or {}
    found = {
        name: abs(own[name][0] - theirs[name][0]) / theirs[name][1]
        for name in own
        if name in theirs and theirs[name][1] and theirs[name][1] > 0
    }
    result: dict[str, Any] = {}
    if found:
        worst = max(found, key=lambda name: found[name])
        result = {"parameter": worst, "sigma": found[worst]}
    if gjax.get("stat") is not None and peer.get("stat") is not None:
        result["stat"] = gjax["stat"] - peer["stat"]
    return result or None


def _line(found: dict[str, Any]) -> str:
    shown = [
        f"{key} {value if isinstance(value, dict) else _number(value)}"
        for key, value in found.items()
        if value is not None
    ]
    return ", ".join(shown)


def _number(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    # Three digits, but no exponents for what is large.
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e7 else f"{value:.3g}"


def to_markdown(result: dict[str, Any]) -> str:
    """Write the page: machine, table, single numbers, goals and floors, and what is open."""
    cases = result["cases"]
    machine = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    lines = ["# Results of the benchmarks", "", f"Machine: {machine}.", ""]
    versions = next((row["gjax"]["versions"] for row in cases if "versions" in _gjax(row)), {})
    if versions:
        lines += ["Versions: " + ", ".join(f"{k} {v}" for k, v in versions.items()) + ".", ""]
    peers = {row["peer"]["gammapy"] for row in cases if "gammapy" in row.get("peer", {})}
    lines += [f"Peer: Gammapy {', '.join(sorted(peers))}.", ""] if peers else []
    if result["quick"]:
        lines += ["A quick run: problems are small and times mean nothing.", ""]
    lines += ["| " + " | ".join(_HEAD) + " |", "|" + " --- |" * len(_HEAD)]
    lines += [_table_row(row) for row in cases if "empty" in row]
    lines += ["", "## Targets", "", *_targets(cases)]
    lines += ["", "## Single numbers", "", *_single_numbers(cases)]
    lines += _models(cases)
    lines += ["", "## Floors", "", "| case | the least work |", "| --- | --- |"]
    lines += [f"| {row['name']} | {row['floor']} |" for row in cases]
    lines += ["", "## Open", ""]
    lines += [f"- {name}: {reason}" for name, reason in result["open"].items()]
    for row in cases:
        for where, side in (("", row), ("gjax: ", _gjax(row)), ("Gammapy: ", row.get("peer", {}))):
            for key in ("skipped", "failed"):
                if key in side:
                    lines.append(f"- {row['name']}: {where}{key}: {side[key]}")
    return "\n".join(lines) + "\n"


def _gjax(row: dict[str, Any]) -> dict[str, Any]:
    return row.get("gjax", {})


def _table_row(row: dict[str, Any]) -> str:
    gjax, peer = _gjax(row), row.get("peer", {})
    cells = (
        row["title"],
        *(row.get(key) for key in ("compile_s", "cold_s", "filled_s", "warm_s")),
        gjax.get("evaluations"),
        gjax.get("memory"),
        row.get("peer_s"),
        peer.get("evaluations"),
        peer.get("memory"),
        row.get("warm_ratio"),
        row.get("cold_ratio"),
        row.get("filled_ratio"),
        _shown(row.get("difference")),
        _shown(row.get("difference_same")),
        row.get("floor_s"),
        row.get("above_floor"),
    )
    return "| " + " | ".join(_number(cell) for cell in cells) + " |"


def _shown(difference: dict[str, Any] | None) -> str:
    shown = []
    if difference and "sigma" in difference:
        shown.append(f"{difference['sigma']:.2g} sigma")
    if difference and "stat" in difference:
        shown.append(f"stat {difference['stat']:+.2g}")
    return " ".join(shown)


def _targets(cases: list[dict[str, Any]]) -> list[str]:
    """List the goals with what was measured, and the reason where one is missed."""
    lines = ["| case | target | measured | |", "| --- | --- | --- | --- |"]
    words = {True: "met", False: "missed", None: "not measured"}
    for row in cases:
        for goal in row.get("goals", []):
            said = words[goal["reached"]]
            if goal["reached"] is False and row.get("reason"):
                said += f": {row['reason']}"
            cells = (row["name"], goal["text"], _number(goal["number"]), said)
            lines.append("| " + " | ".join(cells) + " |")
        if row.get("target") and not row.get("goals"):
            lines.append(f"| {row['name']} | {row['target']} | | |")
        ratio = row.get("memory_ratio")
        if ratio:
            cells = (row["name"], "memory at most that of Gammapy", _number(ratio))
            said = words[ratio <= 1.0] + ("" if ratio <= 1.0 else f": {_MEMORY}")
            lines.append("| " + " | ".join((*cells, said)) + " |")
    return lines


def _models(cases: list[dict[str, Any]]) -> list[str]:
    """List how long models take to compile, where that was measured."""
    lines = ["", "## Compiling the models", ""]
    lines += ["| model | compile, with gradient | with Hessian | one value and gradient |"]
    lines += ["| --- | --- | --- | --- |"]
    found = {
        name: times for row in cases for name, times in (_gjax(row).get("models") or {}).items()
    }
    for name, (gradient, hessian, run) in found.items():
        lines.append(f"| {name} | {gradient:.2f} s | {hessian:.2f} s | {1e6 * run:.0f} µs |")
    return lines if found else []


def _single_numbers(cases: list[dict[str, Any]]) -> list[str]:
    """List what single cases time besides, on both sides."""
    lines = ["| case | what | gjax | Gammapy | ratio |", "| --- | --- | --- | --- | --- |"]
    for row in cases:
        own, theirs = (_gjax(row).get("rows") or {}, row.get("peer", {}).get("rows") or {})
        for name in dict.fromkeys([*own, *theirs]):
            ratio = _ratio(theirs.get(name), own.get(name))
            numbers = " | ".join(map(_number, (own.get(name), theirs.get(name), ratio)))
            lines.append(f"| {row['name']} | {name} | {numbers} |")
    return lines
