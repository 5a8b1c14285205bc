"""Spatial models: density in sr-1 of a direction in deg.

Each model has its centre in a static sky ``frame``. The names, defaults and frozen flags are
Gammapy's; the norms are those of the sphere for every shape and size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.model.spatial.abstract import AbstractSpatial as AbstractSpatial
    from gjax.model.spatial.constant import ConstantFlux as ConstantFlux
    from gjax.model.spatial.constant import ConstantSpatial as ConstantSpatial
    from gjax.model.spatial.disk import Disk as Disk
    from gjax.model.spatial.energy_dependent import EnergyDependent as EnergyDependent
    from gjax.model.spatial.gaussian import Gaussian as Gaussian
    from gjax.model.spatial.generalized_gaussian import GeneralizedGaussian as GeneralizedGaussian
    from gjax.model.spatial.piecewise import PiecewiseNormSpatial as PiecewiseNormSpatial
    from gjax.model.spatial.point import Point as Point
    from gjax.model.spatial.shell import Shell as Shell
    from gjax.model.spatial.shell import Shell2 as Shell2
    from gjax.model.spatial.template import TemplateMap as TemplateMap
    from gjax.model.spatial.template_nd import TemplateND as TemplateND

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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.model.spatial.abstract": ("AbstractSpatial",),
        "gjax.model.spatial.constant": ("ConstantFlux", "ConstantSpatial"),
        "gjax.model.spatial.disk": ("Disk",),
        "gjax.model.spatial.energy_dependent": ("EnergyDependent",),
        "gjax.model.spatial.gaussian": ("Gaussian",),
        "gjax.model.spatial.generalized_gaussian": ("GeneralizedGaussian",),
        "gjax.model.spatial.piecewise": ("PiecewiseNormSpatial",),
        "gjax.model.spatial.point": ("Point",),
        "gjax.model.spatial.shell": ("Shell", "Shell2"),
        "gjax.model.spatial.template": ("TemplateMap",),
        "gjax.model.spatial.template_nd": ("TemplateND",),
    },
)
