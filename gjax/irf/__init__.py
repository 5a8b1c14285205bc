"""Instrument responses as tables, and the one rule by which they are looked up.

Effective area, energy dispersion, point spread function, background rate and direction cut, each in
internal units (TeV, cm, s, deg, sr) on the axes of its file. Nothing here opens files
(`gjax.io.gadf` does) or knows sky maps (`gjax.reduce` does).
"""

from gjax.irf.aeff import EffectiveArea
from gjax.irf.background import Background2D, Background3D
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import PSF3Gauss, PSFKing, PSFTable
from gjax.irf.rad_max import RadMax
from gjax.irf.table import Table

__all__ = [
    "Background2D",
    "Background3D",
    "EffectiveArea",
    "EnergyDispersion",
    "PSF3Gauss",
    "PSFKing",
    "PSFTable",
    "RadMax",
    "Table",
]
