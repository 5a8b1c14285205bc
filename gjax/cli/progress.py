"""What a run shows while it works: one bar over its stages, notes, and the log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from gjax.cli.paths import expand
from gjax.cli.schema import Log
from gjax.errors import ConfigError

if TYPE_CHECKING:
    pass

__all__ = ["Progress", "logging_as"]

_FORMAT = "%(levelname)s %(name)s: %(message)s"


class Progress:
    """One progress bar on the standard error, absent when that is not a terminal.

    Parameters
    ----------
    total :
        Number of steps; more can be added later.
    quiet :
        Show no bar. Notes are shown all the same.

    Attributes
    ----------
    left_out :
        What was left out, and why, in the order in which it was said.
    """

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.left_out: list[str] = []
        self._bar: Any = tqdm(
            total=total,
            file=sys.stderr,
            disable=True if quiet else None,
            bar_format="{desc:<34} {percentage:3.0f}% |{bar}| {elapsed}",
            dynamic_ncols=True,
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._bar.set_description_str("done")
            if not self._bar.disable:  # steps that turned out not to be needed
                self._bar.update(max(self._bar.total - self._bar.n, 0))
        self._bar.close()

    def stage(self, description: str) -> None:
        """Say what is being done now."""
        self._bar.set_description_str(description)

    def advance(self, steps: int = 1) -> None:
        """Count steps as done."""
        self._bar.update(steps)

    def extend(self, steps: int) -> None:
        """Add steps to the total."""
        if not self._bar.disable:
            self._bar.total += steps
            self._bar.refresh()

    def leave_out(self, what: str, why: str) -> None:
        """Say that an observation or a dataset is left out, and remember it."""
        self.left_out.append(f"{what}: {why}")
        self.note(f"warning: {what} is left out: {why}")

    def note(self, message: str) -> None:
        """Write a line for the user above the bar."""
        tqdm.write(f"gjax: {message}", file=sys.stderr)


class _AboveBar(logging.Handler):
    """Writes log records to the standard error without breaking the bar."""

    def emit(self, record: logging.LogRecord) -> None:
        tqdm.write(self.format(record), file=sys.stderr)


@contextmanager
def logging_as(log: Log) -> Iterator[None]:
    """Write the log of gjax as a configuration asks, for the length of a block.

    Raises
    ------
    gjax.errors.ConfigError
        If the log file cannot be opened.
    """
    handler: logging.Handler = _AboveBar()
    if log.filename is not None:
        path = expand(log.filename, key="general.log.filename")
        try:
            handler = logging.FileHandler(path, mode=log.filemode or "a", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"cannot be written: {error}", key="general.log.filename") from None
    handler.setFormatter(logging.Formatter(log.format or _FORMAT, log.datefmt))
    logger = logging.getLogger("gjax")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(log.level.upper())
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()
