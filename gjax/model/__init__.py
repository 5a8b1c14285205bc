"""Models of what the sky and the background emit: physics only, arrays in and arrays out.

`spectral`, `spatial` and `temporal` hold the shapes; `SkyModel` and `FoVBackground` combine them to
sources and backgrounds; `ResponseModifier` lets a fit vary an instrument; `Models` names them;
`registry` finds the classes by the tags of models files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.model.background import FoVBackground as FoVBackground
    from gjax.model.models import Model as Model
    from gjax.model.models import Models as Models
    from gjax.model.response_modifier import ResponseModifier as ResponseModifier
    from gjax.model.sky import SkyModel as SkyModel

__all__ = ["FoVBackground", "Model", "Models", "ResponseModifier", "SkyModel"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.model.background": ("FoVBackground",),
        "gjax.model.models": ("Model", "Models"),
        "gjax.model.response_modifier": ("ResponseModifier",),
        "gjax.model.sky": ("SkyModel",),
    },
)
