"""Spectra and their bands."""

from __future__ import annotations

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from astropy import units as u

import gjax
from gjax.errors import UnknownNameError
from gjax.infer.posterior import Posterior
from gjax.model import FoVBackground, Models, ResponseModifier, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.plot import plot_sed, plot_spectrum, spectrum_band

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


@pytest.fixture
def fitted(model):
    """Make what of a fit matters here: a source, an instrument, and their joint covariance."""
    modifier = ResponseModifier("toy", energy=PowerLawNorm())
    crab = SkyModel(model, Point(83.63, 22.01))
    models = Models.create([("crab", crab), ("bkg", FoVBackground("toy")), ("scale", modifier)])
    table = gjax.Parameters.from_models(models)
    sigma = np.zeros(len(table.keys))
    for pattern, error in (("*.index", 0.05), ("crab.*.amplitude", 2e-13), ("scale.*.norm", 0.1)):
        sigma[table.select(pattern)[0]] = error
    covariance = np.diag(sigma**2)
    return SimpleNamespace(models=models, parameters=table, covariance=covariance, sigma=sigma)


def _band(ax):
    """Give the lower and upper edge of the band that was drawn."""
    (path,) = ax.collections[0].get_paths()
    n = len(ax.lines[0].get_xdata())
    return path.vertices[1 : n + 1, 1], path.vertices[n + 2 : 2 * n + 2, 1][::-1]


def test_sed_takes_the_part_of_the_covariance_that_is_the_spectrum(fitted, model):
    ax = plot_sed(fitted, "crab", (0.1, 10.0), energy_power=0, n_points=30)
    rows = [i for i, key in enumerate(fitted.parameters.keys) if key[:2] == ("crab", "spectral")]
    part = fitted.covariance[np.ix_(rows, rows)]
    energy = np.geomspace(0.1, 10.0, 30)
    _, low, high = spectrum_band(model, energy, covariance=part)
    edges = sorted(_band(ax), key=lambda edge: edge[0])
    np.testing.assert_allclose(edges[0], low, rtol=1e-9)
    np.testing.assert_allclose(edges[1], high, rtol=1e-9)
    assert ax.get_legend().get_texts()[0].get_text() == "crab"


def test_sed_of_a_posterior_is_that_of_its_draws(fitted, model):
    rng = np.random.default_rng(2)
    values = fitted.parameters.values + fitted.sigma * rng.normal(size=(2, 300, len(fitted.sigma)))
    posterior = Posterior(fitted.parameters, fitted.models, values, {}, 0, 0, {})
    ax = plot_sed(posterior, "crab", (0.1, 10.0), energy_power=0, n_points=30)
    samples = {name: posterior.draws(("crab", "spectral", name)) for name in ("index", "amplitude")}
    middle, low, _ = spectrum_band(model, np.geomspace(0.1, 10.0, 30), samples=samples)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), middle, rtol=1e-12)
    np.testing.assert_allclose(min(_band(ax), key=lambda e: e[0]), low, rtol=1e-12)


def test_sed_without_free_parameters_has_no_band(fitted):
    fitted.parameters = fitted.parameters.freeze("*")
    assert not plot_sed(fitted, "crab", (0.1, 10.0)).collections


def test_sed_shows_flux_points_of_several_instruments(fitted, model):
    energy = np.array([0.5, 2.0, 6.0])
    points = {
        name: gjax.FluxPointsDataset(
            name, energy, factor * np.asarray(model(energy)), dnde_err=np.full(3, 1e-14)
        )
        for name, factor in (("one", 1.0), ("two", 1.3))
    }
    ax = plot_sed(fitted, "crab", (0.1, 10.0), points=points, label="joint", unit="TeV cm-2 s-1")
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == ["joint", "one", "two"]
    one, two = (container.lines[0] for container in ax.containers)
    np.testing.assert_allclose(one.get_ydata(), energy**2 * np.asarray(model(energy)), rtol=1e-9)
    assert one.get_marker() != two.get_marker()
    assert one.get_color() != two.get_color()


def test_sed_of_what_has_no_spectrum_is_refused(fitted):
    with pytest.raises(UnknownNameError, match="vela"):
        plot_sed(fitted, "vela", (0.1, 10.0))
    with pytest.raises(ValueError, match="'scale' has no spectrum"):
        plot_sed(fitted, "scale", (0.1, 10.0))
