"""The few exceptions that gjax raises itself, each a subclass of a builtin.

Wrong values given to constructors raise plain ``ValueError`` or an astropy unit error, as
everywhere in Python; outcomes of a computation (a fit that did not converge) are values, not
exceptions.
"""

from __future__ import annotations

import os

__all__ = ["ConfigError", "FileFormatError", "UnknownNameError"]


class FileFormatError(ValueError):
    """A file that cannot be read as what it should be.

    Parameters
    ----------
    problem :
        What is wrong, in one sentence.
    path :
        The file.
    hdu :
        The HDU, by name or number, where known.
    column :
        The column or header key, where known.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | os.PathLike[str] | None = None,
        hdu: str | int | None = None,
        column: str | None = None,
    ) -> None:
        self.problem = problem
        self.path = None if path is None else os.fspath(path)
        self.hdu = hdu
        self.column = column
        place = [
            f"{label} {value!r}" if label != "file" else f"{value}"
            for label, value in (("file", self.path), ("HDU", hdu), ("column", column))
            if value is not None
        ]
        super().__init__(f"{', '.join(place)}: {problem}" if place else problem)


class ConfigError(ValueError):
    """A configuration key that is unknown, unsupported or has a wrong value."""

    def __init__(self, problem: str, *, key: str | None = None) -> None:
        self.key = key
        super().__init__(f"{key}: {problem}" if key else problem)


class UnknownNameError(KeyError):
    """A name or pattern that matches nothing; the message lists what there is."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""
