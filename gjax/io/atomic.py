"""Writing files so that nothing is lost on the way: beside, then renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["atomic_write"]


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to; rename it when the block ends well.

    The temporary name keeps the suffix, so that writers which choose a format by it do the same. If
    the block raises, the temporary file is removed and ``path`` stays as it was.

    Raises
    ------
    FileExistsError
        If ``path`` exists and may not be overwritten; before and after the block.
    """
    path = Path(path)
    _refuse(path, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    suffixes = "".join(path.suffixes)
    stem = path.name.removesuffix(suffixes) if suffixes else path.name
    temporary = path.with_name(f".{stem}-{uuid.uuid4().hex[:8]}{suffixes}")
    try:
        yield temporary
        _refuse(path, overwrite)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _refuse(path: Path, overwrite: bool) -> None:
    if not overwrite and path.exists():
        raise FileExistsError(f"{path} exists already; pass overwrite=True to replace it")
