"""Fluxes, indices and energies of fitted spectra against their formulas."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest

from gjax.dataset import FluxPointsDataset
from gjax.infer.fit import fit
from gjax.infer.spectral_results import (
    energy_flux,
    flux_band,
    peak_energy,
    photon_flux,
    pivot_energy,
    spectral_index,
)
from gjax.model import Models, SkyModel
from gjax.model.spectral import LogParabola
from tests.infer.counting import gaussian


@pytest.fixture(scope="module")
def power_law():
    return gaussian("*.index")


@pytest.fixture(scope="module")
def curved():
    """Fit a log parabola that peaks near 1.65 TeV."""
    truth = LogParabola(amplitude=1e-11, reference=1.0, alpha=1.8, beta=0.2)
    energy = np.geomspace(0.2, 30.0, 9)
    dnde = np.asarray(truth(energy))
    points = FluxPointsDataset("points", energy, dnde, dnde_err=0.1 * dnde)
    return fit(points, Models.create([("source", SkyModel(truth))]), tolerance=1e-10)


def both(result, patterns):
    chosen = [result.parameters.select(pattern)[0] for pattern in patterns]
    return result.parameters.values[chosen], result.covariance[np.ix_(chosen, chosen)]


def test_flux_with_a_fixed_index():
    """Flux and amplitude have the same relative error."""
    result = gaussian()
    relative = result.error("*.amplitude") / result.value("*.amplitude")
    flux = photon_flux(result, "source", 1 * u.TeV, 10 * u.TeV)
    assert float(flux.value) == pytest.approx(0.9 * result.value("*.amplitude"), rel=1e-9)
    assert float(flux.error / flux.value) == pytest.approx(relative, rel=1e-9)
    power = energy_flux(result, "source", [1.0, 2.0], 10.0)
    expected = result.value("*.amplitude") * np.log([10.0, 5.0])
    np.testing.assert_allclose(power.value, expected, rtol=1e-9)
    np.testing.assert_allclose(power.error / power.value, relative, rtol=1e-9)
    assert power.quantity.to("erg cm-2 s-1").unit == u.Unit("erg cm-2 s-1")


def test_pivot_energy(power_law):
    (amplitude, _), covariance = both(power_law, ("*.amplitude", "*.index"))
    expected = np.exp(covariance[0, 1] / (amplitude * covariance[1, 1]))
    found = pivot_energy(power_law, "source")
    assert found.to_value("TeV") == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="no minimum"):
        pivot_energy(gaussian(), "source")
    with pytest.raises(ValueError, match="no minimum"):
        pivot_energy(power_law, "source", 20 * u.TeV, 50 * u.TeV)


def test_band_is_narrowest_at_the_pivot(power_law):
    pivot = pivot_energy(power_law, "source").value
    band = flux_band(power_law, "source", pivot * np.array([1 / 3, 1.0, 3.0]) * u.TeV)
    width = np.log(band.upper / band.lower)
    assert width.argmin() == 1
    assert width[0] == pytest.approx(width[2], rel=1e-6)
    index_error = power_law.error("*.index")
    expected = 2 * np.sqrt((width[1] / 2) ** 2 + (index_error * np.log(3)) ** 2)
    assert width[2] == pytest.approx(expected, rel=1e-6)
    assert band.quantities[0].unit == u.TeV
    assert "dnde" in str(band)


def test_index_at_an_energy(curved):
    """Alpha + 2 beta ln(E / E0), with its error."""
    energy = np.array([1.0, 5.0])
    found = spectral_index(curved, "source", energy)
    (alpha, beta), covariance = both(curved, ("*.alpha", "*.beta"))
    log = np.log(energy)
    np.testing.assert_allclose(found.value, alpha + 2 * beta * log, rtol=1e-9)
    slope = np.stack([np.ones(2), 2 * log])
    variance = np.einsum("ie,ij,je->e", slope, covariance, slope)
    np.testing.assert_allclose(found.error, np.sqrt(variance), rtol=1e-8)


def test_peak_energy(curved):
    """E0 exp((2 - alpha) / (2 beta)), with its error."""
    found = peak_energy(curved, "source")
    (alpha, beta), covariance = both(curved, ("*.alpha", "*.beta"))
    peak = np.exp((2 - alpha) / (2 * beta))
    assert float(found.value) == pytest.approx(peak, rel=1e-9)
    slope = peak * np.array([-0.5 / beta, -(2 - alpha) / (2 * beta**2)])
    assert float(found.error) == pytest.approx(np.sqrt(slope @ covariance @ slope), rel=1e-6)
    with pytest.raises(ValueError, match="no maximum"):
        peak_energy(curved, "source", 5 * u.TeV, 50 * u.TeV)


def test_posterior(posterior):
    draws = photon_flux(posterior, "spot", 1.0, 10.0).draws
    index, amplitude = (posterior.draws(f"spot.spectral.{n}") for n in ("index", "amplitude"))
    expected = amplitude * (1 - 10 ** (1 - index)) / (index - 1)
    np.testing.assert_allclose(draws, expected, rtol=1e-9)
    band = flux_band(posterior, "spot", [1.0, 3.0])
    assert (band.lower < band.dnde).all()
    assert (band.dnde < band.upper).all()
    assert np.isnan(peak_energy(posterior, "spot", 1.0, 10.0).draws).all()
