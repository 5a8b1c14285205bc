"""Observations on disk: the event files, response tables and index files of GADF (DL3).

The format is that of https://gamma-astro-data-formats.readthedocs.io, versions 0.2 and 0.3. Reading
is forgiving, writing strict; a damaged or incomplete file gives one `gjax.errors.FileFormatError`
that names file, HDU and column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.io.gadf.data_store import DataStore as DataStore
    from gjax.io.gadf.write import write_data_store as write_data_store
    from gjax.io.gadf.write import write_observation as write_observation

__all__ = ["DataStore", "write_data_store", "write_observation"]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.io.gadf.data_store": ("DataStore",),
        "gjax.io.gadf.write": ("write_data_store", "write_observation"),
    },
)
