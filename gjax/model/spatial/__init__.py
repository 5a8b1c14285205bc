"""Spatial models: normalised density in sr-1 of a direction in deg.

Each model has its centre in a static sky ``frame``. The names, defaults and frozen flags are
Gammapy's; the norms are those of the sphere for elongated sources too.
"""

from __future__ import annotations

from gjax.model.spatial.abstract import AbstractSpatial
from gjax.model.spatial.disk import Disk
from gjax.model.spatial.gaussian import Gaussian
from gjax.model.spatial.point import Point

__all__ = ["AbstractSpatial", "Disk", "Gaussian", "Point"]
