"""What sources send into energy bins, as an instrument sees it."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.integrate import quad

from gjax.model import Models, ResponseModifier, SkyModel
from gjax.model.spectral import LogParabola, PowerLaw, PowerLawNorm
from gjax.model.temporal import Linear
from gjax.parameters import Parameters
from gjax.predict.physics import Emission, Intervals, Members, components, components_at

EDGES = np.geomspace(0.1, 10.0, 7)
CURVED = LogParabola(amplitude=1e-11, reference=1.0, alpha=2.3, beta=0.1)


def test_without_modifiers_it_is_the_integral():
    flux = Emission(CURVED, None, ()).flux(EDGES[:-1], EDGES[1:], None)
    np.testing.assert_allclose(flux, CURVED.integral(EDGES[:-1], EDGES[1:]), rtol=1e-14)


def test_an_energy_scale_moves_the_true_energies():
    """An instrument that measures 10% too much sees at E the photons of E / 1.1."""
    scale = ResponseModifier("x", energy=PowerLawNorm(norm=1.1))
    emission = Emission(CURVED, None, (scale,))
    flux = emission.flux(EDGES[:-1], EDGES[1:], None)
    np.testing.assert_allclose(flux, CURVED.integral(EDGES[:-1] / 1.1, EDGES[1:] / 1.1))
    # What it would publish integrates to what it counts.
    published = [
        quad(lambda e: float(emission.dnde(e, None)), *EDGES[i : i + 2])[0] for i in (0, 3)
    ]
    np.testing.assert_allclose(np.asarray(flux)[[0, 3]], published, rtol=1e-8)


def test_a_tilted_energy_scale_keeps_photons():
    tilted = ResponseModifier("x", energy=PowerLawNorm(norm=0.9, tilt=0.1))
    emission = Emission(CURVED, None, (tilted,))
    flux = np.asarray(emission.flux(EDGES[:-1], EDGES[1:], None))
    published = [
        quad(lambda e: float(emission.dnde(e, None)), *EDGES[i : i + 2])[0] for i in (0, 5)
    ]
    np.testing.assert_allclose(flux[[0, 5]], published, rtol=1e-8)


def test_modifiers_multiply():
    first = ResponseModifier("x", aeff=PowerLawNorm(norm=1.2, tilt=0.3))
    second = ResponseModifier("x", aeff=PowerLawNorm(norm=0.5))
    flux = Emission(CURVED, None, (first, second)).flux(EDGES[:-1], EDGES[1:], None)
    center = np.sqrt(EDGES[:-1] * EDGES[1:])
    expected = CURVED.integral(EDGES[:-1], EDGES[1:]) * 0.6 * center**-0.3
    np.testing.assert_allclose(flux, expected, rtol=1e-12)


def test_a_light_curve_is_averaged_over_the_intervals():
    day = 86400.0
    rising = Linear(alpha=1.0, beta=0.5, t_ref=55000.0, scale="tt")
    intervals = Intervals(
        np.array([0.0, 2 * day, 4 * day]), np.array([day, 4 * day, 4 * day]), 55000.0
    )
    flux = Emission(CURVED, rising, ()).flux(EDGES[:-1], EDGES[1:], intervals)
    # The mean time of the intervals [0, 1] and [2, 4] d is 6.5 / 3 d; the third has no length.
    expected = CURVED.integral(EDGES[:-1], EDGES[1:]) * (1 + 0.5 * 6.5 / 3)
    np.testing.assert_allclose(flux, expected, rtol=1e-12)


def test_datasets_with_the_same_models_share_them():
    """The compiled code must not grow with the number of observations."""
    models = Models.create({"a": SkyModel(PowerLaw()), "b": SkyModel(PowerLaw(index=3.0))})
    members = Members((), (), ((0, 1),))

    def gathered(number):
        return lambda m: components((members,) * number, m)

    few, many = (jax.make_jaxpr(gathered(n))(models) for n in (4, 21))
    assert len(few.eqns) == len(many.eqns)
    assert components((members,) * 3, models).sources[0][0].spectral.index.shape == (3, 2)


@pytest.mark.parametrize("part", ["aeff", "energy"])
def test_gradient_in_a_modifier(part):
    def total(norm):
        modifier = ResponseModifier("x", **{part: PowerLawNorm(norm=norm)})
        return Emission(CURVED, None, (modifier,)).flux(EDGES[:-1], EDGES[1:], None).sum() * 1e11

    step = 1e-5
    difference = (total(1.05 + step) - total(1.05 - step)) / (2 * step)
    assert jax.grad(total)(1.05) == pytest.approx(float(difference), rel=1e-7)


def test_models_at_a_point_are_looked_up_by_position():
    """The same as gathering the models at the point, with equal modifiers for any dataset."""
    names = ("a", "b")
    own = {f"{n}-scale": ResponseModifier(n, energy=PowerLawNorm()) for n in names}
    models = Models.create({"source": SkyModel(PowerLaw())} | own)
    table = Parameters.from_models(models)
    table = table.link("b-scale.energy.tilt", "a-scale.energy.tilt").thaw("a-scale.energy.tilt")
    layout = table.layout(models)
    members = (Members((), (1,), ((0,),)), Members((), (2,), ((0,),)))
    theta = layout.start + 0.1 * np.arange(1.0, len(layout.start) + 1)
    found = components_at(members, layout, theta)
    expected = components(members, layout.models_at(theta))
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)
    scale = found.sources[0][0].modifiers[0].energy
    assert scale.norm[0, 0] != scale.norm[1, 0]
    assert scale.tilt[0, 0] == scale.tilt[1, 0] != 0
