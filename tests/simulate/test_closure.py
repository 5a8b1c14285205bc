"""Simulated events, reduced, are what the forward folding predicts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chi2

from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom
from gjax.model import Models, SkyModel
from gjax.model.spatial import Gaussian, Point
from gjax.model.spectral import PowerLaw
from gjax.predict import npred
from gjax.reduce.counts import counts_cube
from gjax.reduce.pipeline import reduce_map_dataset
from gjax.simulate import cta_like, observation, simulate_events


@pytest.mark.parametrize(
    "spatial",
    [
        Point(lon_0=83.63, lat_0=22.01),
        Gaussian(lon_0=184.56, lat_0=-5.78, sigma=0.2, e=0.7, phi=40.0, frame="galactic"),
    ],
)
def test_events_fill_the_prediction(spatial):
    models = Models.create({"source": SkyModel(PowerLaw(index=2.3, amplitude=1e-11), spatial)})
    plan = observation(cta_like(), (83.63, 22.5), "1 h")
    geom = WcsGeom.create((83.63, 22.01), binsz=0.05, width=(2.5, 2.5), proj="TAN")
    energy = MapAxis.from_energy_bounds(0.3, 10.0, 6)
    # Fine true energies: the response is taken at the centres of their bins.
    energy_true = MapAxis.from_energy_bounds(0.15, 25.0, 60, name="energy_true")
    counts, seeds = np.zeros((6, *geom.shape)), range(6)
    for seed in seeds:
        observed = simulate_events(plan, models, seed)
        counts += counts_cube(observed.events, geom, energy)
    dataset = reduce_map_dataset(observed, geom, energy, energy_true, binsize_irf=0.5)
    expected = len(seeds) * npred(dataset, models)
    radius = geom.separation(83.63, 22.01)
    edges = (0.0, 0.1, 0.2, 0.35, 0.6, 1.0)
    rings = [(radius >= a) & (radius < b) for a, b in pairwise(edges)]
    seen, mean = (
        np.stack([cube[:, ring].sum(axis=1) for ring in rings]) for cube in (counts, expected)
    )
    for axis in (0, 1):
        n, mu = seen.sum(axis=axis), mean.sum(axis=axis)
        assert chi2.sf(((n - mu) ** 2 / mu).sum(), n.size) > 1e-3
