"""The gallery of models: a page for each line of the registry, whose code and YAML are right."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from gjax.io.models import models_from_dict
from gjax.model.registry import REGISTRY
from gjax.parameters import own_values, specs

DOCS = Path(__file__).parents[2] / "docs"
KINDS = ("spectral", "spatial", "temporal")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory) -> Path:
    """Write the gallery, without the pictures: they take long, and the docs build draws them."""
    sys.path.insert(0, str(DOCS))
    try:
        import model_gallery
    finally:
        sys.path.remove(str(DOCS))
    folder = tmp_path_factory.mktemp("gallery")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_gallery, "DRAW", dict.fromkeys(KINDS, lambda model, path: False))
        model_gallery.write_gallery(folder)
    return folder


PAGES = [(kind, tag) for kind in KINDS for tag in REGISTRY[kind]]


@pytest.mark.parametrize(("kind", "tag"), PAGES)
def test_page_has_parameters_and_code_that_runs(kind, tag, gallery, execute):
    page, entry = gallery / f"{kind}-{tag}.md", REGISTRY[kind][tag]
    text, example = page.read_text(encoding="utf-8"), entry.example()
    assert all(f"| `{name}` |" in text for name in specs(example))
    assert entry.name in text
    assert ":math:" not in text
    assert ".. math" not in text
    if "```python" not in text:
        assert "```{code-block} python" in text, "made from a file"
        return
    model = execute(page, "python")["model"]
    assert type(model) is entry.cls
    for name, value in own_values(example).items():
        assert float(own_values(model)[name]) == pytest.approx(float(value), rel=1e-6)


@pytest.mark.parametrize(("kind", "tag"), PAGES)
def test_yaml_of_a_page_is_what_it_says(kind, tag, gallery):
    text = (gallery / f"{kind}-{tag}.md").read_text(encoding="utf-8")
    block = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    if "filename" in block[kind] or "..." in str(block):
        return  # made from a file, or shortened
    source = {"name": "a", "type": "SkyModel", "spectral": {"type": "pl"}, **block}
    read = getattr(models_from_dict({"components": [source]}).models["a"], kind)
    example = REGISTRY[kind][tag].example()
    found = [float(value) for value in own_values(read).values()]
    np.testing.assert_allclose(found, [float(v) for v in own_values(example).values()])


def test_index_lists_every_model(gallery):
    text = (gallery / "index.md").read_text(encoding="utf-8")
    assert all(f"({kind}-{tag}.md)" in text for kind, tag in PAGES)


def test_pictures_are_drawn(tmp_path):
    sys.path.insert(0, str(DOCS))
    try:
        from model_gallery import DRAW
    finally:
        sys.path.remove(str(DOCS))
    for kind, tag in (("spectral", "pl"), ("spatial", "gauss"), ("temporal", "gauss")):
        path = tmp_path / f"{kind}.png"
        assert DRAW[kind](REGISTRY[kind][tag].example(), path)
        assert path.stat().st_size > 1000
    assert not DRAW["spatial"](REGISTRY["spatial"]["point"].example(), tmp_path / "none.png")
