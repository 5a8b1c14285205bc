"""Spatial models: density in sr-1 of a direction in deg.

Each model has its centre in a static sky ``frame``. The names, defaults and frozen flags are
Gammapy's; the norms are those of the sphere for every shape and size.
"""

from __future__ import annotations

from gjax.model.spatial.abstract import AbstractSpatial
from gjax.model.spatial.constant import ConstantFlux, ConstantSpatial
from gjax.model.spatial.disk import Disk
from gjax.model.spatial.energy_dependent import EnergyDependent
from gjax.model.spatial.gaussian import Gaussian
from gjax.model.spatial.generalized_gaussian import GeneralizedGaussian
from gjax.model.spatial.piecewise import PiecewiseNormSpatial
from gjax.model.spatial.point import Point
from gjax.model.spatial.shell import Shell, Shell2
from gjax.model.spatial.template import TemplateMap
from gjax.model.spatial.template_nd import TemplateND

__all__ = [
    "AbstractSpatial",
    "ConstantFlux",
    "ConstantSpatial",
    "Disk",
    "EnergyDependent",
    "Gaussian",
    "GeneralizedGaussian",
    "PiecewiseNormSpatial",
    "Point",
    "Shell",
    "Shell2",
    "TemplateMap",
    "TemplateND",
]
