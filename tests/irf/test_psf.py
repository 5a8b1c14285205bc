"""Point spread functions: their integrals, and limits that are known in closed form."""

import numpy as np
import pytest

from gjax.irf import PSF3Gauss, PSFKing, PSFTable, Table
from gjax.irf.psf import DEG2_PER_SR
from gjax.maps.axis import MapAxis

ENERGY = MapAxis.from_energy_bounds(0.1, 100, 6, name="energy_true")
OFFSET = MapAxis.from_edges([0.0, 1.0, 2.0], "offset")
SHAPE = (6, 2)


def gauss(**changes):
    parameters = {
        "sigma_1": 0.05,
        "sigma_2": 0.12,
        "sigma_3": 1.0,
        "scale": 2.0,
        "ampl_2": 0.3,
        "ampl_3": 0.0,
    } | changes
    return PSF3Gauss(
        **{name: np.full(SHAPE, value) for name, value in parameters.items()},
        energy_true=ENERGY,
        offset=OFFSET,
    )


def king(gamma=2.5, sigma=0.06):
    return PSFKing(np.full(SHAPE, gamma), np.full(SHAPE, sigma), ENERGY, OFFSET)


def table(sigma=0.07):
    rad = MapAxis.from_edges(np.linspace(0, 0.6, 301), "rad")
    profile = np.exp(-0.5 * (rad.center / sigma) ** 2) / (2 * np.pi * sigma**2) * DEG2_PER_SR
    data = np.broadcast_to(profile, (*SHAPE, 300))
    return PSFTable(Table(data, (ENERGY, OFFSET, rad), "sr-1"))


@pytest.mark.parametrize("psf", [gauss(), king(), table()], ids=["3gauss", "king", "table"])
def test_containment_is_the_integral_of_the_profile(psf):
    # Gauss-Legendre in r up to 0.3 deg.
    node, weight = np.polynomial.legendre.leggauss(60)
    for limit in (0.05, 0.3):
        rad = limit * (node + 1) / 2
        values = psf.evaluate(1.0, 0.7, rad) / DEG2_PER_SR
        integral = np.sum(weight * limit / 2 * 2 * np.pi * rad * values)
        assert psf.containment(limit, 1.0, 0.7) == pytest.approx(integral, rel=2e-3)


@pytest.mark.parametrize("psf", [gauss(), king(), table()], ids=["3gauss", "king", "table"])
def test_probability_is_conserved(psf):
    assert psf.containment(1e3, 1.0, 0.7) == pytest.approx(1.0, abs=1e-4)
    assert psf.containment(0.0, 1.0, 0.7) == 0.0


def test_one_gaussian():
    psf = gauss(ampl_2=0.0)
    assert psf.evaluate(1.0, 0.5, 0.0) == pytest.approx(DEG2_PER_SR / (2 * np.pi * 0.05**2))
    assert psf.containment(0.05 * np.sqrt(2 * np.log(2)), 1.0, 0.5) == pytest.approx(0.5)


def test_norms_follow_amplitude_times_area():
    psf = gauss(ampl_2=0.25, sigma_2=0.1)  # equal norms: 0.25 * (0.1 / 0.05)^2 = 1
    want = 1 - 0.5 * (np.exp(-0.5 * (0.1 / 0.05) ** 2) + np.exp(-0.5 * (0.1 / 0.1) ** 2))
    assert psf.containment(0.1, 1.0, 0.5) == pytest.approx(want)


def test_a_missing_component_hides_no_other():
    with_nan = gauss(ampl_3=np.nan, sigma_3=np.nan)
    np.testing.assert_allclose(
        with_nan.evaluate(1.0, 0.5, [0.0, 0.1]), gauss().evaluate(1.0, 0.5, [0.0, 0.1])
    )


def test_no_component_at_all_is_zero():
    empty = gauss(scale=0.0)
    assert empty.evaluate(1.0, 0.5, 0.1) == 0.0
    assert empty.containment(0.1, 1.0, 0.5) == 0.0


def test_king_without_norm_is_zero():
    assert king(gamma=0.9).evaluate(1.0, 0.5, 0.1) == 0.0
    assert king(sigma=0.0).evaluate(1.0, 0.5, 0.1) == 0.0


def test_parameters_are_interpolated_not_profiles():
    sigma = np.broadcast_to([[0.04, 0.08]], SHAPE)
    psf = PSFKing(np.full(SHAPE, 2.0), sigma, ENERGY, OFFSET)
    np.testing.assert_allclose(
        psf.evaluate(1.0, 1.0, [0.0, 0.1]), king(2.0, 0.06).evaluate(1.0, 1.0, [0.0, 0.1])
    )


def test_arguments_broadcast():
    energy, rad = np.geomspace(0.2, 50, 4)[:, None], np.linspace(0, 0.2, 5)
    for psf in (gauss(), king(), table()):
        assert psf.evaluate(energy, 0.5, rad).shape == (4, 5)
        assert psf.containment(rad, energy, 0.5).shape == (4, 5)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="gamma has shape"):
        PSFKing(np.ones((2, 6)), np.ones(SHAPE), ENERGY, OFFSET)
