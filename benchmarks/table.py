"""From the numbers of a run to the table of the documentation."""

from __future__ import annotations

from typing import Any

__all__ = ["compare", "to_markdown"]

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
    "largest difference",
)


def compare(row: dict[str, Any]) -> dict[str, Any]:
    """Compare the two sides of a case.

    Cold is what a process waits for from importing to the first result, reading left out, on both
    sides. The difference is that of the values in units of the peer's errors.
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
        "difference": _difference(gjax, peer),
    }
    return found | {"line": _line(found)}


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
    shown = [f"{key} {_number(value)}" for key, value in found.items() if key != "difference"]
    return ", ".join(shown) + f", difference {found['difference']}"


def _number(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def to_markdown(result: dict[str, Any]) -> str:
    """Write the page: machine, table, single numbers, floors, and what is open."""
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
    lines += ["", "## Single numbers", "", *_single_numbers(cases)]
    lines += ["", "## Targets and floors", "", "| case | target | floor |", "| --- | --- | --- |"]
    lines += [f"| {row['name']} | {row['target']} | {row['floor']} |" for row in cases]
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
    difference = row.get("difference") or {}
    shown = f"{difference['sigma']:.2g} sigma" if "sigma" in difference else ""
    if "stat" in difference:
        shown += f" stat {difference['stat']:+.2g}"
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
        shown.strip(),
    )
    return "| " + " | ".join(_number(cell) for cell in cells) + " |"


def _single_numbers(cases: list[dict[str, Any]]) -> list[str]:
    """List what single cases time besides, on both sides."""
    lines = ["| case | what | gjax | Gammapy |", "| --- | --- | --- | --- |"]
    for row in cases:
        own, theirs = (_gjax(row).get("rows") or {}, row.get("peer", {}).get("rows") or {})
        for name in dict.fromkeys([*own, *theirs]):
            numbers = f"{_number(own.get(name))} | {_number(theirs.get(name))}"
            lines.append(f"| {row['name']} | {name} | {numbers} |")
    return lines
