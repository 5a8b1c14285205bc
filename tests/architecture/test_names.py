"""Modules are named for what they hold, documented, and mirrored by a test."""

from __future__ import annotations

import ast
import importlib

FORBIDDEN = {"utils", "util", "core", "misc", "helpers", "helper", "common"}

_CONFIG = "the form of a configuration, which tests/cli/test_config.py reads"
_RUN = "a step of `gjax run`, which tests/cli/test_run.py runs from files to products"

#: Modules without a test file of their own, and why.
UNMIRRORED = {
    "gjax.cli.fields": _CONFIG,
    "gjax.cli.outcome": _RUN,
    "gjax.cli.pictures": _RUN,
    "gjax.cli.schema": _CONFIG,
    "gjax.typing": "aliases only; every other test uses them",
}


def test_no_module_has_a_name_that_says_nothing(modules, root):
    names = [m.name for m in modules]
    names += [str(p.relative_to(root)) for p in (root / "tests").rglob("*.py")]
    bad = [n for n in names if set(n.removesuffix(".py").replace("/", ".").split(".")) & FORBIDDEN]
    assert not bad


def test_every_module_says_what_lives_in_it(modules):
    assert not [m.name for m in modules if not ast.get_docstring(m.tree)]


def test_every_module_lists_its_public_names(modules):
    missing = [m.name for m in modules if m.exports() is None]
    assert not missing, "modules without __all__"


def test_public_names_are_those_without_underscore(modules):
    """What a module defines without an underscore is in ``__all__``."""
    unlisted = [
        f"{m.name}.{node.name}"
        for m in modules
        if m.exports() is not None
        for node in m.definitions()
        if not node.name.startswith("_") and node.name not in m.exports()
    ]
    assert not unlisted, "neither private nor in __all__"


def test_public_names_exist_and_are_documented(modules):
    problems = []
    for m in modules:
        module = importlib.import_module(m.name)
        names = m.exports() or []
        problems += [f"{m.name}.{n} does not exist" for n in names if not hasattr(module, n)]
        problems += [
            f"{m.name}.{node.name} has no docstring"
            for node in m.definitions()
            if node.name in names and not ast.get_docstring(node)
        ]
    assert not problems


def test_tests_mirror_the_source(modules, root):
    missing = []
    for m in modules:
        if m.is_package or not m.definitions() or m.name in UNMIRRORED:
            continue
        folders, name = m.name.split(".")[1:-1], m.name.split(".")[-1]
        # A family in a folder of its own (model/spectral) may have its tests one folder up.
        places = [root / "tests" / "/".join(folders[:n]) for n in range(1, len(folders) + 1)]
        candidates = [p / f"test_{name}.py" for p in places or [root / "tests"]]
        candidates += [root / "tests" / folders[0] / f"test_{folders[-1]}.py"] if places[1:] else []
        if not any(c.exists() for c in candidates):
            missing.append(f"{m.name}: no {candidates[0].relative_to(root)}")
    assert not missing, "\n".join(missing)


def test_exceptions_still_exist(modules):
    assert set(UNMIRRORED) <= {m.name for m in modules}


def test_every_module_is_in_the_reference(modules, root):
    text = "\n".join(p.read_text() for p in (root / "docs" / "reference").glob("*.md"))
    words = set(text.split())
    missing = [m.name for m in modules if not m.is_package and m.name not in words]
    assert not missing, "modules that no page in docs/reference shows"
