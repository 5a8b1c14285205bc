"""Models declare parameters as fields; the declarations are found again in a tree of models."""

from __future__ import annotations

import astropy.units as u
import equinox as eqx
import jax
import numpy as np
import pytest

from gjax.errors import UnknownNameError
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import LogParabola, PowerLaw
from gjax.parameters import (
    Parameters,
    ParameterSpec,
    own_values,
    param,
    param_tuple,
    parameter_leaves,
    specs,
    with_values,
)


class Toy(eqx.Module):
    """Two parameters around a field that is none."""

    length: float = param(2.0, unit="cm", min=0.0)
    table: np.ndarray = eqx.field(default_factory=lambda: np.zeros(3))
    energy: float = param(1.0, unit="TeV", max=10.0, frozen=True, scale=0.5)


def test_declarations():
    assert specs(Toy) == {
        "length": ParameterSpec(2.0, "cm", 0.0, None, False, None),
        "energy": ParameterSpec(1.0, "TeV", None, 10.0, True, 0.5),
    }
    assert specs(Toy()) == specs(Toy)


def test_values_are_converted_once():
    toy = Toy(3.0 * u.m, energy=500 * u.GeV)
    assert (float(toy.length), float(toy.energy)) == (300.0, 0.5)
    assert isinstance(toy.length, np.ndarray), "every leaf is an array"
    assert isinstance(Toy(3).length, np.ndarray)
    assert Toy(3).length.dtype == float


def test_wrong_unit_is_refused():
    with pytest.raises(u.UnitConversionError):
        Toy(3.0 * u.TeV)


def test_tracers_pass_through():
    assert float(jax.grad(lambda x: Toy(x).length ** 2)(3.0)) == 6.0


def test_leaves_follow_the_tree():
    models = Models.create(
        [
            ("4FGL J0534.5+2201", SkyModel(PowerLaw(2.5, 3e-11), Gaussian(83.6, 22.0, 0.1))),
            ("no position", SkyModel(LogParabola())),
            FoVBackground("hess"),
        ]
    )
    leaves = jax.tree.leaves(models)
    found = parameter_leaves(models)
    assert len(found) == len(leaves)
    for key, spec, value, number in found:
        assert leaves[number] is value
        owner = models[key[0]]
        for name in key[1:-1]:
            owner = getattr(owner, name)
        assert spec == specs(owner)[key[-1]]
        assert getattr(owner, key[-1]) is value
    keys = [key for key, _, _, _ in found]
    assert keys[0] == ("4FGL J0534.5+2201", "spectral", "index")
    assert ("hess-bkg", "spectral", "norm") in keys


def test_leaves_that_are_no_parameters_are_counted():
    class Pair(eqx.Module):
        members: tuple[Toy, ...]

        def items(self):
            return [(f"toy {i}", toy) for i, toy in enumerate(self.members)]

    pair = Pair((Toy(), Toy()))
    found = [(key, number) for key, _, _, number in parameter_leaves(pair)]
    assert found == [
        (("toy 0", "length"), 0),
        (("toy 0", "energy"), 2),
        (("toy 1", "length"), 3),
        (("toy 1", "energy"), 5),
    ]


def test_one_array_in_two_models_is_two_parameters():
    """Equal objects are no link: parameters are places in the tree, not arrays."""
    spectral = PowerLaw()
    models = Models.create(
        {"a": SkyModel(spectral, Point(1.0, 2.0)), "b": SkyModel(spectral, Point(3.0, 4.0))}
    )
    keys = [key for key, _, _, _ in parameter_leaves(models)]
    assert len(keys) == len(set(keys)) == 10


class Steps(eqx.Module):
    """A tuple of parameters between an array and a single one."""

    nodes: np.ndarray
    norms: tuple[float, ...] = param_tuple(
        lambda model: {
            f"norm_{i}": ParameterSpec(1.0, frozen=i == 1) for i in range(len(model.norms))
        }
    )
    tilt: float = param(0.5)


def test_elements_of_a_tuple_are_parameters():
    steps = Steps(np.arange(3.0), norms=(1, 2.0, 3.0 * u.one))
    assert list(specs(steps)) == ["norm_0", "norm_1", "norm_2", "tilt"]
    assert list(specs(Steps)) == ["tilt"], "their number is not known to the class"
    assert all(isinstance(norm, np.ndarray) for norm in steps.norms)
    assert {k: float(v) for k, v in own_values(steps).items()} == {
        "norm_0": 1.0,
        "norm_1": 2.0,
        "norm_2": 3.0,
        "tilt": 0.5,
    }
    changed = with_values(steps, {"norm_1": 5.0, "tilt": 7.0})
    assert [float(x) for x in (*changed.norms, changed.tilt)] == [1.0, 5.0, 3.0, 7.0]
    with pytest.raises(UnknownNameError, match="norm_7"):
        with_values(steps, {"norm_7": 1.0})


def test_keys_of_a_tuple_are_its_names():
    models = {"a": eqx.nn.Sequential([]), "b": Holder(Steps(np.arange(3.0), norms=(1.0, 2.0)))}
    found = parameter_leaves(models)
    assert [key for key, _, _, _ in found] == [
        ("b", "part", "norm_0"),
        ("b", "part", "norm_1"),
        ("b", "part", "tilt"),
    ]
    leaves = jax.tree.leaves(models)
    assert all(leaves[number] is value for _, _, value, number in found)
    assert Parameters.from_models(models).frozen == (False, True, False)


class Holder(eqx.Module):
    part: Steps


def test_quantities_in_a_tuple_are_converted():
    class Lengths(eqx.Module):
        lengths: tuple[float, ...] = param_tuple(
            lambda model: {f"length_{i}": ParameterSpec(1.0, "cm") for i in range(2)}, unit="cm"
        )

    assert [float(x) for x in Lengths([1.0, 2.0] * u.m).lengths] == [100.0, 200.0]
    assert [float(x) for x in Lengths((1.0 * u.m, 2.0)).lengths] == [100.0, 2.0]
