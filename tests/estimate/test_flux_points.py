"""Flux points of datasets whose fluxes are known, and of the Crab Nebula."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq

from gjax.errors import UnknownNameError
from gjax.estimate import estimate_flux_points
from gjax.model import FoVBackground, Models, ResponseModifier, SkyModel
from gjax.model.spectral import PowerLawNorm
from gjax.predict import npred

EDGES = [0.1, 1.0, 10.0]


@pytest.fixture(scope="module")
def asimov(make_dataset, models):
    """Give a dataset whose counts are the prediction."""
    dataset = make_dataset()
    return dataclasses.replace(dataset, counts=npred(dataset, models))


@pytest.fixture(scope="module")
def points(asimov, models):
    return estimate_flux_points(asimov, models, "crab", EDGES, selection="all")


def test_asimov_data_give_the_spectrum_back(points, spectrum):
    np.testing.assert_allclose(points.norm, 1.0, rtol=1e-9)
    centers = np.sqrt([0.1, 10.0])
    np.testing.assert_allclose(points.e_ref, centers)
    np.testing.assert_allclose(points.dnde.value, 1e-11 * centers**-2.2)
    assert points.dnde.unit == "cm-2 s-1 TeV-1"
    np.testing.assert_allclose(points.e2dnde.to_value("TeV cm-2 s-1"), 1e-11 * centers**-0.2)
    flux = [(10**1.2 - 1) / 1.2 * 1e-11, (1 - 10**-1.2) / 1.2 * 1e-11]
    np.testing.assert_allclose(points.flux.to_value("cm-2 s-1"), flux)
    eflux = [(10**0.2 - 1) / 0.2 * 1e-11, (1 - 10**-0.2) / 0.2 * 1e-11]
    np.testing.assert_allclose(points.eflux.to_value("TeV cm-2 s-1"), eflux)
    assert points.success.all()
    assert not points.is_ul.any()


def test_asimov_significance_and_error(asimov, models, points):
    total = npred(asimov, models)
    background = np.full(asimov.shape, 0.8 * 0.02)
    signal = total - background
    ts = 2 * (total * np.log(total / background) - signal)
    fisher = signal**2 / total
    for i, part in enumerate((slice(0, 4), slice(4, 8))):
        assert points.ts[i] == pytest.approx(ts[part].sum(), rel=1e-9)
        assert points.sqrt_ts[i] == pytest.approx(np.sqrt(ts[part].sum()), rel=1e-9)
        assert points.norm_err[i] == pytest.approx(fisher[part].sum() ** -0.5, rel=1e-9)
        assert points.npred[i, 0] == pytest.approx(total[part].sum())
        assert points.npred_excess[i, 0] == pytest.approx(signal[part].sum())
        assert points.counts[i, 0] == pytest.approx(total[part].sum())


def test_limits_are_where_the_statistic_has_risen(asimov, models, points):
    total = npred(asimov, models)[4:]
    background = np.full(total.shape, 0.8 * 0.02)

    def rise(x: float, wanted: float) -> float:
        mu = x * (total - background) + background
        return 2 * np.sum(mu - total - total * np.log(mu / total)) - wanted

    up = brentq(rise, 1, 3, args=(1.0,))
    down = brentq(rise, 0, 1, args=(1.0,))
    limit = brentq(rise, 1, 3, args=(4.0,))
    assert points.norm_errp[1] == pytest.approx(up - 1, rel=1e-7)
    assert points.norm_errn[1] == pytest.approx(1 - down, rel=1e-7)
    assert points.norm_ul[1] == pytest.approx(limit, rel=1e-7)
    three = estimate_flux_points(asimov, models, "crab", EDGES, n_sigma=2, n_sigma_ul=3)
    assert three.norm_err[1] == pytest.approx(2 * points.norm_err[1])
    assert three.norm_ul[1] == pytest.approx(brentq(rise, 1, 3, args=(9.0,)), rel=1e-7)
    assert three.n_sigma_ul == 3


def test_scan_is_the_statistic(points):
    at_one = np.argmin(np.abs(points.norm_scan - 1))
    np.testing.assert_allclose(points.stat_scan[:, at_one], points.stat, rtol=1e-12)
    assert points.stat_scan.shape == (2, 11)
    assert (points.stat_scan >= points.stat[:, None] - 1e-9).all()


def test_only_what_is_asked_for_is_there(asimov, models):
    points = estimate_flux_points(asimov, models, "crab", EDGES, selection=())
    assert points.names("dnde") == ("dnde", "dnde_err")
    with pytest.raises(UnknownNameError, match="no column 'dnde_ul'"):
        points.column("dnde_ul")
    assert points.stat_scan is None


def test_too_few_counts_are_a_negative_flux_with_a_limit(make_dataset, models):
    # Nothing where the source is, background elsewhere.
    dataset = make_dataset(background=np.full((8, 21, 21), 1.0))
    counts = npred(dataset, models.replace("crab", _dimmed(models["crab"], -0.01)))
    dataset = dataclasses.replace(dataset, counts=counts)
    points = estimate_flux_points(dataset, models, "crab", EDGES)
    np.testing.assert_allclose(points.norm, -0.01, rtol=1e-6)
    assert (points.sqrt_ts < 0).all()
    assert points.is_ul.all()
    assert (points.column("dnde_ul") > points.dnde).all()
    assert np.isfinite(points.norm_err).all()


def _dimmed(source, factor):
    spectral = dataclasses.replace(source.spectral, amplitude=factor * source.spectral.amplitude)
    return dataclasses.replace(source, spectral=spectral)


def test_without_counts_there_is_still_a_limit(make_dataset, models):
    dataset = make_dataset(counts=np.zeros((8, 21, 21)), background=np.full((8, 21, 21), 1e-5))
    points = estimate_flux_points(dataset, models, "crab", EDGES)
    assert (points.norm <= 0).all()
    assert np.isfinite(points.norm_err).all()
    assert points.is_ul.all()
    # Two counts of source and background together; the latter are few.
    excess = npred(dataset, models).reshape(2, -1).sum(axis=1)
    np.testing.assert_allclose(points.norm_ul, 2.0 / excess, rtol=0.01)
    assert (points.norm_ul > 0).all()


def test_bands_without_bins_have_no_result(asimov, models):
    points = estimate_flux_points(asimov, models, "crab", [0.1, 1.0, 10.0, 30.0], selection="all")
    assert points.success.tolist() == [True, True, False]
    for name in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "stat", "ts", "npred"):
        assert np.isfinite(getattr(points, name)[:2]).all()
        assert np.isnan(getattr(points, name)[2]).all()
    none = estimate_flux_points(asimov, models, "crab", [20.0, 30.0])
    assert not none.success.any()


def test_datasets_are_joined(asimov, models, points):
    """Two halves of the counts, with half of the exposure each, are the whole."""
    halves = [
        dataclasses.replace(
            asimov,
            name=name,
            counts=asimov.counts / 2,
            exposure=asimov.exposure / 2,
            background=asimov.background * 0.4,
        )
        for name in ("one", "two")
    ]
    alone = type(models).create({"crab": models["crab"]})
    joint = estimate_flux_points(halves, alone, "crab", EDGES)
    np.testing.assert_allclose(joint.norm_err, points.norm_err, rtol=1e-9)
    np.testing.assert_allclose(joint.ts, points.ts, rtol=1e-9)
    assert joint.counts.shape == (2, 2)


def test_models_of_other_datasets_play_no_part(asimov, models, points):
    more = models.append("other-bkg", FoVBackground("other"))
    more = more.append("other-scale", ResponseModifier("other", energy=PowerLawNorm(norm=2.0)))
    again = estimate_flux_points(asimov, more, "crab", EDGES)
    np.testing.assert_allclose(again.norm, points.norm, rtol=1e-12)


def test_response_modifiers_act_as_in_the_fit(make_dataset, models):
    scales = ResponseModifier(
        "toy",
        aeff=PowerLawNorm(norm=0.9),
        energy=PowerLawNorm(norm=1.2),
        background=PowerLawNorm(tilt=1.0),
    )
    modified = models.append("scales", scales)
    dataset = make_dataset()
    seen = dataclasses.replace(dataset, counts=npred(dataset, modified))
    points = estimate_flux_points(seen, modified, "crab", EDGES)
    np.testing.assert_allclose(points.norm, 1.0, rtol=1e-9)
    without = estimate_flux_points(seen, models, "crab", EDGES)
    assert (without.norm > 1.05).all()


def test_measured_backgrounds_are_modified_too(onoff_spectrum, models):
    source = Models.create({"crab": SkyModel(models["crab"].spectral)})
    spectrum = onoff_spectrum("toy")
    half = source.append("scale", ResponseModifier("toy", background=PowerLawNorm(norm=0.5)))
    points = estimate_flux_points(spectrum, half, "crab", [0.5, 5.0, 50.0])
    by_hand = dataclasses.replace(spectrum, acceptance=0.5 * spectrum.acceptance)
    expected = estimate_flux_points(by_hand, source, "crab", [0.5, 5.0, 50.0])
    np.testing.assert_allclose(points.norm, expected.norm, rtol=1e-12)
    unscaled = estimate_flux_points(spectrum, source, "crab", [0.5, 5.0, 50.0])
    assert (points.norm > unscaled.norm).all()


def test_points_print_as_a_table(points, asimov, models):
    lines = str(points).splitlines()
    assert lines[0] == "Flux points of crab, dnde in cm-2 s-1 TeV-1"
    assert [float(value) for value in lines[2].split()][:2] == pytest.approx(
        [points.e_ref[0], points.dnde[0].value], rel=1e-3
    )
    bare = estimate_flux_points(asimov, models, "crab", EDGES, selection=())
    assert "nan" in str(bare)


def test_wrong_requests_are_refused(asimov, models):
    with pytest.raises(UnknownNameError, match="crap"):
        estimate_flux_points(asimov, models, "crap", EDGES)
    with pytest.raises(ValueError, match="background model"):
        estimate_flux_points(asimov, models, "toy-bkg", EDGES)
    with pytest.raises(ValueError, match="'sensitivity' cannot be estimated"):
        estimate_flux_points(asimov, models, "crab", EDGES, selection=("ul", "sensitivity"))
