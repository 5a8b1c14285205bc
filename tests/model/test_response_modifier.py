"""Systematic errors of instruments as models."""

from __future__ import annotations

import pytest

from gjax.model import Models, ResponseModifier
from gjax.model.spectral import PowerLawNorm
from gjax.parameters import Parameters


def test_its_parameters_are_parameters():
    modifier = ResponseModifier(("a", "b"), aeff=PowerLawNorm(), energy=PowerLawNorm())
    table = Parameters.from_models(Models.create([modifier]))
    assert "a-b-response.aeff.norm" in table.names
    assert "a-b-response.energy.tilt" in table.names
    assert modifier.applies_to("b")
    assert not modifier.applies_to("c")


def test_it_needs_names_and_something_to_modify():
    with pytest.raises(ValueError, match="aeff, energy or background"):
        ResponseModifier("a")
    with pytest.raises(ValueError, match="names of its datasets"):
        ResponseModifier((), aeff=PowerLawNorm())
