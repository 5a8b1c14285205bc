"""The battery for what every registered model declares: units, defaults, its place in files."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import yaml
from astropy import units as u

from gjax.io.models import models_from_dict, models_to_dict
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.registry import REGISTRY, entry_of, lookup
from gjax.model.spectral import PowerLaw
from gjax.parameters import specs
from gjax.units import internal_unit
from tests.registry.conftest import entries, instances, reference

PARTS = [*entries("spectral"), *entries("spatial")]
REFERENCE = reference()


@pytest.mark.parametrize("cls", PARTS)
def test_units_are_internal(cls):
    for spec in specs(cls).values():
        assert u.Unit(spec.unit).to(u.Unit(internal_unit(spec.unit))) == 1.0


@pytest.mark.parametrize("cls", PARTS)
def test_quantities_are_converted(cls):
    given = instances(cls)[0]
    names = [name for name, spec in specs(cls).items() if spec.unit]
    quantities = {
        name: (float(getattr(given, name)) * u.Unit(specs(cls)[name].unit)).si for name in names
    }
    model = cls(**quantities)
    for name in names:
        assert float(getattr(model, name)) == pytest.approx(float(getattr(given, name)), rel=1e-12)


@pytest.mark.parametrize("cls", PARTS)
def test_all_leaves_are_declared_parameters(cls):
    assert len(jax.tree.leaves(cls())) == len(specs(cls))


@pytest.mark.parametrize("cls", PARTS)
def test_defaults_are_within_the_bounds(cls):
    for spec in specs(cls).values():
        assert spec.min is None or spec.min <= spec.default
        assert spec.max is None or spec.default <= spec.max


@pytest.mark.parametrize("kind", ["spectral", "spatial"])
def test_names_order_and_frozen_flags_are_those_of_gammapy(kind):
    for case in REFERENCE[kind]:
        declared = specs(lookup(kind, case["tag"]))
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


@pytest.mark.parametrize("kind", ["spectral", "spatial"])
def test_round_trip_through_a_file(kind):
    members = []
    for tag, entry in REGISTRY[kind].items():
        for i, part in enumerate(instances(entry.cls)):
            model = SkyModel(part) if kind == "spectral" else SkyModel(PowerLaw(), part)
            members.append((f"{tag} {i}", model))
    models = Models.create([*members, FoVBackground("stacked")])
    text = yaml.safe_dump(models_to_dict(models))
    read = models_from_dict(yaml.safe_load(text)).models
    assert read.names == models.names
    assert jax.tree.structure(read) == jax.tree.structure(models)
    assert [float(x) for x in jax.tree.leaves(read)] == [float(x) for x in jax.tree.leaves(models)]


def test_every_registered_part_has_an_entry_by_instance():
    for kind in ("spectral", "spatial"):
        for entry in REGISTRY[kind].values():
            assert entry_of(kind, entry.cls()) == entry


def test_values_are_scalars_of_double_precision():
    for kind in ("spectral", "spatial"):
        for entry in REGISTRY[kind].values():
            for leaf in jax.tree.leaves(entry.cls()):
                assert np.shape(leaf) == ()
                assert np.asarray(leaf).dtype == np.float64
