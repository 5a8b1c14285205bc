"""The battery for every registered temporal model."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from astropy import units as u
from scipy.integrate import quad

from gjax.model.registry import REGISTRY, lookup
from gjax.model.temporal import LightCurveTemplate, TemplatePhaseCurve
from gjax.parameters import own_values, specs, with_values

TEMPORAL = [pytest.param(entry, id=tag) for tag, entry in REGISTRY["temporal"].items()]
EPOCH = 58000.0
START = np.array([1000.0, 20000.0, 50000.0, 0.0])
STOP = np.array([2800.0, 41000.0, 91000.0, 0.0])  # the last one is padding
TIME = np.array([0.0, 700.0, 13000.0, 26321.0, 40000.0, 86400.0])
REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "data" / "temporal.json").read_text()
)

# Points of the domain with the peak, the start or the table within the data.
POINTS: dict[str, list[dict[str, float]]] = {
    "Linear": [{"alpha": 0.8, "beta": 0.3}, {"alpha": 1.0, "beta": -0.2}],
    "ExpDecay": [{"t0": 0.7}, {"t0": 0.01}, {"t0": 300.0}],
    "Gaussian": [{"sigma": 0.2}, {"sigma": 0.01}, {"sigma": 500.0}],
    "GeneralizedGaussian": [
        {"t_rise": 0.1, "t_decay": 0.4, "eta": 0.5},
        {"t_rise": 0.3, "t_decay": 0.05, "eta": 1.7},
        {"t_rise": 0.2, "t_decay": 0.3, "eta": 0.1},
    ],
    "PowerLaw": [{"alpha": -0.4, "t0": 0.2}, {"alpha": 1.3, "t0": 0.7}, {"alpha": 0.0, "t0": 1.0}],
    "Sine": [{"amp": 0.3, "omega": 4.0}, {"amp": 0.9, "omega": 100.0}],
    "TemplatePhaseCurve": [
        {"f0": 1e-4, "phi_ref": 0.2},
        {"f0": 2e-3, "phi_ref": 0.4, "f1": 1e-9, "f2": 1e-16},
    ],
}


def instances(entry) -> list:
    """Make models whose reference time lies within the data."""
    example = entry.example()
    if "t_ref" in specs(example):
        example = with_values(example, {"t_ref": EPOCH + 0.3})
    return [with_values(example, point) for point in POINTS.get(type(example).__name__, [{}])]


@jax.jit
def observe(model):
    """Evaluate, integrate and average."""
    integral = model.integral(START, STOP, EPOCH)
    return jnp.concatenate([model(TIME, EPOCH), integral, model.mean(START, STOP, EPOCH)[None]])


@jax.jit
def slopes(model):
    """Differentiate `observe` by every parameter."""

    def at(values):
        return observe(with_values(model, values))

    if not own_values(model):
        return {}
    return jax.jacfwd(at)({name: jnp.asarray(v) for name, v in own_values(model).items()})


@pytest.mark.parametrize("entry", TEMPORAL)
def test_gradient_is_the_finite_difference(entry):
    for model in instances(entry):
        values = {name: float(value) for name, value in own_values(model).items()}
        found = slopes(model)
        for name, value in values.items():
            # An MJD resolves 1e-11 d; for others a fraction of the value, or of the natural step.
            size = 0.02 if name == "t_ref" else abs(value) or specs(model)[name].scale
            step = 2e-3 * size if name == "t_ref" else 3e-4 * size
            if name == "f1":
                step = 1e-13
            if name == "f2":
                step = 1e-18

            def shifted(n, name=name, step=step, value=value, model=model):
                return np.asarray(observe(with_values(model, {name: value + n * step})))

            numeric = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)
            scale = np.abs(np.asarray(observe(model))) / size + np.abs(numeric)
            error = np.abs(np.asarray(found[name]) - numeric)
            # Where a kink of the light curve lies within the step, there is no difference quotient.
            middle = shifted(0)
            bend = shifted(2) + shifted(-2) - 4 * (shifted(1) + shifted(-1)) + 6 * middle
            keep = np.abs(bend) <= 1e-7 * np.abs(middle) + 1e-14
            assert keep.mean() > 0.5
            assert np.all(error[keep] <= 1e-6 * scale[keep] + 1e-9), name


@pytest.mark.parametrize("entry", TEMPORAL)
def test_integrals_are_those_of_quad(entry):
    for model in instances(entry):
        light_curve = jax.jit(lambda time, model=model: model(time, EPOCH))
        found = np.asarray(model.integral(START, STOP, EPOCH))
        kinks = kinks_of(model)
        for i, (a, b) in enumerate(zip(START, STOP, strict=True)):
            edges = np.concatenate([[a], kinks[(kinks > a) & (kinks < b)], [b]])
            if len(edges) > 10:  # many short straight pieces: all at once
                nodes, weights = np.polynomial.legendre.leggauss(4)
                half = 0.5 * np.diff(edges)[:, None]
                values = light_curve(edges[:-1, None] + half * (1 + nodes))
                expected = float(np.sum(half * weights * values))
            else:
                expected = sum(
                    quad(light_curve, *pair, epsabs=0, epsrel=1e-8)[0]
                    for pair in pairwise(edges)
                    if pair[1] > pair[0]
                )
            assert found[i] == pytest.approx(expected, rel=1e-6, abs=1e-9)
        mean = float(model.mean(START, STOP, EPOCH))
        assert mean == pytest.approx(found.sum() / (STOP - START).sum(), rel=1e-12)


def kinks_of(model) -> np.ndarray:
    """Give the times at which the light curve is not smooth, in s."""
    start = 0.3 * 86400 + 69.184
    if isinstance(model, LightCurveTemplate):
        return start + 86400 * model.time
    if isinstance(model, TemplatePhaseCurve):
        grid = np.linspace(0.0, 91000.0, 500_001)
        cycles = (grid - start) * (model.f0 + (grid - start) / 2 * model.f1) + model.phi_ref
        cycles = cycles + (grid - start) ** 3 / 6 * model.f2
        nodes = np.concatenate([[0.0], model.phase])
        wanted = np.sort((np.arange(-300, 400)[:, None] + nodes).ravel())
        wanted = wanted[(wanted > cycles[0]) & (wanted < cycles[-1])]
        return np.interp(wanted, cycles, grid)
    return np.array([start])


@pytest.mark.parametrize("entry", TEMPORAL)
def test_finite_on_the_borders(entry):
    for model in instances(entry):
        declared = specs(model)
        points = [{}] + [
            {name: bound}
            for name, spec in declared.items()
            for bound in (spec.min, spec.max)
            if bound is not None
        ]
        points.append({name: spec.min for name, spec in declared.items() if spec.min is not None})
        # The reference time at a point of evaluation, at both ends of an interval, and far away.
        epochs = [0.0, 1000.0, 2800.0, 13000.0, -3e9, 3e9]
        if "t_ref" in declared:
            points += [p | {"t_ref": EPOCH + (t - 69.184) / 86400} for p in points for t in epochs]
        for point in points:
            at = with_values(model, point)
            assert np.all(np.isfinite(observe(at))), point
            assert all(np.all(np.isfinite(leaf)) for leaf in slopes(at).values()), point


@pytest.mark.parametrize("entry", TEMPORAL)
def test_vmap_is_the_loop(entry):
    models = instances(entry)
    if not jax.tree.leaves(models):
        return  # a constant has nothing to map over
    stacked = jax.tree.map(lambda *values: jnp.stack(values), *models)
    expected = np.stack([observe(model) for model in models])
    np.testing.assert_allclose(jax.vmap(observe)(stacked), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("entry", TEMPORAL)
def test_padding_and_no_time_at_all(entry):
    model = instances(entry)[0]
    padded = model.mean(START, STOP, EPOCH)
    assert float(padded) == pytest.approx(float(model.mean(START[:3], STOP[:3], EPOCH)), rel=1e-14)
    assert float(model.mean([5.0], [5.0], EPOCH)) == 0.0
    # A short interval has the value in its middle.
    short = model.mean([30000.0], [30001.0], EPOCH)
    assert float(short) == pytest.approx(float(model(30000.5, EPOCH)), rel=1e-5)


@pytest.mark.parametrize("entry", TEMPORAL)
def test_quantities_and_time_scale(entry):
    model = instances(entry)[0]
    declared = specs(model)
    given = {
        name: (float(value) * u.Unit(declared[name].unit)).si
        for name, value in own_values(model).items()
        if declared[name].unit
    }
    for name, value in own_values(dataclasses.replace(model, **given)).items():
        assert float(value) == pytest.approx(float(own_values(model)[name]), rel=1e-12)
    with pytest.raises(ValueError, match="time scale is 'ut1'"):
        dataclasses.replace(model, scale="ut1")


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda case: case["tag"])
def test_values_are_those_of_gammapy(case):
    cls = lookup("temporal", case["tag"])
    table = {"template": "table", "template-phase": "phases"}.get(case["tag"])
    model = cls(*REFERENCE[table] if table else (), scale=case["scale"], **case["parameters"])
    epoch = REFERENCE["reference"]
    found = np.asarray(model(np.array(REFERENCE["times"]), epoch))
    np.testing.assert_allclose(found, case["values"], rtol=1e-6, atol=1e-14)
    if case["mean"] is not None:
        mean = model.mean(np.array(REFERENCE["start"]), np.array(REFERENCE["stop"]), epoch)
        assert float(mean) == pytest.approx(case["mean"], rel=1e-6)


def test_declarations_are_those_of_gammapy():
    assert REFERENCE["gammapy"] == "2.1"
    assert {case["tag"] for case in REFERENCE["cases"]} == set(REGISTRY["temporal"])
    for case in REFERENCE["cases"]:
        declared = specs(lookup("temporal", case["tag"]))
        assert list(declared) == case["names"]
        assert [spec.frozen for spec in declared.values()] == case["frozen"]
        units = zip(declared.values(), case["units"], strict=True)
        assert all(u.Unit(spec.unit) == u.Unit(unit) for spec, unit in units)
