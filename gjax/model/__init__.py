"""Models of what the sky and the background emit: physics only, arrays in and arrays out.

`spectral`, `spatial` and `temporal` hold the shapes; `SkyModel` and `FoVBackground` combine them to
sources and backgrounds; `ResponseModifier` lets a fit vary an instrument; `Models` names them;
`registry` finds the classes by the tags of models files.
"""

from __future__ import annotations

from gjax.model.background import FoVBackground
from gjax.model.models import Model, Models
from gjax.model.response_modifier import ResponseModifier
from gjax.model.sky import SkyModel

__all__ = ["FoVBackground", "Model", "Models", "ResponseModifier", "SkyModel"]
