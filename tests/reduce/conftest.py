"""An observation with responses that have closed forms."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gjax.events.event_list import EventList
from gjax.events.gti import GTI
from gjax.events.observation import Observation
from gjax.events.pointing import Pointing
from gjax.irf.aeff import EffectiveArea
from gjax.irf.background import Background3D
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import PSF3Gauss
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom

LON, LAT = 83.63, 22.01
ONTIME, LIVETIME = 1500.0, 1350.0
# rate = AMPLITUDE (E / TeV)^-INDEX exp(SLOPE fov_lon) in TeV-1 s-1 sr-1
AMPLITUDE, INDEX, SLOPE = 3.0, 2.7, 0.3
MIGRA_WIDTH = 0.15


class Truth:
    """The closed forms behind the responses."""

    lon, lat = LON, LAT
    ontime, livetime = ONTIME, LIVETIME
    amplitude, index, slope = AMPLITUDE, INDEX, SLOPE
    migra_width = MIGRA_WIDTH

    @staticmethod
    def area(offset):
        """Effective area in cm2 at an offset in deg."""
        return 1e9 * (1 - 0.2 * offset)

    @staticmethod
    def psf_width(offset):
        """Width of the PSF in deg at an offset in deg."""
        return 0.06 + 0.02 * offset


@pytest.fixture(scope="session")
def truth() -> type[Truth]:
    return Truth


@pytest.fixture(scope="session")
def energy() -> MapAxis:
    return MapAxis.from_energy_bounds(0.5, 20.0, 4)


@pytest.fixture(scope="session")
def energy_true() -> MapAxis:
    return MapAxis.from_energy_bounds(0.3, 40.0, 6, name="energy_true")


@pytest.fixture(scope="session")
def geom() -> WcsGeom:
    return WcsGeom.create((LON, LAT), 0.1, (4.0, 3.0), proj="TAN")


def _irfs() -> dict:
    e_true = MapAxis.from_energy_bounds(0.1, 100.0, 9, name="energy_true")
    offset = MapAxis.from_edges(np.linspace(0, 5, 6), "offset", "deg")
    migra = MapAxis.from_edges(np.linspace(0, 3, 121), "migra")
    e_bkg = MapAxis.from_energy_bounds(0.1, 100.0, 9)
    lon = MapAxis.from_edges(np.linspace(-5, 5, 11), "fov_lon", "deg")
    lat = MapAxis.from_edges(np.linspace(-5, 5, 11), "fov_lat", "deg")
    ones = np.ones((e_true.nbin, offset.nbin))
    profile = np.exp(-0.5 * ((migra.center - 1) / MIGRA_WIDTH) ** 2)
    rate = AMPLITUDE * e_bkg.center[:, None, None] ** -INDEX * np.exp(SLOPE * lon.center[:, None])
    return {
        "aeff": EffectiveArea(
            Table(ones * Truth.area(offset.center), (e_true, offset), "cm2"),
            energy_min=0.6,
            energy_max=15.0,
        ),
        "edisp": EnergyDispersion(
            Table(ones[:, None] * profile[:, None], (e_true, migra, offset), "")
        ),
        "psf": PSF3Gauss(
            ones * Truth.psf_width(offset.center),
            0 * ones,
            0 * ones,
            ones,
            0 * ones,
            0 * ones,
            e_true,
            offset,
        ),
        "bkg": Background3D(
            Table(
                np.broadcast_to(rate, (e_bkg.nbin, 10, 10)),
                (e_bkg, lon, lat),
                "TeV-1 s-1 sr-1",
                "log",
            )
        ),
    }


@pytest.fixture(scope="session")
def observation(geom) -> Observation:
    """Two intervals (600 s and 900 s), ten percent dead time, 500 events in the map."""
    rng = np.random.default_rng(11)
    x, y = rng.uniform(-0.49, np.array(geom.npix)[:, None] - 0.51, (2, 500))
    lon, lat = geom.pix_to_coord(x, y)
    events = EventList(
        rng.uniform(0.6, 19.0, 500), lon, lat, rng.uniform(0, 600, 500), np.arange(500), 53343.9
    )
    return Observation(
        obs_id=7,
        gti=GTI([0.0, 1000.0], [600.0, 1900.0], 53343.9),
        pointing=Pointing(LON, LAT, location=(16.5, -23.27, 1835.0)),
        events=events,
        deadtime_fraction=0.1,
        meta=(("telescop", "TEST"), ("instrume", "CAM")),
        **_irfs(),
    )


@pytest.fixture(scope="session")
def reference() -> dict:
    """Numbers of Gammapy, written by ``tests/reference/make_reduction.py``."""
    folder = Path(__file__).parents[1] / "reference" / "data"
    with np.load(folder / "reduction.npz") as arrays:
        values = dict(arrays)
    return values | json.loads((folder / "reduction.json").read_text())
