"""Celestial sources."""

from __future__ import annotations

import pytest

from gjax.model import SkyModel
from gjax.model.spectral import PowerLaw
from gjax.model.temporal import ExpDecay


def test_datasets_names_are_a_tuple_however_given():
    assert SkyModel(PowerLaw()).datasets_names is None
    assert SkyModel(PowerLaw(), datasets_names="a").datasets_names == ("a",)
    assert SkyModel(PowerLaw(), datasets_names=["a", "b"]).datasets_names == ("a", "b")


def test_applies_to():
    assert SkyModel(PowerLaw()).applies_to("anything")
    assert SkyModel(PowerLaw(), datasets_names="a").applies_to("a")
    assert not SkyModel(PowerLaw(), datasets_names="ab").applies_to("a")


def test_light_curve_comes_before_the_names():
    model = SkyModel(PowerLaw(), None, ExpDecay())
    assert isinstance(model.temporal, ExpDecay)
    assert SkyModel(PowerLaw()).temporal is None
    with pytest.raises(ValueError, match=r"datasets_names=\('a', 'b'\)"):
        SkyModel(PowerLaw(), None, ("a", "b"))
