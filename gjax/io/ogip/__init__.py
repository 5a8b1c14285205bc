"""Spectra in the format of X-ray astronomy (OGIP): PHA, BKG, ARF and RMF files.

HEASARC's memos OGIP/92-007 (spectra) and CAL/GEN/92-002 (responses) describe the format. Each kind
of file has a module; a spectrum with all that belongs to it becomes a `gjax.dataset.Dataset` in
`gjax.io.ogip.read`, and files in `gjax.io.ogip.write`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.io.ogip.read import read_ogip as read_ogip
    from gjax.io.ogip.write import write_ogip as write_ogip

__all__ = ["read_ogip", "write_ogip"]

__getattr__, __dir__ = lazy_names(
    __name__, {"gjax.io.ogip.read": ("read_ogip",), "gjax.io.ogip.write": ("write_ogip",)}
)
