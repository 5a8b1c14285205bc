"""Spectral models: dN/dE in cm-2 s-1 TeV-1 of an energy in TeV.

A model is a final class with ``param`` fields and one method; ``+``, ``-`` and ``*`` compose
models. The names, defaults and frozen flags are Gammapy's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.model.spectral.abstract import AbstractQuadrature as AbstractQuadrature
    from gjax.model.spectral.abstract import AbstractSpectral as AbstractSpectral
    from gjax.model.spectral.abstract import Difference as Difference
    from gjax.model.spectral.abstract import Product as Product
    from gjax.model.spectral.abstract import Scale as Scale
    from gjax.model.spectral.abstract import Sum as Sum
    from gjax.model.spectral.broken import BrokenPowerLaw as BrokenPowerLaw
    from gjax.model.spectral.broken import SmoothBrokenPowerLaw as SmoothBrokenPowerLaw
    from gjax.model.spectral.crab import MeyerCrab as MeyerCrab
    from gjax.model.spectral.crab import create_crab_spectral_model as create_crab_spectral_model
    from gjax.model.spectral.curved import LogParabola as LogParabola
    from gjax.model.spectral.curved import LogParabola2 as LogParabola2
    from gjax.model.spectral.curved import LogParabolaNorm as LogParabolaNorm
    from gjax.model.spectral.cutoff import ExpCutoffPowerLaw as ExpCutoffPowerLaw
    from gjax.model.spectral.cutoff import ExpCutoffPowerLaw3FGL as ExpCutoffPowerLaw3FGL
    from gjax.model.spectral.cutoff import ExpCutoffPowerLawNorm as ExpCutoffPowerLawNorm
    from gjax.model.spectral.ebl import EBLAbsorptionNorm as EBLAbsorptionNorm
    from gjax.model.spectral.line import GaussianLine as GaussianLine
    from gjax.model.spectral.piecewise import PiecewiseNorm as PiecewiseNorm
    from gjax.model.spectral.power_law import Constant as Constant
    from gjax.model.spectral.power_law import PowerLaw as PowerLaw
    from gjax.model.spectral.power_law import PowerLaw2 as PowerLaw2
    from gjax.model.spectral.power_law import PowerLawNorm as PowerLawNorm
    from gjax.model.spectral.pulsar import SuperExpCutoffPowerLaw3FGL as SuperExpCutoffPowerLaw3FGL
    from gjax.model.spectral.pulsar import SuperExpCutoffPowerLaw4FGL as SuperExpCutoffPowerLaw4FGL
    from gjax.model.spectral.pulsar import (
        SuperExpCutoffPowerLaw4FGLDR3 as SuperExpCutoffPowerLaw4FGLDR3,
    )
    from gjax.model.spectral.template import Template as Template
    from gjax.model.spectral.template import TemplateND as TemplateND

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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.model.spectral.abstract": (
            "AbstractQuadrature",
            "AbstractSpectral",
            "Difference",
            "Product",
            "Scale",
            "Sum",
        ),
        "gjax.model.spectral.broken": ("BrokenPowerLaw", "SmoothBrokenPowerLaw"),
        "gjax.model.spectral.crab": ("MeyerCrab", "create_crab_spectral_model"),
        "gjax.model.spectral.curved": ("LogParabola", "LogParabola2", "LogParabolaNorm"),
        "gjax.model.spectral.cutoff": (
            "ExpCutoffPowerLaw",
            "ExpCutoffPowerLaw3FGL",
            "ExpCutoffPowerLawNorm",
        ),
        "gjax.model.spectral.ebl": ("EBLAbsorptionNorm",),
        "gjax.model.spectral.line": ("GaussianLine",),
        "gjax.model.spectral.piecewise": ("PiecewiseNorm",),
        "gjax.model.spectral.power_law": ("Constant", "PowerLaw", "PowerLaw2", "PowerLawNorm"),
        "gjax.model.spectral.pulsar": (
            "SuperExpCutoffPowerLaw3FGL",
            "SuperExpCutoffPowerLaw4FGL",
            "SuperExpCutoffPowerLaw4FGLDR3",
        ),
        "gjax.model.spectral.template": ("Template", "TemplateND"),
    },
)
