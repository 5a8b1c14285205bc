"""The folder that a run leaves behind: what is in it, and that nothing is lost in it.

What goes into the files is the business of `gjax.io` and `gjax.plot`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from gjax.errors import ConfigError, FileFormatError
from gjax.io.results import read_result

__all__ = ["Products", "file_name"]

#: Everything that a run may write, as patterns inside the folder.
_PATTERNS = (
    "result.json",
    "models.yaml",
    "models_covariance.dat",
    "posterior.npz",
    "flux_points-*.fits",
    "flux_points-*.ecsv",
    "datasets/*.fits",
    "datasets/*.yaml",
    "pictures/*.png",
)


def file_name(name: str) -> str:
    """Make a name of a dataset or source fit for a file.

    Examples
    --------
    >>> file_name("4FGL J0534.5+2201 / PWN")
    '4FGL_J0534.5+2201_PWN'
    """
    return re.sub(r"[^\w.+-]+", "_", name).strip("_.") or "unnamed"


class Products:
    """The output folder of a run.

    Parameters
    ----------
    folder :
        The folder; made when the first file is written.
    overwrite :
        Whether products of an earlier run are replaced.
    inputs :
        Files that the run reads and must not replace.
    more :
        Patterns of further files that are written, besides those of every run.

    Raises
    ------
    ConfigError
        If the folder holds products already and they may not be replaced, or if a product would
        replace an input.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        inputs: tuple[Path, ...] = (),
        more: tuple[str, ...] = (),
    ) -> None:
        self.folder = Path(folder)
        self.files: list[Path] = []
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigError(f"the output {self.folder} is no folder")
        taken = [path for pattern in (*_PATTERNS, *more) for path in self.folder.glob(pattern)]
        # What is read must neither be written again nor vanish as what an earlier run left.
        replaced = {path.resolve() for path in inputs} & {path.resolve() for path in taken}
        for path in replaced:
            raise ConfigError(
                f"the results would replace {path}, which the analysis reads; choose another "
                "folder with --output"
            )
        if taken and not overwrite:
            first = taken[0].relative_to(self.folder)
            raise ConfigError(
                f"{self.folder} holds products already ({first}); choose another folder with "
                "--output, or replace them with --overwrite"
            )
        self._earlier = self._list_earlier()

    def _list_earlier(self) -> list[Path]:
        """List what an earlier run says it wrote here, and nothing else."""
        path = self.folder / "result.json"
        try:
            names = read_result(path).get("files", []) if path.exists() else []
        except FileFormatError:
            return []
        known = {path for pattern in _PATTERNS for path in self.folder.glob(pattern)}
        return [self.folder / str(name) for name in names if self.folder / str(name) in known]

    def path(self, *parts: str) -> Path:
        """Give the path of a product, make its folder, and note it as written."""
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path not in self.files:
            self.files.append(path)
        return path

    def discard_stale(self) -> list[Path]:
        """Remove products of an earlier run that this one did not write again."""
        stale = [path for path in self._earlier if path not in self.files]
        for path in stale:
            path.unlink(missing_ok=True)
        return stale

    @property
    def names(self) -> list[str]:
        """The files written, relative to the folder."""
        return [str(path.relative_to(self.folder)) for path in self.files]
