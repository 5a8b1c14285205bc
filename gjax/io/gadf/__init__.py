"""Observations on disk: the event files, response tables and index files of GADF (DL3).

The format is that of https://gamma-astro-data-formats.readthedocs.io, versions 0.2 and 0.3. Reading
is forgiving, writing strict; a damaged or incomplete file gives one `gjax.errors.FileFormatError`
that names file, HDU and column.
"""

from gjax.io.gadf.data_store import DataStore
from gjax.io.gadf.write import write_data_store, write_observation

__all__ = ["DataStore", "write_data_store", "write_observation"]
