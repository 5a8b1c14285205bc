"""The battery for every registered spectral model, and for what is composed of them."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from gjax.maps.axis import MapAxis
from gjax.model.registry import REGISTRY, lookup
from gjax.model.spectral import (
    EBLAbsorptionNorm,
    ExpCutoffPowerLaw,
    PowerLaw,
    Scale,
    create_crab_spectral_model,
)
from gjax.parameters import parameter_leaves, specs, with_values
from tests.registry.conftest import borders, build, entries, instances, reference

SPECTRAL = entries("spectral")
ENERGY = np.geomspace(0.05, 60.0, 7)
EXTREME = np.array([1e-7, 1e-3, 0.5, 1.0, 2.0, 1e2, 1e5])
REFERENCE = reference("spectral_models")
#: Tags of models that Gammapy does not have.
NOT_IN_GAMMAPY: tuple[str, ...] = ()
COMPOSED = [
    pytest.param(lambda shift: parts(shift)[0] + parts(shift)[1], id="sum"),
    pytest.param(lambda shift: parts(shift)[0] - parts(shift)[1], id="difference"),
    pytest.param(lambda shift: parts(shift)[0] * build(EBLAbsorptionNorm, shift), id="product"),
    pytest.param(lambda shift: Scale(parts(shift)[0], norm=1.0 + shift), id="scale"),
]
MAKERS = [
    *(pytest.param(lambda s, cls=e.values[0]: build(cls, s), id=e.id) for e in SPECTRAL),
    *COMPOSED,
]


def parts(shift: float) -> tuple:
    return build(PowerLaw, shift), build(ExpCutoffPowerLaw, shift)


class Problem:
    """A model as a function of the vector of its parameters, those of its parts included."""

    def __init__(self, model) -> None:
        found = parameter_leaves({"model": model})
        self.model = model
        self.names = [key[-1] for key, _, _, _ in found]
        self.specs = [spec for _, spec, _, _ in found]
        self.leaves = tuple(number for _, _, _, number in found)
        self.values = np.array([float(value) for _, _, value, _ in found])

    def expand(self, vector, energy=ENERGY) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give values, first and second derivatives."""
        return jax.device_get(expand(self.model, self.leaves, vector, energy))

    def __call__(self, vector, energy=ENERGY) -> np.ndarray:
        return self.expand(vector, energy)[0]


def observe(model, leaves, vector, energy):
    """Evaluate, integrate and weight."""
    flat, structure = jax.tree.flatten(model)
    for i, leaf in enumerate(leaves):
        flat[leaf] = vector[i]
    model = jax.tree.unflatten(structure, flat)
    low, high = energy[:-1], energy[1:]
    parts = [model(energy), model.integral(low, high), model.energy_flux(low, high)]
    return jnp.concatenate(parts)


@partial(jax.jit, static_argnums=1)
def expand(model, leaves, vector, energy):
    """Expand `observe` to second order; one compilation for each class serves all tests."""

    def value_and_slopes(at):
        value = observe(model, leaves, at, energy)
        return value, jax.jacfwd(observe, 2)(model, leaves, at, energy)

    hessian = jax.jacfwd(lambda at: value_and_slopes(at)[1])(vector)
    return *value_and_slopes(vector), hessian


by_vector = jax.jit(jax.vmap(observe, (None, None, 0, None)), static_argnums=1)
by_model = jax.jit(jax.vmap(lambda model: model.integral(ENERGY[:-1], ENERGY[1:])))


def difference_quotient(problem, i, fraction):
    """Differentiate by parameter i from five points, good to fourth order."""
    start = problem.values
    step = fraction * max(abs(start[i]), 1e-14) * (np.arange(len(start)) == i)
    moved = [problem(start + n * step) for n in (-2, -1, 1, 2)]
    return (8 * (moved[2] - moved[1]) - (moved[3] - moved[0])) / (12 * step[i])


@pytest.mark.parametrize("make", MAKERS)
def test_gradient_is_the_finite_difference(make):
    for shift in (0.1, 0.3, 0.5):
        problem = Problem(make(shift))
        start = problem.values
        value, slopes, _ = problem.expand(start)
        for i in range(len(start)):
            # Where an exponent is steep the larger step is too coarse, elsewhere it rounds less.
            numeric = np.stack([difference_quotient(problem, i, step) for step in (3e-4, 1e-5)])
            # A slope far below value / parameter is lost in the rounding of the difference.
            floor = 1e-6 * np.abs(value) / abs(start[i]) + 1e-15 * np.max(np.abs(numeric))
            error = np.min(np.abs(slopes[:, i] - numeric), axis=0)
            assert np.all(error <= 1e-6 * np.abs(slopes[:, i]) + floor)


def integrate(dnde, edges, power):
    """Integrate by adaptive quadrature in log energy between neighbouring edges."""
    pieces = [
        quad(
            lambda x: float(dnde(np.exp(x))) * np.exp(power * x),
            *edges[k : k + 2],
            epsabs=0,
            epsrel=1e-9,
        )[0]
        for k in range(len(edges) - 1)
    ]
    return sum(pieces)


@pytest.mark.parametrize("make", MAKERS)
def test_integrals_are_those_of_quad(make):
    problem = Problem(make(0.3))
    values = problem(problem.values)
    dnde = jax.jit(problem.model.__call__)
    kinks = np.log(np.atleast_1d(getattr(problem.model, "breaks", [])))
    for i in range(len(ENERGY) - 1):
        limits = np.log(ENERGY[i : i + 2])
        inside = kinks[(kinks > limits[0]) & (kinks < limits[1])]
        edges = np.unique(np.concatenate([limits, inside]))
        for power, found in enumerate(values[len(ENERGY) :].reshape(2, -1), start=1):
            # What has fallen by fifteen orders of magnitude need not be right to a millionth.
            floor = 1e-15 * np.max(np.abs(found))
            assert found[i] == pytest.approx(integrate(dnde, edges, power), rel=1e-6, abs=floor)


def all_finite(problem, vector, energy=ENERGY):
    return all(np.all(np.isfinite(part)) for part in problem.expand(vector, energy))


@pytest.mark.parametrize("cls", SPECTRAL)
def test_finite_on_the_borders(cls):
    for model in borders(cls):
        problem = Problem(model)
        assert all_finite(problem, problem.values)


#: Values at which formulas tend to be 0/0 or to lose a term.
SPECIAL = {
    "norm": [0.0],
    "amplitude": [0.0],
    "const": [0.0],
    "tilt": [1.0, 2.0],
    "index": [0.0, 1.0, 2.0],
    "index1": [1.0, 2.0],
    "index2": [1.0, 2.0],
    "index_1": [1.0, 2.0],
    "index_2": [0.0, 1.0],
    "expfactor": [0.0],
    "alpha": [1.0, 2.0],
    "alpha_norm": [0.0],
    "norm_1": [0.0],
}


@pytest.mark.parametrize("make", MAKERS)
def test_finite_at_special_values(make):
    """No norm, indices at which integrals are 0/0, and energies far from any instrument."""
    problem = Problem(make(0.1))
    assert all_finite(problem, problem.values, EXTREME)
    for i, (name, spec) in enumerate(zip(problem.names, problem.specs, strict=True)):
        for value in SPECIAL.get(name, []):
            if (spec.min is None or spec.min <= value) and (spec.max is None or value <= spec.max):
                at = np.where(np.arange(len(problem.names)) == i, value, problem.values)
                assert all_finite(problem, at), f"{name} = {value}"


@pytest.mark.parametrize("make", MAKERS)
def test_vmap_is_the_loop(make):
    problems = [Problem(make(shift)) for shift in (0.1, 0.3, 0.5)]
    model, leaves = problems[0].model, problems[0].leaves
    vectors = np.stack([problem.values for problem in problems])
    expected = np.stack([problem(problem.values) for problem in problems])
    found = by_vector(model, leaves, vectors, ENERGY)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-30 * np.max(np.abs(expected)))
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[p.model for p in problems])
    n = len(ENERGY)
    np.testing.assert_allclose(by_model(stacked), expected[:, n : 2 * n - 1], rtol=1e-11)


@pytest.mark.parametrize("cls", SPECTRAL)
def test_shapes_follow_the_energies(cls):
    model = instances(cls)[0]
    grid = np.ones((2, 3))
    for method, more in ((model, ()), (model.integral, (70.0,)), (model.energy_flux, (70.0,))):
        assert jax.eval_shape(method, grid, *more).shape == (2, 3)
        assert jax.eval_shape(method, 1.0, *more).shape == ()


def make_case(case):
    """Build the model of one of Gammapy's cases."""
    fields = dict(case["fields"])
    if case["tag"] == "templateND":
        fields["axes"] = tuple(
            MapAxis(name, tuple(nodes), unit, interp, kind)
            for name, (nodes, unit, interp, kind) in fields["axes"].items()
        )
    return with_values(lookup("spectral", case["tag"])(**fields), case["parameters"])


@pytest.mark.parametrize("case", REFERENCE["spectral"], ids=lambda case: case["tag"])
def test_values_are_those_of_gammapy(case):
    problem, edges = Problem(make_case(case)), np.array(REFERENCE["edges"])
    found = problem(problem.values, edges)
    dnde, integral = found[: len(edges)], found[len(edges) : 2 * len(edges) - 1]
    np.testing.assert_allclose(dnde, case["dnde"], rtol=1e-6, atol=1e-300)
    tolerance = 1e-6 if case["has_closed_form"] else 2e-3
    # Gammapy's trapezia are off where a spectrum falls by many orders of magnitude in a bin.
    floor = 1e-12 * np.max(np.abs(case["integral"]))
    np.testing.assert_allclose(integral, case["integral"], rtol=tolerance, atol=floor)


@pytest.mark.parametrize("case", REFERENCE["spectral"], ids=lambda case: case["tag"])
def test_declarations_are_those_of_gammapy(case):
    declared = specs(make_case(case))
    assert list(declared) == case["names"]
    assert [spec.frozen for spec in declared.values()] == case["frozen"]


@pytest.mark.parametrize("case", REFERENCE["crab"], ids=lambda case: case["reference"])
def test_crab_spectra_are_those_of_gammapy(case):
    model = create_crab_spectral_model(case["reference"])
    np.testing.assert_allclose(model(np.array(REFERENCE["edges"])), case["dnde"], rtol=1e-9)


def test_every_model_is_compared_with_gammapy():
    compared = {case["tag"] for case in REFERENCE["spectral"]}
    assert set(REGISTRY["spectral"]) == compared | set(NOT_IN_GAMMAPY)
    assert REFERENCE["gammapy"] == "2.1"
