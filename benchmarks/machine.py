"""On what the benchmarks ran."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["describe_machine", "load"]


def describe_machine() -> dict[str, str | int | float]:
    """Name processor, cores, memory and how busy the machine was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found: dict[str, str | int | float] = {
        "processor": _processor(),
        "cores": cores or 0,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    found["load"] = load()
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        found["memory_GB"] = round(memory / 1e9, 1)
    return found


def load() -> float:
    """Give how many processes waited for a core in the last minute; NaN where it is not known."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else float("nan")


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
