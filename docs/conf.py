"""Configuration of the documentation: sphinx-build -W -n docs docs/_build/html."""

import os
import shutil
import tomllib
from pathlib import Path

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
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]

# The tutorials live in notebooks/, beside the package; the pages are copies.
tutorials = here / "notebooks"
tutorials.mkdir(exist_ok=True)
for source in sorted((here.parent / "notebooks").glob("*.md")):
    shutil.copyfile(source, tutorials / source.name)

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
nitpick_ignore_regex = [
    # Other projects' objects, which only intersphinx could resolve.
    (
        r"py:.*",
        r"(astropy|click|collections|concurrent|equinox|jax|jaxtyping|matplotlib|numpy|numpyro|"
        r"optax|os|pathlib|pydantic|regions|scipy|tqdm|typing|yaml)(\..*)?",
    ),
    # Builtins, which `autolink` finds but no page describes.
    (
        r"py:.*",
        r"(None|True|False|[A-Z]\w*(Error|Warning)|bool|dict|float|int|list|object|str|tuple)",
    ),
    # Bases of pydantic and equinox classes, named by their private modules.
    (r"py:.*", r".*\b_\w+.*"),
]

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
