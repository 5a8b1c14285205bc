"""Models files: Gammapy's YAML with its covariance file, read and written.

Gammapy opens what is written here with the same values, errors, bounds, frozen flags, links and
priors; what Gammapy writes is read unchanged. What has no counterpart is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.io.models.contents import ModelsFile as ModelsFile
    from gjax.io.models.read import models_from_dict as models_from_dict
    from gjax.io.models.read import read_models as read_models
    from gjax.io.models.write import models_to_dict as models_to_dict
    from gjax.io.models.write import write_models as write_models

__all__ = ["ModelsFile", "models_from_dict", "models_to_dict", "read_models", "write_models"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.io.models.contents": ("ModelsFile",),
        "gjax.io.models.read": ("models_from_dict", "read_models"),
        "gjax.io.models.write": ("models_to_dict", "write_models"),
    },
)
