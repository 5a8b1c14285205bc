"""Code in Markdown: the blocks of a page that are meant to be run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

_FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_OPTIONS = re.compile(r"\A(:[^\n]*\n)+")


def code_blocks(path: Path, kind: str) -> list[tuple[int, str]]:
    """List line number and text of the fenced blocks of one kind; cell options are left out."""
    text = path.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start()) + 2, _OPTIONS.sub("", match["code"]))
        for match in _FENCE.finditer(text)
        if match["info"].split()[0] == kind
    ]


@pytest.fixture
def execute() -> Callable[[Path, str], dict]:
    """Run the blocks of one kind of a page, one after the other, in one namespace."""

    def run(path: Path, kind: str) -> dict:
        namespace = {"__name__": "__main__"}
        blocks = code_blocks(path, kind)
        assert blocks, f"{path} has no {kind} block"
        for line, code in blocks:
            # Empty lines in front make the line numbers of a traceback those of the page.
            exec(compile("\n" * (line - 1) + code, str(path), "exec"), namespace)
        return namespace

    return run
