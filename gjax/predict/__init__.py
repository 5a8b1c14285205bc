"""Forward folding: from models and datasets to predicted counts.

`prepare` makes datasets and models ready once, on the host; `fold` is a pure function of what it
returns. `npred` does both for a user who wants predicted counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names
from gjax.predict.fold import fold as fold
from gjax.predict.npred import npred as npred
from gjax.predict.prepare import prepare as prepare

if TYPE_CHECKING:
    from gjax.predict.fold import Prepared as Prepared
    from gjax.predict.fold import map_datasets as map_datasets
    from gjax.predict.info import info_table as info_table
    from gjax.predict.npred import npred_prepared as npred_prepared
    from gjax.predict.options import GAMMAPY as GAMMAPY
    from gjax.predict.options import Folding as Folding

__all__ = [
    "GAMMAPY",
    "Folding",
    "Prepared",
    "fold",
    "info_table",
    "map_datasets",
    "npred",
    "npred_prepared",
    "prepare",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.predict.fold": ("Prepared", "map_datasets"),
        "gjax.predict.info": ("info_table",),
        "gjax.predict.npred": ("npred_prepared",),
        "gjax.predict.options": ("Folding", "GAMMAPY"),
    },
)
