"""A dataset as one source sees it: some responses may be switched off for a source."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.model.sky import SkyModel

__all__ = ["as_seen"]


def as_seen(dataset: Dataset, model: SkyModel) -> Dataset:
    """Leave out the responses that are not applied to a source.

    Without the PSF the morphology is taken as it is, without the energy dispersion the measured
    energy is the true one, and without the exposure the spectrum gives counts.

    Parameters
    ----------
    dataset :
        With all responses.
    model :
        Tells in ``apply_irf`` which are applied.
    """
    changes: dict[str, Any] = {
        part: None for part in ("psf", "edisp") if part not in model.apply_irf
    }
    if "exposure" not in model.apply_irf and dataset.exposure is not None:
        changes["exposure"] = np.ones_like(np.asarray(dataset.exposure, float))
    return dataclasses.replace(dataset, **changes) if changes else dataset
