"""Estimators of a run: from their section of the configuration to files and result."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from gjax.cli.config import parse_config
from gjax.cli.estimators import (
    check_source,
    flux_points_entry,
    make_flux_points,
    wants_flux_points,
    write_products,
)
from gjax.cli.products import Products
from gjax.dataset import Dataset
from gjax.errors import ConfigError
from gjax.io.flux_points import read_flux_points
from gjax.io.results import to_plain
from gjax.maps import MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw
from gjax.predict import npred

NAME = "4FGL J0534.5+2201"
MODELS = Models.create(
    [(NAME, SkyModel(PowerLaw(2.0, 1e-11), Point(83.63, 22.01))), FoVBackground("toy")]
)


def section(**more):
    skydir = {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"}
    config = {"datasets": {"type": "3d", "geom": {"wcs": {"skydir": skydir}}}}
    energy = {"min": "100 GeV", "max": "10 TeV", "nbins": 2}
    return parse_config(
        config | {"flux_points": {"source": NAME, "energy": energy} | more}
    ).settings.flux_points


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    energy = MapAxis.from_energy_bounds(0.1, 10.0, 4)
    true = MapAxis.from_energy_bounds(0.1, 10.0, 4, name="energy_true")
    geom = WcsGeom.create((83.63, 22.01), 0.1, npix=(11, 11), proj="TAN")
    shape = (4, 11, 11)
    made = Dataset(
        "toy", geom, energy, true, exposure=np.full(shape, 1e13), background=np.full(shape, 0.1)
    )
    return dataclasses.replace(made, counts=npred(made, MODELS))


def test_energies_ask_for_flux_points():
    assert wants_flux_points(section())
    assert not wants_flux_points(type(section())())


def test_the_source_is_looked_for_among_sources():
    check_source(section(), MODELS)
    check_source(type(section())(source="nobody"), MODELS)  # not asked for
    for name in ("vela", "toy-bkg"):
        with pytest.raises(ConfigError, match=f"no source named '{name}'.* 4FGL J0534") as caught:
            check_source(section(source=name), MODELS)
        assert caught.value.key == "flux_points.source"


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, ("dnde", "dnde_err")),
        ({"selection_optional": None}, ("dnde", "dnde_err")),
        ({"selection_optional": "ul"}, ("dnde", "dnde_err", "dnde_ul")),
        (
            {"selection_optional": ["errn-errp", "ul"]},
            ("dnde", "dnde_err", "dnde_errn", "dnde_errp", "dnde_ul"),
        ),
    ],
)
def test_what_is_selected_is_estimated(dataset, parameters, names):
    points = make_flux_points(section(parameters=parameters), [dataset], MODELS)
    assert points.names() == names
    assert points.norm_scan is None
    np.testing.assert_allclose(points.norm, 1.0, rtol=1e-8)
    np.testing.assert_allclose(points.e_ref, np.sqrt([0.1, 10.0]))


def test_the_default_is_everything(dataset):
    points = make_flux_points(section(), [dataset], MODELS)
    assert len(points.names()) == 5
    assert points.stat_scan.shape == (2, 11)


def test_widths_are_taken(dataset):
    wide = section(parameters={"n_sigma": 2, "n_sigma_ul": 3, "selection_optional": "all"})
    points = make_flux_points(wide, [dataset], MODELS)
    narrow = make_flux_points(section(), [dataset], MODELS)
    np.testing.assert_allclose(points.norm_err, 2 * narrow.norm_err)
    assert (points.norm_ul > narrow.norm_ul).all()


def test_products_and_entry(dataset, tmp_path):
    points = make_flux_points(section(), [dataset], MODELS)
    products = Products(tmp_path)
    write_products(points, products)
    assert products.names == [
        "flux_points-4FGL_J0534.5+2201.fits",
        "flux_points-4FGL_J0534.5+2201.ecsv",
    ]
    assert read_flux_points(products.files[0]).source == NAME
    with pytest.raises(ConfigError, match="products already"):
        Products(tmp_path)
    entry = json.loads(json.dumps(to_plain(flux_points_entry(points)), allow_nan=False))
    assert entry["dnde"] == pytest.approx(points.dnde.value)
    assert entry["is_ul"] == [False, False]
    assert len(entry["sqrt_ts"]) == 2
