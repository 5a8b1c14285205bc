"""The battery for what every registered model declares: units, defaults, its place in files."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest
from astropy import units as u

from gjax.io.models import read_models, write_models
from gjax.model import Models, SkyModel
from gjax.model.registry import REGISTRY, entry_of, lookup
from gjax.model.spectral import AbstractSpectral, PowerLaw
from gjax.parameters import own_values, specs, with_values
from gjax.units import internal_unit
from tests.registry.conftest import instances, reference

KINDS = ("spectral", "spatial")
PARTS = [
    pytest.param(entry, id=f"{kind} {tag}")
    for kind in KINDS
    for tag, entry in REGISTRY[kind].items()
]
REFERENCE = reference()


@pytest.mark.parametrize("entry", PARTS)
def test_units_are_internal(entry):
    for spec in specs(entry.example()).values():
        assert u.Unit(spec.unit).to(u.Unit(internal_unit(spec.unit))) == 1.0


@pytest.mark.parametrize("entry", PARTS)
def test_quantities_are_converted(entry):
    model = instances(entry.cls)[0]
    declared, values = specs(model), own_values(model)
    # Those that a field is declared for take a unit themselves; elements of a tuple may not.
    names = [name for name in specs(entry.cls) if declared[name].unit]
    given = {name: (float(values[name]) * u.Unit(declared[name].unit)).si for name in names}
    found = own_values(dataclasses.replace(model, **given))
    for name in names:
        assert float(found[name]) == pytest.approx(float(values[name]), rel=1e-12)


@pytest.mark.parametrize("entry", PARTS)
def test_values_are_scalars_of_double_precision(entry):
    model = entry.example()
    assert list(own_values(model)) == list(specs(model))
    for value in own_values(model).values():
        assert np.shape(value) == ()
    for leaf in jax.tree.leaves(model):
        assert isinstance(leaf, np.ndarray), "every leaf is an array, on the host"
        assert leaf.dtype == np.float64


@pytest.mark.parametrize("entry", PARTS)
def test_defaults_are_within_the_bounds(entry):
    for spec in specs(entry.example()).values():
        assert spec.min is None or spec.min <= spec.default
        assert spec.max is None or spec.default <= spec.max


@pytest.mark.parametrize("entry", PARTS)
def test_values_can_be_put_in_by_name(entry):
    model = instances(entry.cls)[0]
    values = {name: 0.5 * float(value) for name, value in own_values(entry.example()).items()}
    found = own_values(with_values(model, values))
    assert {name: float(value) for name, value in found.items()} == values


def test_names_order_and_frozen_flags_are_those_of_gammapy():
    """Of spatial models; those of spectral ones are in their own battery."""
    for case in REFERENCE["spatial"]:
        declared = specs(lookup("spatial", case["tag"]))
        assert list(declared) == case["names"]
        assert [spec.frozen for spec in declared.values()] == case["frozen"]
    assert REFERENCE["gammapy"] == "2.1"


@pytest.mark.parametrize("kind", REGISTRY)
def test_all_names_find_the_class(kind):
    for tag, entry in REGISTRY[kind].items():
        assert {lookup(kind, n) for n in (tag, entry.name, entry.cls.__name__)} == {entry.cls}


@pytest.mark.parametrize("kind", REGISTRY)
def test_no_two_entries_share_a_name(kind):
    names = [
        name
        for tag, entry in REGISTRY[kind].items()
        for name in {tag, entry.name, entry.cls.__name__}
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", PARTS)
def test_round_trip_through_a_file(entry, tmp_path):
    """What is written is read again; tables that a file cannot hold lie beside it."""
    kind = "spectral" if isinstance(entry.example(), AbstractSpectral) else "spatial"
    models = Models.create(
        [
            (f"source {i}", SkyModel(part) if kind == "spectral" else SkyModel(PowerLaw(), part))
            for i, part in enumerate(instances(entry.cls))
        ]
    )
    path = write_models(tmp_path / "models.yaml", models)
    contents = read_models(path)
    assert contents.models.names == models.names
    for old, new in zip(models.members, contents.models.members, strict=True):
        assert list(own_values(getattr(new, kind))) == list(own_values(getattr(old, kind)))
        leaves = [jax.tree.leaves(model) for model in (old, new)]
        assert all(np.array_equal(*pair) for pair in zip(*leaves, strict=True))
    again = write_models(tmp_path / "again.yaml", contents.models, contents.parameters)
    assert again.read_text() == path.read_text()


@pytest.mark.parametrize("entry", PARTS)
def test_every_registered_part_has_an_entry_by_instance(entry):
    assert entry_of(entry_kind(entry), entry.example()) == entry


def entry_kind(entry) -> str:
    return next(kind for kind in KINDS if entry in REGISTRY[kind].values())
