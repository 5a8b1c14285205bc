"""Two small simulated problems, fitted and sampled once for all tests."""

from __future__ import annotations

import numpy as np
import pytest

from gjax.dataset import Dataset, FluxPointsDataset
from gjax.infer.fit import fit
from gjax.infer.objective import make_objective
from gjax.infer.result import FitResult
from gjax.infer.sample import sample_fit
from gjax.maps import MapAxis, WcsGeom
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.reduce.pipeline import reduce_map_dataset
from gjax.simulate import cta_like, fake, observation, simulate_events


def reduced(npix: int, nbin: int, name: str) -> Dataset:
    """Reduce an hour of an empty field."""
    empty = simulate_events(observation(cta_like(), (83.63, 22.5), "1 h"), None, 0)
    return reduce_map_dataset(
        empty,
        WcsGeom.create((83.63, 22.01), binsz=0.05, npix=(npix, npix), proj="TAN"),
        MapAxis.from_energy_bounds(0.3, 10.0, nbin),
        MapAxis.from_energy_bounds(0.2, 20.0, nbin + 2, name="energy_true"),
        binsize_irf=0.5,
        name=name,
    )


@pytest.fixture(scope="session")
def truth() -> Models:
    """Give the models of the field: a point, a Gaussian and the background."""
    return Models.create(
        [
            ("point", SkyModel(PowerLaw(2.3, 1e-11), Point(83.42, 21.9))),
            ("gauss", SkyModel(PowerLaw(2.0, 2e-11), Gaussian(83.9, 22.2, 0.2))),
            FoVBackground("field", PowerLawNorm(norm=1.1, tilt=0.05)),
        ]
    )


@pytest.fixture(scope="session")
def field(truth) -> Dataset:
    """Simulate the field: 40 x 40 pixels, six energies."""
    dataset = reduced(40, 6, "field")
    return fake(dataset, npred(dataset, truth), seed=1)


@pytest.fixture(scope="session")
def table(truth) -> Parameters:
    """Free the tilt of the background beside what is free anyway."""
    return Parameters.from_models(truth).thaw("*.tilt")


@pytest.fixture(scope="session")
def field_fit(field, truth, table) -> FitResult:
    """Fit the field from a start away from the truth."""
    start = table.update({"point.spectral.index": 2.6, "gauss.spectral.amplitude": 1e-11})
    return fit(field, truth, start)


@pytest.fixture(scope="session")
def objective(field, truth, table):
    """Make the statistic of the field at the true values."""
    return make_objective(field, truth, table)


@pytest.fixture(scope="session")
def spot_truth() -> Models:
    """Give one point source and the background."""
    return Models.create(
        [
            ("spot", SkyModel(PowerLaw(2.2, 5e-12), Point(83.63, 22.01))),
            FoVBackground("spot", PowerLawNorm()),
        ]
    )


@pytest.fixture(scope="session")
def spot_expected(spot_truth) -> Dataset:
    """Put the expectation of a single source as the counts: 16 x 16 pixels, three energies."""
    dataset = reduced(16, 3, "spot")
    return fake(dataset, npred(dataset, spot_truth))


@pytest.fixture(scope="session")
def spot_table(spot_truth) -> Parameters:
    """Free the spectrum and the norm; the source stays in its place."""
    return Parameters.from_models(spot_truth).freeze("spot.spatial.*")


@pytest.fixture(scope="session")
def spot(spot_expected) -> Dataset:
    """Simulate the single source."""
    return fake(spot_expected, spot_expected.counts, seed=2)


@pytest.fixture(scope="session")
def spot_fit(spot, spot_truth, spot_table) -> FitResult:
    """Fit the single source."""
    return fit(spot, spot_truth, spot_table)


@pytest.fixture(scope="session")
def linear_fit() -> FitResult:
    """Fit two amplitudes to flux points with normal errors: a posterior that is a Gaussian."""
    energy = np.geomspace(0.5, 20.0, 8)
    dnde = 2e-12 * energy**-2.0 + 4e-12 * energy**-3.0
    points = FluxPointsDataset(
        "points", energy, dnde * (1 + 0.05 * np.cos(3 * energy)), dnde_err=0.1 * dnde
    )
    models = Models.create(
        {"flat": SkyModel(PowerLaw(2.0, 2e-12)), "steep": SkyModel(PowerLaw(3.0, 4e-12))}
    )
    return fit(points, models, Parameters.from_models(models).freeze("*.index"))


@pytest.fixture(scope="session")
def posterior(spot_fit):
    """Sample the posterior of the single source."""
    return sample_fit(spot_fit, chains=4, warmup=150, samples=400, seed=5)


def free_errors(result: FitResult) -> np.ndarray:
    """Give the errors of the free coordinates' values."""
    return result.errors[list(result.parameters.free)]
