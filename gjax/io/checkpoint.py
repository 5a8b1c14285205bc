"""The state of a sampling run in a file, and the sampler that keeps it there.

The file is numpy's ``.npz``. It is written beside the old one and renamed, so that a run can be
killed at any moment and leaves a whole state behind.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gjax.dataset.datasets import AnyDataset
from gjax.errors import FileFormatError
from gjax.infer.checkpoint import Checkpoint
from gjax.infer.posterior import Posterior
from gjax.infer.sample import sample as sample_without_file
from gjax.io.atomic import atomic_write
from gjax.parameters import Parameters

__all__ = ["CheckpointFile", "sample"]


class CheckpointFile:
    """Keeps the state of a sampling run in a file.

    Parameters
    ----------
    path :
        The file; it need not exist.

    Examples
    --------
    >>> posterior = sample_fit(result, checkpoint=CheckpointFile("run.npz"))  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def load(self) -> dict[str, np.ndarray] | None:
        """Read the state that was kept last; None without a file.

        Raises
        ------
        gjax.errors.FileFormatError
            If the file is something else.
        """
        if not self.path.exists():
            return None
        self._clean()
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (ValueError, OSError, zipfile.BadZipFile, EOFError):
            raise FileFormatError("this is no state of a sampling run", path=self.path) from None

    def save(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Replace the file."""
        with atomic_write(self.path, overwrite=True) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]

    def _clean(self) -> None:
        """Remove what a run that was killed while it wrote has left beside the file."""
        name = re.escape(f".{self.path.name}.") + "[0-9a-f]{8}" + re.escape(self.path.suffix)
        for file in self.path.parent.iterdir():
            if re.fullmatch(name, file.name):
                file.unlink(missing_ok=True)


def sample(
    datasets: AnyDataset | Sequence[AnyDataset],
    models: Any,
    parameters: Parameters | None = None,
    *,
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    **options: Any,
) -> Posterior:
    """Fit, then draw from the posterior with NUTS.

    Parameters
    ----------
    datasets, models, parameters :
        As for `gjax.infer.fit.fit`.
    checkpoint :
        A file in which the state of the run is kept. Called again after the run was killed, during
        warm-up or later, it goes on where it was and ends with the same draws bit by bit.
    **options :
        Those of `gjax.infer.sample.sample_fit`.

    Raises
    ------
    ValueError
        If the file holds the state of another problem, or of a run with other settings.
    """
    if isinstance(checkpoint, (str, os.PathLike)):
        checkpoint = CheckpointFile(checkpoint)
    return sample_without_file(datasets, models, parameters, checkpoint=checkpoint, **options)
