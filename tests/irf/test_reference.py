"""Responses of real observations against Gammapy (tests/reference/make_irf.py writes its numbers).

Points lie inside the axes, between the outer centres and the edges, and outside.

Known differences, and their reasons:

- background: Gammapy takes logarithms in single precision, which costs it up to 2e-6;
- a King profile whose interpolated slope is below one has no norm: zero here, negative there.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from gjax.io.gadf import DataStore
from gjax.io.gadf.fits_file import FitsFile
from gjax.io.gadf.irf import read_irf
from gjax.irf.background import interpolate_missing
from gjax.maps.axis import MapAxis

REFERENCE = json.loads((Path(__file__).parent / "irf_reference.json").read_text())
PLACES = {"hess": ("hess-dl3-dr1", 23523), "cta": ("cta-1dc/index/gps", 110380)}
# A rate below this (TeV-1 s-1 sr-1) is no rate: less than one event in the age of the universe.
NOTHING = 1e-20


@pytest.fixture(scope="module", params=["hess", "cta"])
def case(request, gammapy_data):
    folder, obs_id = PLACES[request.param]
    return DataStore(gammapy_data / folder).observation(obs_id), REFERENCE[request.param]


@pytest.mark.parametrize(
    ("name", "rtol"), [("aeff", 1e-12), ("edisp", 1e-12), ("psf", 1e-12), ("bkg", 4e-6)]
)
def test_evaluate(case, name, rtol):
    observation, reference = case
    coords = {key: np.array(values) for key, values in reference[name]["coords"].items()}
    got = getattr(observation, name).evaluate(**coords)
    want = np.array(reference[name]["values"])
    assert (want > 0).sum() >= 20
    np.testing.assert_allclose(got, want, rtol=rtol, atol=NOTHING if name == "bkg" else 0)


def test_kernel(case):
    observation, reference = case
    energy = MapAxis.from_energy_bounds(0.5, 50, 8)
    energy_true = MapAxis.from_energy_bounds(0.3, 90, 10, name="energy_true")
    got = observation.edisp.kernel(0.7, energy_true, energy)
    np.testing.assert_allclose(got, reference["kernel"], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", ["integral", "integral_filled"])
def test_background_integral(case, name):
    observation, reference = case
    reference = reference[name]
    bkg = observation.bkg if name == "integral" else interpolate_missing(observation.bkg)
    got = bkg.integrate(reference["edges"], reference["fov_lon"], reference["fov_lat"])
    np.testing.assert_allclose(got, reference["values"], rtol=4e-6, atol=NOTHING)


def test_observation(case):
    observation, reference = case
    assert observation.livetime == pytest.approx(reference["livetime"], rel=1e-12)
    assert observation.ontime == pytest.approx(reference["ontime"], rel=1e-12)
    assert len(observation.events) == reference["n_events"]
    assert observation.events.energy.sum() == pytest.approx(reference["energy_sum"], rel=1e-12)
    assert [observation.pointing.lon, observation.pointing.lat] == pytest.approx(
        reference["pointing"], abs=1e-12
    )
    assert observation.gti.time_start[0].mjd == pytest.approx(reference["tstart_mjd_tt"], abs=1e-10)


def test_king(gammapy_data):
    file = FitsFile(gammapy_data / "tests/hess_psf_king_023523.fits.gz")
    psf = read_irf(file.table(1), "psf_king")
    coords = {key: np.array(values) for key, values in REFERENCE["king"]["coords"].items()}
    want = np.array(REFERENCE["king"]["values"])
    np.testing.assert_allclose(psf.evaluate(**coords), np.maximum(want, 0.0), rtol=1e-12)


def test_the_peer_is_recorded():
    assert REFERENCE["gammapy"].startswith("2.1")
