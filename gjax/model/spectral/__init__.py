"""Spectral models: dN/dE in cm-2 s-1 TeV-1 of an energy in TeV.

A model is a final class with ``param`` fields and one method; ``+`` and ``*`` compose models. The
names, defaults and frozen flags are Gammapy's.
"""

from __future__ import annotations

from gjax.model.spectral.abstract import (
    AbstractQuadrature,
    AbstractSpectral,
    Product,
    Sum,
)
from gjax.model.spectral.curved import ExpCutoffPowerLaw, LogParabola
from gjax.model.spectral.power_law import Constant, PowerLaw, PowerLawNorm

__all__ = [
    "AbstractQuadrature",
    "AbstractSpectral",
    "Constant",
    "ExpCutoffPowerLaw",
    "LogParabola",
    "PowerLaw",
    "PowerLawNorm",
    "Product",
    "Sum",
]
