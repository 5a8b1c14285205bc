"""A small observation with every kind of response, for tests that read and write files."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.events import GTI, EventList, Observation, Pointing
from gjax.irf import (
    Background2D,
    Background3D,
    EffectiveArea,
    EnergyDispersion,
    PSF3Gauss,
    PSFKing,
    PSFTable,
    RadMax,
    Table,
)
from gjax.irf.background import BACKGROUND_FLOOR
from gjax.maps.axis import MapAxis

REFERENCE = 51910.000742870370370241


def _responses() -> dict:
    rng = np.random.default_rng(5)
    true = MapAxis.from_energy_bounds(0.1, 100, 5, name="energy_true")
    energy = MapAxis.from_energy_bounds(0.2, 50, 4)
    offset = MapAxis.from_edges([0.0, 1.0, 2.5], "offset")
    rad = MapAxis.from_edges(np.linspace(0, 0.6, 8), "rad")
    migra = MapAxis.from_edges(np.linspace(0.2, 5, 7), "migra")
    lon = MapAxis.from_edges(np.linspace(-2, 2, 7), "fov_lon")
    lat = MapAxis.from_edges(np.linspace(-2, 2, 6), "fov_lat")
    unit = "TeV-1 s-1 sr-1"
    parameters = {
        name: 0.01 + rng.random((5, 2))
        for name in ("sigma_1", "sigma_2", "sigma_3", "scale", "ampl_2", "ampl_3")
    }
    return {
        "aeff": EffectiveArea(
            Table(1e9 * rng.random((5, 2)), (true, offset), "cm2"), energy_min=0.3, energy_max=60.0
        ),
        "edisp": EnergyDispersion(Table(rng.random((5, 6, 2)), (true, migra, offset))),
        "psf": PSFTable(Table(1e4 * rng.random((5, 2, 7)), (true, offset, rad), "sr-1")),
        "bkg": Background3D(
            Table(rng.random((4, 6, 5)), (energy, lon, lat), unit, "log", BACKGROUND_FLOOR)
        ),
        "psf_3gauss": PSF3Gauss(**parameters, energy_true=true, offset=offset),
        "psf_king": PSFKing(1.5 + rng.random((5, 2)), 0.1 * rng.random((5, 2)), true, offset),
        "bkg_2d": Background2D(
            Table(rng.random((4, 2)), (energy, offset), unit, "log", BACKGROUND_FLOOR)
        ),
        "rad_max": RadMax(Table(0.1 + rng.random((4, 2)), (energy, offset), "deg")),
    }


@pytest.fixture(scope="session")
def responses() -> dict:
    """One response of every kind."""
    return _responses()


@pytest.fixture(scope="session")
def observation(responses) -> Observation:
    """Make an observation of 40 events in two intervals, with four responses."""
    rng = np.random.default_rng(6)
    start = 103665036.0
    return Observation(
        obs_id=42,
        gti=GTI([start, start + 900.0], [start + 600.0, start + 1500.0], REFERENCE),
        pointing=Pointing(83.63, 22.51, 60.0, 170.0, location=(16.5, -23.27, 1835.0)),
        events=EventList(
            energy=0.5 + rng.random(40),
            lon=83.6 + rng.random(40),
            lat=22.0 + rng.random(40),
            time=start + 500 * rng.random(40),
            event_id=np.arange(40) + 10**12,
            reference=REFERENCE,
        ),
        aeff=responses["aeff"],
        edisp=responses["edisp"],
        psf=responses["psf"],
        bkg=responses["bkg"],
        deadtime_fraction=0.07,
        meta=(
            ("telescop", "TEST"),
            ("instrume", "ONE"),
            ("object", "Crab"),
            ("obs_mode", "WOBBLE"),
        ),
    )
