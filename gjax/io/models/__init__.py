"""Models files: Gammapy's YAML with its covariance file, read and written.

Gammapy opens what is written here with the same values, errors, bounds, frozen flags, links and
priors; what Gammapy writes is read unchanged. What has no counterpart is refused by name.
"""

from __future__ import annotations

from gjax.io.models.contents import ModelsFile
from gjax.io.models.read import models_from_dict, read_models
from gjax.io.models.write import models_to_dict, write_models

__all__ = ["ModelsFile", "models_from_dict", "models_to_dict", "read_models", "write_models"]
