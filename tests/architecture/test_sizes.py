"""Files, functions and classes stay small enough to be read in one sitting."""

from __future__ import annotations

import ast

MAX_FILE = 400
MAX_FUNCTION = 50
MAX_CLASS = 250
MAX_METHODS = 12


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function after its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def public_methods(cls: ast.ClassDef) -> list[str]:
    """List the methods that a user calls; properties read as fields and are not counted."""
    return [
        node.name
        for node in cls.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not any(ast.unparse(d).endswith("property") for d in node.decorator_list)
    ]


def test_files(modules):
    long = {m.name: n for m in modules if (n := m.text.count("\n")) > MAX_FILE}
    assert not long, f"more than {MAX_FILE} lines: which two rooms is each?"


def test_functions(modules):
    long = {
        f"{m.name}.{node.name}": n
        for m in modules
        for node in ast.walk(m.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (n := body_lines(node)) > MAX_FUNCTION
    }
    assert not long, f"function bodies of more than {MAX_FUNCTION} lines"


def test_classes(modules):
    large = {}
    for m in modules:
        for node in ast.walk(m.tree):
            if isinstance(node, ast.ClassDef):
                lines = node.end_lineno - node.lineno + 1
                methods = len(public_methods(node))
                if lines > MAX_CLASS or methods > MAX_METHODS:
                    large[f"{m.name}.{node.name}"] = (lines, methods)
    assert not large, f"more than {MAX_CLASS} lines or {MAX_METHODS} public methods"


def test_body_lines_leaves_out_the_docstring():
    function = ast.parse(
        'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a'
    ).body[0]
    assert body_lines(function) == 2
