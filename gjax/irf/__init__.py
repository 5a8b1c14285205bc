"""Instrument responses as tables, and the one rule by which they are looked up.

Effective area, energy dispersion, point spread function, background rate and direction cut, each in
internal units (TeV, cm, s, deg, sr) on the axes of its file. Nothing here opens files
(`gjax.io.gadf` does) or knows sky maps (`gjax.reduce` does).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.irf.aeff import EffectiveArea as EffectiveArea
    from gjax.irf.background import Background2D as Background2D
    from gjax.irf.background import Background3D as Background3D
    from gjax.irf.edisp import EnergyDispersion as EnergyDispersion
    from gjax.irf.psf import PSF3Gauss as PSF3Gauss
    from gjax.irf.psf import PSFKing as PSFKing
    from gjax.irf.psf import PSFTable as PSFTable
    from gjax.irf.rad_max import RadMax as RadMax
    from gjax.irf.table import Table as Table

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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.irf.aeff": ("EffectiveArea",),
        "gjax.irf.background": ("Background2D", "Background3D"),
        "gjax.irf.edisp": ("EnergyDispersion",),
        "gjax.irf.psf": ("PSF3Gauss", "PSFKing", "PSFTable"),
        "gjax.irf.rad_max": ("RadMax",),
        "gjax.irf.table": ("Table",),
    },
)
