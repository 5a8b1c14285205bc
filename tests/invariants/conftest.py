"""A small dataset with responses that vary, written by Gammapy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gjax.dataset import Dataset
from gjax.io.datasets import read_dataset

DATA = Path(__file__).parents[1] / "reference" / "data"


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Read 4 energies of 20 x 24 pixels, with PSF and migra map."""
    return read_dataset(DATA / "dataset_migra.fits.gz", name="dataset")
