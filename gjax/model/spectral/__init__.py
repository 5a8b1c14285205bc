"""Spectral models: dN/dE in cm-2 s-1 TeV-1 of an energy in TeV.

A model is a final class with ``param`` fields and one method; ``+``, ``-`` and ``*`` compose
models. The names, defaults and frozen flags are Gammapy's.
"""

from __future__ import annotations

from gjax.model.spectral.abstract import (
    AbstractQuadrature,
    AbstractSpectral,
    Difference,
    Product,
    Scale,
    Sum,
)
from gjax.model.spectral.broken import (
    BrokenPowerLaw,
    SmoothBrokenPowerLaw,
)
from gjax.model.spectral.crab import (
    MeyerCrab,
    create_crab_spectral_model,
)
from gjax.model.spectral.curved import (
    LogParabola,
    LogParabola2,
    LogParabolaNorm,
)
from gjax.model.spectral.cutoff import (
    ExpCutoffPowerLaw,
    ExpCutoffPowerLaw3FGL,
    ExpCutoffPowerLawNorm,
)
from gjax.model.spectral.ebl import (
    EBLAbsorptionNorm,
)
from gjax.model.spectral.line import (
    GaussianLine,
)
from gjax.model.spectral.piecewise import (
    PiecewiseNorm,
)
from gjax.model.spectral.power_law import (
    Constant,
    PowerLaw,
    PowerLaw2,
    PowerLawNorm,
)
from gjax.model.spectral.pulsar import (
    SuperExpCutoffPowerLaw3FGL,
    SuperExpCutoffPowerLaw4FGL,
    SuperExpCutoffPowerLaw4FGLDR3,
)
from gjax.model.spectral.template import (
    Template,
    TemplateND,
)

__all__ = [
    "AbstractQuadrature",
    "AbstractSpectral",
    "BrokenPowerLaw",
    "Constant",
    "Difference",
    "EBLAbsorptionNorm",
    "ExpCutoffPowerLaw",
    "ExpCutoffPowerLaw3FGL",
    "ExpCutoffPowerLawNorm",
    "GaussianLine",
    "LogParabola",
    "LogParabola2",
    "LogParabolaNorm",
    "MeyerCrab",
    "PiecewiseNorm",
    "PowerLaw",
    "PowerLaw2",
    "PowerLawNorm",
    "Product",
    "Scale",
    "SmoothBrokenPowerLaw",
    "Sum",
    "SuperExpCutoffPowerLaw3FGL",
    "SuperExpCutoffPowerLaw4FGL",
    "SuperExpCutoffPowerLaw4FGLDR3",
    "Template",
    "TemplateND",
    "create_crab_spectral_model",
]
