"""Models as text: what it can hold, and what it says of the rest."""

from __future__ import annotations

import pytest

from gjax.io.models import models_from_dict
from gjax.io.models.text import models_to_text
from gjax.io.yaml_text import load_yaml
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters


@pytest.fixture
def models() -> Models:
    return Models.create({"a": SkyModel(PowerLaw(2.3)), "b": SkyModel(PowerLaw())})


def test_text_is_a_models_file(models, tmp_path):
    table = Parameters.from_models(models).link("b.spectral.index", "a.spectral.index")
    text, note = models_to_text(models, table, tmp_path / "out")
    assert note == ""
    assert text is not None
    found = models_from_dict(load_yaml(text), "text", tmp_path)
    assert found.parameters.links == table.links
    assert float(found.models["a"].spectral.index) == 2.3


def test_a_link_that_is_a_function_is_left_out_and_said(models, tmp_path):
    table = Parameters.from_models(models)
    table = table.link("b.spectral.index", "a.spectral.index", lambda index: index + 1.0)
    text, note = models_to_text(models, table, tmp_path / "out")
    assert text is not None
    assert "links" in note
