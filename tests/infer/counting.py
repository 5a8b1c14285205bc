"""Problems with known answers: one bin of counts, and flux points with normal errors."""

from __future__ import annotations

import numpy as np

from gjax.dataset import Dataset, FluxPointsDataset
from gjax.infer.fit import fit
from gjax.infer.result import FitResult
from gjax.maps import MapAxis, RegionGeom
from gjax.model import Models, SkyModel
from gjax.model.spectral import PowerLaw
from gjax.parameters import Parameters

#: Counts per flux unit: the amplitude counts in 1e-12.
EXPOSURE = 1e12


def counting(
    counts: float, background: float, *, frozen: float | None = None, **bounds: float
) -> FitResult:
    """Fit n counts over a known background with mu = background + s, s in units of 1e-12.

    The spectrum is flat from 1 to 2 TeV, so that the amplitude times 1e12 is the signal.
    """
    energy = MapAxis.from_edges([1.0, 2.0], "energy", "TeV", "log")
    true = MapAxis.from_edges([1.0, 2.0], "energy_true", "TeV", "log")
    cube = np.ones((1, 1, 1))
    dataset = Dataset(
        "counter",
        RegionGeom.circle(83.63, 22.01, 0.1),
        energy,
        true,
        exposure=EXPOSURE * cube,
        counts=counts * cube,
        background=background * cube,
    )
    models = Models.create([("source", SkyModel(PowerLaw(0.0, 3e-12)))])
    table = Parameters.from_models(models).freeze("*.index")
    if bounds:
        table = table.bound("*.amplitude", **bounds)
    if frozen is not None:
        table = table.update({"*.amplitude": frozen}).freeze("*.amplitude")
    return fit(dataset, models, table, tolerance=1e-10)


def gaussian(*free: str) -> FitResult:
    """Fit a power law of index 2 to points with normal errors of 10%, scattered a little.

    With a frozen index, as by default, the problem is linear, so that all is known exactly.
    """
    energy = np.geomspace(0.5, 20.0, 7)
    truth = 1e-11 * energy**-2.0
    scatter = 1 + 0.1 * np.array([0.3, -1.2, 0.8, 0.1, -0.4, 1.5, -0.9])
    points = FluxPointsDataset.create("points", energy, truth * scatter, dnde_err=0.1 * truth)
    models = Models.create([("source", SkyModel(PowerLaw(2.0, 8e-12)))])
    table = Parameters.from_models(models).freeze("*.index")
    table = table.thaw(*free) if free else table
    return fit(points, models, table, tolerance=1e-10)
