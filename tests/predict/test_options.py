"""The default folding is the accurate one, and a value."""

from __future__ import annotations

import dataclasses

import pytest

from gjax.predict import GAMMAPY, Folding
from gjax.predict.options import folding_named


def test_foldings_are_values():
    assert Folding() == Folding()
    assert Folding() != GAMMAPY
    assert hash(Folding(point="bilinear")) != hash(Folding())
    with pytest.raises(dataclasses.FrozenInstanceError):
        GAMMAPY.point = "profile"  # pyright: ignore


def test_every_choice_of_gammapy_is_another_than_the_default():
    differences = {
        field.name
        for field in dataclasses.fields(Folding)
        if getattr(GAMMAPY, field.name) != getattr(Folding(), field.name)
    }
    assert differences == {
        "point",
        "kernel",
        "lookup",
        "beyond_border",
        "soften_edges",
        "spatial_oversampling",
        "template_energy",
        "whole_sources",
    }


def test_conventions_by_name():
    assert folding_named("gjax") == Folding()
    assert folding_named("gammapy", "float32") == dataclasses.replace(GAMMAPY, precision="float32")
