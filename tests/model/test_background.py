"""Background models."""

from __future__ import annotations

import pytest

from gjax.model import FoVBackground, Models
from gjax.model.spatial import PiecewiseNormSpatial
from gjax.model.spectral import PowerLawNorm
from gjax.parameters import Parameters, specs


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


def test_spatial_factor_is_fitted_like_any():
    nodes = PiecewiseNormSpatial(lon=[-1, 1, 0, 0], lat=[0, 0, -1, 1], norms=[1.0] * 4)
    models = Models.create([FoVBackground("a", spatial=nodes)])
    names = Parameters.from_models(models).names
    assert [f"a-bkg.spatial.norm_{i}" for i in range(4)] == list(names[3:])
    assert FoVBackground("a").spatial is None
