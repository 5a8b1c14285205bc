"""Command lines: YAML in, products out.

`gjax.cli.main` holds the commands. They import what they need when they run, so that asking for
help costs nothing.
"""

from __future__ import annotations

__all__ = []
