"""Classes are abstract or final, shallow, and override nothing."""

from __future__ import annotations

import importlib
import inspect

import equinox as eqx
import pytest

MAX_DEPTH = 2


@pytest.fixture(scope="module")
def classes(modules) -> list[type]:
    """Every equinox Module that the package defines."""
    found = []
    for m in modules:
        module = importlib.import_module(m.name)
        found += [
            c
            for c in vars(module).values()
            if inspect.isclass(c) and c.__module__ == m.name and issubclass(c, eqx.Module)
        ]
    assert len(found) > 5
    return found


def depth(cls: type) -> int:
    """Count the levels of inheritance above ``equinox.Module``."""
    if cls is eqx.Module:
        return 0
    return 1 + max(depth(base) for base in cls.__bases__ if issubclass(base, eqx.Module))


def overridden(cls: type) -> list[str]:
    """List the methods of ``cls`` that a class above it had implemented already."""
    own = {name for name, value in vars(cls).items() if inspect.isfunction(value)}
    own |= {name for name, value in vars(cls).items() if isinstance(value, property)}
    found = []
    for base in cls.__mro__[1:]:
        if base.__module__.split(".")[0] != "gjax":
            continue
        for name in sorted(own & set(vars(base))):
            is_abstract = getattr(vars(base)[name], "__isabstractmethod__", False)
            is_generated = name.startswith("__") and name != "__call__"
            if not is_abstract and not is_generated:
                found.append(f"{cls.__name__}.{name} overrides {base.__name__}.{name}")
    return found


def test_inheritance_is_shallow(classes):
    assert not {c.__name__: depth(c) for c in classes if depth(c) > MAX_DEPTH}


def test_no_implemented_method_is_overridden(classes):
    assert not [line for c in classes for line in overridden(c)]


def test_classes_are_abstract_or_final(classes):
    bases = {base for c in classes for base in c.__bases__ if base is not eqx.Module}
    # The interfaces of the standard library are abstract without saying so.
    parents = {base for base in bases if base.__module__ != "collections.abc"}
    named = [c.__name__ for c in parents if not c.__name__.lstrip("_").startswith("Abstract")]
    assert not named, "classes that others inherit from are called Abstract..."


def test_overridden_notices():
    class A(eqx.Module):
        def f(self):
            return 1

    class B(A):
        def f(self):
            return 2

    A.__module__ = B.__module__ = "gjax.somewhere"
    assert overridden(B) == ["B.f overrides A.f"]
    assert depth(B) == 2
