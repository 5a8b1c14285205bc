"""Posteriors for ArviZ: its plots, and model comparison by LOO (extra ``arviz``)."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from gjax.infer.posterior import Posterior
from gjax.infer.predictive import log_likelihood as likelihood_of_bins

__all__ = ["to_arviz"]

#: Names that ArviZ gives to what a sampler records.
_RENAMED = {"steps": "n_steps", "accept_prob": "acceptance_rate"}


def to_arviz(
    posterior: Posterior,
    *,
    log_likelihood: bool = True,
    draws: int | None = None,
    datasets: Any = None,
) -> Any:
    """Hand draws to ArviZ.

    Parameters
    ----------
    posterior :
        The draws.
    log_likelihood :
        Whether to add the likelihood of every bin, which LOO needs: one variable ``data`` over the
        dimension ``bin``, whose labels are the names of the datasets (``sel(bin=name)`` gives one
        of them). Left out where the data are not known.
    draws :
        Number of draws per chain for which it is evaluated and which are handed over; by default
        all.
    datasets :
        The data of a posterior that was read from a file.

    Returns
    -------
    data :
        An ``arviz.InferenceData`` (ArviZ before 1.0), or an ``xarray.DataTree``, with groups
        ``posterior``, ``sample_stats`` and ``log_likelihood``; variables have the dotted names of
        the parameters, and their units as an attribute.

    Raises
    ------
    ImportError
        Without ArviZ.
    """
    try:
        arviz = importlib.import_module("arviz")
    except ImportError:
        raise ImportError("this needs ArviZ: pip install 'gjax[arviz]'") from None
    n = posterior.values.shape[1]
    picked = np.unique(np.linspace(0, n - 1, min(n, draws or n)).round().astype(int))
    columns = zip(posterior.free_names, np.moveaxis(posterior.free_values, -1, 0), strict=True)
    groups: dict[str, dict[str, np.ndarray]] = {
        "posterior": {name: values[:, picked] for name, values in columns},
        "sample_stats": {
            _RENAMED.get(name, name): values[:, picked]
            for name, values in posterior.statistics.items()
        },
    }
    labels: dict[str, Any] = {}
    if log_likelihood and (datasets is not None or posterior.objective is not None):
        found = likelihood_of_bins(posterior, draws, datasets)
        # LOO takes one variable: that of a joint fit is the likelihood of all bins of all datasets.
        groups["log_likelihood"] = {"data": np.concatenate(list(found.values()), axis=-1)}
        names = np.repeat(list(found), [values.shape[-1] for values in found.values()])
        labels = {"coords": {"bin": names}, "dims": {"data": ["bin"]}}
    # Before 1.0 groups are arguments, since then a mapping.
    is_old = int(arviz.__version__.split(".")[0]) < 1
    data = arviz.from_dict(**groups, **labels) if is_old else arviz.from_dict(groups, **labels)
    for name, unit in zip(posterior.free_names, posterior.units, strict=True):
        data["posterior"][name].attrs["unit"] = unit
    return data
