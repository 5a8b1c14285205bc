"""Spectra and their bands."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from astropy import units as u

from gjax.model.spectral import PowerLaw
from gjax.plot import plot_spectrum, spectrum_band

ENERGY = np.geomspace(0.1, 30.0, 15)


@pytest.fixture
def model():
    return PowerLaw(index=2.4, amplitude=3e-12, reference=1.5)


def test_band_of_a_power_law_is_the_analytic_one(model):
    covariance = np.array([[0.01, 0.4 * 0.1 * 2e-13], [0.4 * 0.1 * 2e-13, 4e-26]])
    names = ("index", "amplitude")
    dnde, low, high = spectrum_band(model, ENERGY, covariance=covariance, names=names)
    np.testing.assert_allclose(dnde, 3e-12 * (ENERGY / 1.5) ** -2.4, rtol=1e-12)
    slope, level = -np.log(ENERGY / 1.5), 1 / 3e-12
    variance = slope**2 * 0.01 + level**2 * 4e-26 + 2 * slope * level * covariance[0, 1]
    np.testing.assert_allclose(np.log(high / dnde), np.sqrt(variance), rtol=1e-9)
    np.testing.assert_allclose(low * high, dnde**2, rtol=1e-9)


def test_samples_of_a_small_covariance_give_the_same_band(model):
    rng = np.random.default_rng(1)
    covariance = np.diag([0.02**2, 6e-14**2])
    draws = rng.multivariate_normal([2.4, 3.0], np.diag([0.02**2, 0.06**2]), 40000)
    samples = {"index": draws[:, 0], "amplitude": draws[:, 1].reshape(4, -1) * 1e-12}
    linear = spectrum_band(model, ENERGY, covariance=covariance, names=("index", "amplitude"))
    sampled = spectrum_band(model, ENERGY, samples=samples)
    width = np.log(linear[2] / linear[1])
    np.testing.assert_allclose(np.log(sampled[2] / sampled[1]), width, rtol=0.03)
    np.testing.assert_allclose(sampled[0], linear[0], rtol=1e-3)


def test_parts_of_a_sum_are_named_by_their_path(model):
    both = model + PowerLaw(index=1.8, amplitude=1e-13)
    leaf = next(iter(jax.tree_util.tree_leaves_with_path(both)))[0]
    path = tuple(getattr(step, "name", getattr(step, "idx", None)) for step in leaf)
    name = tuple(str(step) for step in path)
    dnde, low, high = spectrum_band(both, ENERGY, covariance=np.array([[0.01]]), names=[name])
    alone = spectrum_band(model, ENERGY, covariance=np.array([[0.01]]), names=["index"])
    np.testing.assert_allclose(
        np.log(high / dnde), np.log(alone[2] / alone[0]) * alone[0] / dnde, rtol=1e-9
    )
    assert (low < dnde).any()


def test_wrong_names_and_shapes_are_refused(model):
    with pytest.raises(ValueError, match="index, amplitude, reference"):
        spectrum_band(model, ENERGY, covariance=np.eye(1), names=["gamma"])
    with pytest.raises(ValueError, match="shape"):
        spectrum_band(model, ENERGY, covariance=np.eye(2))
    with pytest.raises(ValueError, match="not both"):
        spectrum_band(model, ENERGY, covariance=np.eye(3), samples={"index": np.ones(3)})


def test_picture_is_in_energy_flux(model):
    ax = plot_spectrum(model, (100 * u.GeV, 30 * u.TeV), covariance=1e-28 * np.eye(3), label="fit")
    energy, flux = ax.lines[0].get_data()
    assert (energy[0], energy[-1]) == pytest.approx((0.1, 30.0))
    expected = (energy[0] ** 2 * float(model(energy[0])) * u.Unit("TeV cm-2 s-1")).to_value(
        "erg cm-2 s-1"
    )
    assert flux[0] == pytest.approx(expected, rel=1e-9)
    assert ax.get_xlabel() == "Energy [TeV]"
    assert "erg cm$^{-2}$ s$^{-1}$" in ax.get_ylabel()
    assert len(ax.collections) == 1
    again = plot_spectrum(model, (0.5, 5.0), ax=ax, color="k")
    assert again is ax
    assert ax.get_xlim() == pytest.approx((0.1, 30.0))


def test_other_powers_have_their_units(model):
    ax = plot_spectrum(model, (0.1, 10.0), energy_power=0)
    assert ax.lines[0].get_ydata()[0] == pytest.approx(float(model(0.1)))
    assert "TeV$^{-1}$" in ax.get_ylabel()
    with pytest.raises(ValueError, match="energy bounds"):
        plot_spectrum(model, (10.0, 0.1))
