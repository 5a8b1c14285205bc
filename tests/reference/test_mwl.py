"""Fermi-LAT maps, a H.E.S.S. spectrum and HAWC in one fit of the Crab Nebula, against Gammapy."""

from __future__ import annotations

import pytest

import gjax
from gjax.io import read_datasets, read_flux_points_dataset, read_ogip
from gjax.parameters import Parameters
from gjax.predict import info_table


@pytest.fixture(scope="module")
def fermi(gammapy_data):
    return read_datasets(gammapy_data / "fermi-3fhl-crab" / "Fermi-LAT-3FHL_datasets.yaml")


@pytest.fixture(scope="module")
def hess(gammapy_data):
    folder = gammapy_data / "joint-crab" / "spectra" / "hess"
    return gjax.stack([read_ogip(folder / f"pha_obs{i}.fits") for i in (23523, 23526)], "HESS")


@pytest.fixture(scope="module")
def points(gammapy_data):
    path = gammapy_data / "hawc" / "crab_flux" / "HAWC19_flux_points.fits"
    return read_flux_points_dataset(path, "HAWC")


def _by_name(rows):
    return {row["name"]: row for row in rows}


def test_spectrum_and_points_are_those_of_gammapy(hess, points, crab_models, instruments):
    expected = _by_name(instruments["mwl_points"]["rereferenced"]["before"])
    crab = crab_models[0].for_dataset("HESS")
    table = info_table(hess, crab)
    # Gammapy integrates the spectrum over bins with a trapezoidal rule.
    for column, tolerance in (("npred", 1e-5), ("npred_signal", 1e-5), ("stat", 2e-5)):
        (found,) = table["stat_sum" if column == "stat" else column]
        assert found == pytest.approx(expected["HESS"][column], rel=tolerance), column
    stat = points.stat_array(points.predict(crab["Crab Nebula"].spectral))
    assert float(stat.sum()) == pytest.approx(expected["HAWC"]["stat"], rel=1e-9)


@pytest.mark.slow
def test_flux_points_join_maps_and_spectra(
    fermi, hess, points, crab_models, instruments, check_fit
):
    expected = instruments["mwl_points"]["rereferenced"]
    fit = gjax.fit(fermi.append(hess, points), *crab_models)
    check_fit(fit, expected, within=0.3, errors=0.02)
    after = _by_name(expected["after"])
    for name in ("HESS", "HAWC"):
        assert fit.stat_datasets[name] == pytest.approx(after[name]["stat"], abs=0.2)


@pytest.mark.slow
def test_maps_of_three_instruments(
    fermi, hess, gammapy_data, crab_models, instruments, check_fit, with_backgrounds
):
    hawc = read_datasets(gammapy_data / "hawc" / "DL4" / "HAWC_pass4_public_Crab.yaml")
    models = with_backgrounds(crab_models[0], hawc)
    table = Parameters.from_models(models).freeze("Crab Nebula.spatial.*")
    fit = gjax.fit(fermi.append(hess, *hawc), models, table)
    check_fit(fit, instruments["mwl_maps"]["rereferenced"], within=0.3, errors=0.02)
