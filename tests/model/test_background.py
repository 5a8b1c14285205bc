"""Background models."""

from __future__ import annotations

import pytest

from gjax.model import FoVBackground
from gjax.model.spectral import PowerLawNorm
from gjax.parameters import specs


def test_default_is_a_free_norm_with_a_frozen_tilt():
    model = FoVBackground("stacked")
    assert isinstance(model.spectral, PowerLawNorm)
    assert float(model.spectral(3.0)) == 1.0
    assert {name: spec.frozen for name, spec in specs(model.spectral).items()} == {
        "tilt": True,
        "norm": False,
        "reference": True,
    }


def test_name_and_dataset():
    model = FoVBackground("obs-23523")
    assert model.default_name == "obs-23523-bkg"
    assert model.datasets_names == ("obs-23523",)
    assert model.applies_to("obs-23523")
    assert not model.applies_to("obs-23526")


def test_dataset_is_one_name():
    with pytest.raises(ValueError, match="one dataset"):
        FoVBackground(["a", "b"])
