"""Python's collector of garbage, put off where it would find none.

Importing modules and tracing a function for the compiler make some 100,000 objects that stay. Each
time their number has grown by a quarter the collector looks through all of them: a tenth of the
time that importing and tracing take.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile; may be nested."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
