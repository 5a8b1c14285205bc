"""Flux points in memory: their reference spectrum, limits, and the way from and to a dataset."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.dataset.flux_points import FluxPointsDataset
from gjax.errors import UnknownNameError
from gjax.estimate.points import FluxPoints, of_dataset, with_reference
from gjax.model.spectral import PowerLaw

LOW, HIGH = np.array([1.0, 3.0]), np.array([3.0, 10.0])
ASSUMED = PowerLaw(index=2.0, amplitude=1e-12)


@pytest.fixture
def points() -> FluxPoints:
    center = np.sqrt(LOW * HIGH)
    return FluxPoints(
        source="crab",
        e_ref=center,
        e_min=LOW,
        e_max=HIGH,
        ref_dnde=np.asarray(ASSUMED(center)),
        ref_flux=np.asarray(ASSUMED.integral(LOW, HIGH)),
        ref_eflux=np.asarray(ASSUMED.energy_flux(LOW, HIGH)),
        norm=np.array([2.0, 0.5]),
        norm_err=np.array([0.2, 0.4]),
        norm_ul=np.array([2.4, 1.3]),
        stat=np.array([10.0, 10.0]),
        stat_null=np.array([110.0, 11.5]),
        norm_scan=np.linspace(0.0, 4.0, 5),
        stat_scan=np.array([10.0, 10.0])[:, None] + (np.linspace(-2, 2, 5) / 0.2) ** 2,
        n_sigma_ul=3.0,
    )


@pytest.mark.parametrize("keep", ["dnde", "e2dnde", "flux", "eflux"])
def test_another_reference_keeps_what_was_measured(points, keep):
    steep = PowerLaw(index=3.5, amplitude=2e-12)
    other = with_reference(points, steep, keep)
    for name in points.names(keep):
        np.testing.assert_allclose(other.column(name).value, points.column(name).value)
    np.testing.assert_allclose(other.ref_flux, steep.integral(LOW, HIGH))
    # The fluxes at which profiles were scanned are the same, too.
    kind = "ref_dnde" if keep == "e2dnde" else f"ref_{keep}"
    before = points.norm_scan * getattr(points, kind)[:, None]
    np.testing.assert_allclose(other.norm_scan * getattr(other, kind)[:, None], before)
    if keep == "flux":
        ratio = other.dnde / points.dnde
        shape = np.asarray(steep(points.e_ref) / steep.integral(LOW, HIGH))
        assumed = points.ref_dnde / points.ref_flux
        np.testing.assert_allclose(ratio.value, shape / assumed)


def test_unknown_kinds_are_refused(points):
    with pytest.raises(UnknownNameError, match="'norm'; there are: dnde, flux, eflux, e2dnde"):
        with_reference(points, ASSUMED, "norm")


def test_sign_of_the_significance_is_that_of_the_norm(points):
    negative = dataclasses.replace(points, norm=np.array([-2.0, np.nan]))
    np.testing.assert_allclose(points.sqrt_ts, [10.0, np.sqrt(1.5)])
    np.testing.assert_allclose(negative.sqrt_ts, [-10.0, -np.sqrt(1.5)])
    assert points.is_ul.tolist() == [False, True]


def test_a_dataset_gives_its_points_back(points):
    dataset = FluxPointsDataset.from_flux_points(points, stat_type="distrib")
    again = of_dataset(dataset)
    for name in ("norm", "norm_err", "norm_ul", "e_min", "ref_dnde", "ref_flux", "stat_scan"):
        np.testing.assert_allclose(getattr(again, name), getattr(points, name), err_msg=name)
    assert again.source == "crab"
    assert again.n_sigma_ul == 3.0
    assert again.is_ul.tolist() == [False, True]


def test_a_dataset_without_reference_refers_to_a_power_law():
    bare = of_dataset(FluxPointsDataset("a", np.array([2.0]), np.array([1e-12])))
    np.testing.assert_allclose(bare.dnde.value, 1e-12)
    np.testing.assert_allclose(bare.norm, 4.0)
    assert bare.sed_type == "dnde"
