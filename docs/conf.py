"""Configuration of the documentation: sphinx-build -W -n docs docs/_build/html."""

import importlib
import os
import shutil
import sys
import tomllib
from pathlib import Path

from sphinx.util.nodes import make_refnode

here = Path(__file__).parent

project = "gjax"
author = "The gjax developers"
copyright = f"2026, {author}"
version = release = tomllib.loads((here.parent / "pyproject.toml").read_text())["project"][
    "version"
]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
# The results are a part of the page on benchmarks.
exclude_patterns = ["_build", "**/.ipynb_checkpoints", "benchmarks_results.md"]

# The tutorials live in notebooks/, beside the package; the pages are copies.
tutorials = here / "notebooks"
tutorials.mkdir(exist_ok=True)
for source in sorted((here.parent / "notebooks").glob("*.md")):
    shutil.copyfile(source, tutorials / source.name)

# A page for each registered model.
sys.path.insert(0, str(here))
from model_gallery import write_gallery  # noqa: E402

write_gallery(here / "gallery")

# The tutorials need real data: the test suite executes them where there are some, the docs do not.
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = False
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
default_role = "autolink"

# Links into other projects need the network; without it their names stay plain text.
intersphinx_mapping = (
    {
        "astropy": ("https://docs.astropy.org/en/stable/", None),
        "jax": ("https://docs.jax.dev/en/latest/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "python": ("https://docs.python.org/3", None),
    }
    if os.environ.get("GJAX_DOCS_INTERSPHINX")
    else {}
)
html_theme = "pydata_sphinx_theme"
html_title = "gjax"
html_static_path = ["_static"]
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}


def find_object(name):
    """Import what a dotted name stands for; None where there is no such thing."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except (ImportError, ValueError):
            continue
        for part in parts[cut:]:
            found = getattr(found, part, None)
        return found
    return None


def find_canonical(app, env, node, content):
    """Link a short or re-exported name to where the object is defined; leave others plain.

    Names of other projects stay plain text without intersphinx. What says ``gjax.`` has to exist.
    """
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py":
        return None
    objects = env.domains["py"].objects
    for name in (f"{node.get('py:module') or 'gjax'}.{target}", target, f"gjax.{target}"):
        found = find_object(name) if target else None
        if found is None:
            continue
        canonical = f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', '')}"
        last = target.rpartition(".")[2]
        # An instance does not know its name: look for it where the package keeps it.
        known = [
            key for key in (canonical, *objects) if key in objects and find_object(key) is found
        ]
        if known and (canonical in known or known[0].endswith(f".{last}")):
            entry = objects[known[0]]
            source = node.get("refdoc", env.docname)
            return make_refnode(app.builder, source, entry.docname, entry.node_id, content)
        if not canonical.startswith("gjax.") or last.startswith("_"):
            return content
    return None if target.startswith("gjax") else content


def keep_colons(app, what, name, obj, options, lines):
    """Keep napoleon from reading the first words of a property as its type."""
    if what in ("attribute", "data", "property"):
        lines.insert(0, "")


def setup(app):
    """Connect the two functions above."""
    app.connect("missing-reference", find_canonical, priority=900)
    app.connect("autodoc-process-docstring", keep_colons, priority=100)
