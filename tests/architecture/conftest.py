"""The source of the package, parsed once for all tests of its architecture."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class SourceModule:
    """One file of the package: its dotted name, path, text and syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    def definitions(self) -> list[ast.FunctionDef | ast.ClassDef]:
        """Functions and classes at the top of the module."""
        return [node for node in self.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]

    def exports(self) -> list[str] | None:
        """List what is in ``__all__``; None where there is none."""
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", 0)]
            if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
                return list(ast.literal_eval(node.value))
        return None


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[SourceModule]:
    """Every module of the package."""
    found = []
    for path in sorted((ROOT / "gjax").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found.append(SourceModule(name, path, text, ast.parse(text)))
    assert len(found) > 20
    return found
