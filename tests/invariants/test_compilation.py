"""Code is compiled for structures, never for values, and does not grow with equal datasets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from gjax.infer import fit
from gjax.infer.objective import Objective, expand_objective, make_objective, value_and_grad
from gjax.model import FoVBackground, Models, ResponseModifier, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.simulate import fake

_EVENT = "/jax/core/compile/backend_compile_duration"


@contextmanager
def counting() -> Iterator[list[str]]:
    """List what is compiled meanwhile."""
    compiled: list[str] = []

    def listen(event: str, *_: float, **more: Any) -> None:
        if event == _EVENT:
            compiled.append(str(more))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield compiled
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def spectrum(**values: float) -> SkyModel:
    return SkyModel(PowerLaw(**({"index": 2.3, "amplitude": 2e-11, "reference": 1.0} | values)))


def test_another_fit_of_spectra_compiles_nothing(onoff_spectrum):
    def one_fit(seed: int, width: float, **start: float) -> None:
        data = [onoff_spectrum(f"obs-{i}", seed=seed + i) for i in range(3)]
        models = Models.create({"crab": spectrum(**start)})
        table = Parameters.from_models(models).prior("*.index", dist.Normal(2.0, width))
        assert fit(data, models, table).success

    one_fit(0, 1.0)
    with counting() as compiled:
        one_fit(10, 0.5, index=2.0, amplitude=1e-11)
    assert not compiled, "other counts, another start, another prior"


def test_another_fit_of_a_map_compiles_nothing(dataset):
    lon, lat = (float(x) for x in dataset.geom.center)
    place = Point(lon + 0.02, lat + 0.01, frame=dataset.geom.frame)

    def models(norm: float, index: float) -> Models:
        source = SkyModel(PowerLaw(index=index, amplitude=2e-11, reference=1.0), place)
        background = FoVBackground("dataset", PowerLawNorm(norm=norm))
        return Models.create({"source": source, "background": background})

    first = fake(dataset, npred(dataset, models(1.0, 2.3)), 0)
    fit(first, models(1.0, 2.3))
    # The number of bins with counts is rounded up, so that it repeats; here it is the same.
    second = dataclasses.replace(first, counts=first.counts + (first.counts > 0))
    with counting() as compiled:
        fit(second, models(1.2, 2.0))
    assert not compiled, "other counts and another start"


def same_source(names: list[str]) -> Models:
    return Models.create({"crab": spectrum()})


def with_backgrounds(names: list[str]) -> Models:
    """Give each dataset a background model of its own."""
    own = {f"{name}-bkg": FoVBackground(name) for name in names}
    return Models.create({"crab": spectrum()} | own)


def with_modifiers(names: list[str]) -> Models:
    """Give each dataset an energy scale of its own."""
    own = {f"{name}-scale": ResponseModifier((name,), energy=PowerLawNorm()) for name in names}
    return Models.create({"crab": spectrum()} | own)


def size(function: Any, objective: Objective) -> int:
    """Give the length of the program that the compiler gets."""
    return len(function.lower(objective, np.asarray(objective.layout.start)).as_text())


@pytest.mark.parametrize("make", [same_source, with_backgrounds, with_modifiers])
@pytest.mark.parametrize("function", [value_and_grad, expand_objective])
def test_code_does_not_grow_with_equal_datasets(
    onoff_spectrum, make: Callable[[list[str]], Models], function
):
    def program(number: int) -> int:
        data = [onoff_spectrum(f"obs-{i}", seed=i) for i in range(number)]
        models = make([one.name for one in data])
        return size(function, make_objective(data, models))

    four, many = program(4), program(21)
    assert many < 1.2 * four
