"""Imports point downwards, only declared libraries are used, and importing gjax stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib

import pytest

#: Name of the import where it differs from the name of the distribution.
IMPORT_NAMES = {"pyyaml": "yaml"}

#: Layers that may open files; the cache of compiled code asks the system about its memory maps.
OPENS_FILES = ("gjax.io", "gjax.cli", "gjax.plot", "gjax.compilation")


def third_party(tree: ast.AST) -> set[str]:
    """List the top-level packages that a module imports, the standard library left out."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"gjax"}


def run_python(code: str) -> str:
    """Run ``code`` in a fresh interpreter and give what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_contracts(root):
    # In a process of its own: import-linter sets up logging and silences every logger there is.
    code = "from importlinter.cli import lint_imports as run; exit(run(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_declared_libraries_are_imported(modules, root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    users = [r for name, rs in extras.items() if name not in ("test", "docs", "dev") for r in rs]
    declared = [re.split(r"[\[<>=!~ ]", r)[0] for r in project["dependencies"] + users]
    allowed = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in declared}
    strangers = {m.name: extra for m in modules if (extra := third_party(m.tree) - allowed)}
    assert not strangers


def test_extras_are_imported_where_they_are_used(modules, root):
    """A library that only an extra installs is imported inside the function that needs it."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    required = {re.split(r"[\[<>=!~ ]", r)[0] for r in project["dependencies"]}
    allowed = {IMPORT_NAMES.get(name, name) for name in required}
    eager = {}
    for m in modules:
        top = [n for n in m.tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
        if extra := third_party(ast.Module(top, [])) - allowed:
            eager[m.name] = extra
    assert not eager


def test_only_the_outer_ring_opens_files(modules):
    openers = re.compile(
        r"(?<![\w.])open\(|fits\.open\(|\.read_text\(|\.write_text\(|Table\.read\("
    )
    found = [
        m.name for m in modules if not m.name.startswith(OPENS_FILES) and openers.search(m.text)
    ]
    assert not found


@pytest.mark.parametrize("library", ["matplotlib", "pandas"])
def test_import_is_light(library):
    loaded = run_python("import gjax, sys; print(*{m.split('.')[0] for m in sys.modules})")
    assert library not in loaded.split()


def test_import_switches_float64_on():
    assert run_python("import gjax, jax.numpy as jnp; print(jnp.ones(1).dtype)") == "float64"


def test_help_does_not_wait_for_jax():
    code = (
        "import sys\n"
        "from gjax.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print('LOADED', 'jax' in sys.modules, 'matplotlib' in sys.modules)\n"
    )
    assert run_python(code).endswith("LOADED False False")
