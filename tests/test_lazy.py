"""Names that are imported when they are asked for, and what is not imported until then."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from gjax.lazy import lazy_names

ROOT = Path(__file__).parents[1] / "gjax"
PACKAGES = sorted(
    str(path.parent.relative_to(ROOT.parent)).replace("/", ".")
    for path in ROOT.rglob("__init__.py")
    if "lazy_names(" in path.read_text(encoding="utf-8")
)

#: What takes long to import, and what a fit of spectra in memory does without.
HEAVY = ("astropy", "matplotlib", "numpyro", "optax", "pydantic", "regions", "scipy", "yaml")


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_is_found_and_known_to_type_checkers(name):
    package = importlib.import_module(name)
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    imported = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("gjax.")
        for alias in node.names
    ]
    assert sorted({*imported} - {"lazy_names", "switch_cache_on"}) == sorted(
        {*package.__all__} - {"__version__"}
    )
    for public in package.__all__:
        value = getattr(package, public)
        # A module in the place of a function of the same name would be found as well.
        assert not isinstance(value, type(sys)), public
    assert set(package.__all__) <= set(dir(package))


def test_a_fit_is_imported_without_what_it_does_not_need():
    code = "import gjax, sys; gjax.fit; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "jax" in loaded
    assert not [name for name in HEAVY if name in loaded]


def test_modules_of_a_package_are_found_and_other_names_are_not():
    code = (
        "import gjax, gjax.model; print(gjax.model.spectral.PowerLaw.__name__, gjax.stats.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PowerLaw", "gjax.stats"]
    find, _ = lazy_names("gjax.maps", {"gjax.maps.axis": ("MapAxis",)})
    with pytest.raises(AttributeError, match=r"'gjax\.maps' has no attribute 'Mapp'"):
        find("Mapp")
    with pytest.raises(AttributeError, match="__wrapped__"):
        find("__wrapped__")


def test_a_name_that_its_module_has_too_cannot_be_lazy():
    with pytest.raises(ValueError, match="modules have the names fit: import them"):
        lazy_names("gjax.infer", {"gjax.infer.fit": ("fit",)})
