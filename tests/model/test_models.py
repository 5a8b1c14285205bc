"""The mapping of names to models."""

from __future__ import annotations

import jax
import pytest

from gjax.errors import UnknownNameError
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters

CRAB = SkyModel(PowerLaw(index=2.6), Point(lon_0=83.63, lat_0=22.01))
OTHER = SkyModel(PowerLaw(index=2.0), datasets_names=["a"])


def test_order_is_kept_and_names_may_be_anything():
    models = Models.create({"zeta": CRAB, "4FGL J0534.5+2201": OTHER})
    assert models.names == ("zeta", "4FGL J0534.5+2201")
    assert list(models) == list(models.names)
    assert models["zeta"] is CRAB
    assert "zeta" in models
    assert "alpha" not in models
    assert len(models) == 2
    assert [float(x) for x in jax.tree.leaves(models)][:1] == [2.6]


def test_background_models_name_themselves():
    models = Models.create([("crab", CRAB), FoVBackground("stacked")])
    assert models.names == ("crab", "stacked-bkg")


def test_names_are_unique():
    with pytest.raises(ValueError, match="more than once: crab"):
        Models.create([("crab", CRAB), ("crab", OTHER)])
    with pytest.raises(ValueError, match="1 names for 2 models"):
        Models(("a",), (CRAB, OTHER))


def test_one_background_for_each_dataset():
    with pytest.raises(ValueError, match="dataset stacked"):
        Models.create([("a", FoVBackground("stacked")), ("b", FoVBackground("stacked"))])


def test_unknown_name_gives_the_nearest():
    models = Models.create({"crab": CRAB})
    with pytest.raises(UnknownNameError, match="did you mean 'crab'"):
        models["crap"]
    with pytest.raises(UnknownNameError, match="There are: crab"):
        models.replace("vela", OTHER)


def test_replace_and_append_leave_the_original():
    models = Models.create({"crab": CRAB, "other": OTHER})
    changed = models.replace("crab", OTHER).append("third", CRAB)
    assert changed.names == ("crab", "other", "third")
    assert changed["crab"] is OTHER
    assert models["crab"] is CRAB


def test_models_of_a_dataset():
    models = Models.create([("crab", CRAB), ("other", OTHER), FoVBackground("b")])
    assert models.for_dataset("a").names == ("crab", "other")
    assert models.for_dataset("b").names == ("crab", "b-bkg")


def test_parameters_are_keyed_by_name_and_field():
    keys = Parameters.from_models(Models.create({"my.crab": CRAB})).keys
    assert keys[0] == ("my.crab", "spectral", "index")
    assert keys[-1] == ("my.crab", "spatial", "lat_0")


def test_models_pass_through_jit():
    models = Models.create([("crab", CRAB), FoVBackground("stacked")])
    doubled = jax.jit(lambda m: jax.tree.map(lambda x: 2 * x, m))(models)
    assert float(doubled["crab"].spectral.index) == pytest.approx(5.2)
    assert doubled["stacked-bkg"].dataset == "stacked"
