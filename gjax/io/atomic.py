"""Writing files without ever leaving half of one.

All writers of gjax go through `atomic_write`; what they write is in their own modules.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["atomic_write"]


@contextmanager
def atomic_write(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Give a temporary name beside a file, and rename it to the file when all has gone well.

    The temporary name has the same suffixes (``.fits.gz`` included), since writers choose the
    format by them. Missing folders are made. If the block raises, the temporary file is removed and
    the target is as it was.

    Parameters
    ----------
    path :
        The file to write.
    overwrite :
        Whether an existing file may be replaced.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is false; before and after the block.
    FileNotFoundError
        If the block has written nothing.

    Examples
    --------
    >>> with atomic_write("model.yaml", overwrite=True) as temporary:  # doctest: +SKIP
    ...     temporary.write_text("components: []")
    """
    target = Path(path)
    _refuse(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    suffix = "".join(target.suffixes[-2:]) if target.suffix == ".gz" else target.suffix
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{suffix}")
    try:
        yield temporary
        if not temporary.exists():
            raise FileNotFoundError(f"nothing was written for {target}")
        _refuse(target, overwrite)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _refuse(target: Path, overwrite: bool) -> None:
    if not overwrite and target.exists():
        raise FileExistsError(f"{target} exists already; pass overwrite=True to replace it")
