"""The example of "Add a model" passes the battery: a class and a line are all it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gjax.model.registry import REGISTRY, Entry
from tests.docs.conftest import code_blocks
from tests.registry import test_declarations, test_spectral
from tests.registry.conftest import build

PAGE = Path(__file__).parents[2] / "docs" / "add-a-model.md"


@pytest.fixture
def entry(monkeypatch):
    """Register the class of the page, with its line."""
    namespace: dict = {}
    for _, code in code_blocks(PAGE, "python")[:1]:
        exec(code, namespace)
    entry = Entry(namespace["LowCutoffPowerLaw"], "LowCutoffPowerLawSpectralModel")
    monkeypatch.setitem(REGISTRY["spectral"], "low-cut", entry)
    return entry


def test_the_example_passes_the_battery(entry, tmp_path):
    def make(shift):
        return build(entry.cls, shift)

    for test in (
        test_spectral.test_gradient_is_the_finite_difference,
        test_spectral.test_integrals_are_those_of_quad,
        test_spectral.test_finite_at_special_values,
        test_spectral.test_vmap_is_the_loop,
    ):
        test(make)
    test_spectral.test_finite_on_the_borders(entry.cls)
    test_declarations.test_units_are_internal(entry)
    test_declarations.test_quantities_are_converted(entry)
    test_declarations.test_round_trip_through_a_file(entry, tmp_path)


def test_the_page_shows_the_line(entry):
    name = entry.cls.__name__
    assert f'"low-cut": Entry({name}, "{entry.name}")' in PAGE.read_text()
