"""Where the files that a models file names are: beside it, or where a variable points to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gjax.errors import ConfigError
from gjax.io.gadf.fits_file import expand_path

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """The folder of a models file.

    Parameters
    ----------
    folder :
        The folder; None for models that come from no file.
    """

    folder: Path | None = None

    def find(self, filename: Any, where: str) -> Path:
        """Find a file: beside the models file, then in the working folder.

        Environment variables such as ``$GAMMAPY_DATA`` are expanded.

        Raises
        ------
        gjax.errors.ConfigError
            If there is no such file; the message lists where it was looked for.
        """
        if not isinstance(filename, (str, os.PathLike)) or not os.fspath(filename):
            raise ConfigError("the name of a file is missing", key=f"{where}.filename")
        try:
            path = expand_path(filename)
        except FileNotFoundError as error:
            raise ConfigError(str(error), key=f"{where}.filename") from None
        tried = [path]
        if self.folder is not None and not path.is_absolute():
            tried.insert(0, self.folder / path)
        for candidate in tried:
            if candidate.is_file():
                return candidate
        places = " or ".join(str(candidate) for candidate in tried)
        raise ConfigError(f"there is no file {places}", key=f"{where}.filename")
