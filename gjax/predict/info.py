"""What datasets contain and what models predict for them, in one table.

Lives here: the predictions that the table needs. The sums are in `gjax.dataset.info`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.datasets import AnyDataset
from gjax.dataset.info import InfoTable, dataset_info
from gjax.model.models import Models
from gjax.model.sky import SkyModel
from gjax.predict.npred import npred_prepared, onoff_background
from gjax.predict.options import Folding
from gjax.predict.prepare import as_list, prepare

__all__ = ["info_table"]


def info_table(
    datasets: AnyDataset | Sequence[AnyDataset], models: Any, folding: Folding | None = None
) -> InfoTable:
    """Make a table of what datasets contain, with predictions and statistic of models.

    Signal is what `SkyModel` members predict, background all the rest.

    Parameters
    ----------
    datasets :
        One dataset or several.
    models :
        The models; their values are used as they are.
    folding :
        Numerical choices; accurate by default.

    Returns
    -------
    table :
        Columns as in `gjax.dataset.info.dataset_info`; of flux points only numbers of points.
    """
    listed = as_list(datasets)
    known = Models.create(models)
    rest = Models.create([pair for pair in known.items() if not isinstance(pair[1], SkyModel)])
    total = npred_prepared(prepare(listed, known, folding=folding), known)
    below = npred_prepared(prepare(listed, rest, folding=folding), rest)
    rows = [_row(*members) for members in zip(listed, total, below, strict=True)]
    return InfoTable(tuple(rows))


def _row(dataset: AnyDataset, total: np.ndarray, below: np.ndarray) -> dict[str, Any]:
    if not isinstance(dataset, Dataset):
        return dataset_info(dataset)
    if dataset.is_onoff:
        return dataset_info(dataset, total, onoff_background(dataset, total))
    return dataset_info(dataset, total - below, below)
