"""Models with tables among their fields, and with tuples of parameters, fit like any other."""

from __future__ import annotations

import numpy as np

from gjax.infer import fit
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PiecewiseNorm, PowerLawNorm, Template
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.simulate import fake

ENERGY = np.geomspace(0.1, 30.0, 12)


def sources(norm: float, sizes: tuple[float, float, float]) -> Models:
    """Make two sources with tables that are stacked, and a background in three pieces."""
    table = Template(ENERGY, 2e-11 * ENERGY**-2.2)
    steep = Template(ENERGY, 2e-11 * ENERGY**-3.0)
    return Models.create(
        [
            ("first", SkyModel(table * PowerLawNorm(norm=norm), Point(83.42, 21.9))),
            ("second", SkyModel(steep * PowerLawNorm(norm=norm), Point(83.8, 22.1))),
            ("fixed", SkyModel(steep, Point(83.2, 22.3))),
            FoVBackground("field", PiecewiseNorm([0.3, 0.6, 1.2], sizes)),
        ]
    )


def test_tables_are_fitted(field):
    truth = sources(1.0, (1.1, 0.9, 1.2))
    data = fake(field, npred(field, truth), seed=2)
    start = sources(0.7, (1.0, 1.0, 1.0))
    # The table alone has no spectral parameter, but its place is free.
    parameters = Parameters.from_models(start)
    result = fit([data], start, parameters)
    assert result.success, result.message
    free = list(parameters.free)
    values = [Parameters.from_models(models).values[free] for models in (result.models, truth)]
    pulls = (values[0] - values[1]) / np.sqrt(np.diag(result.covariance))[free]
    assert len(pulls) == 11
    assert np.max(np.abs(pulls)) < 3.5
    names = [parameters.names[i] for i in free]
    assert [name for name in names if "norm_" in name] == [
        f"field-bkg.spectral.norm_{i}" for i in range(3)
    ]
