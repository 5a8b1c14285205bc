"""The backgrounds of a dataset and their models, found on the host.

A dataset has its own background, with or without a model that scales it, and whatever templates of
predicted counts belong to it. On/off data have one, measured, whose model scales the ratio of
acceptances.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.placement import place
from gjax.maps.region_geom import RegionGeom
from gjax.model.background import FoVBackground
from gjax.model.template_npred import TemplateNPred

__all__ = ["find_backgrounds"]


def find_backgrounds(
    dataset: Dataset, models: Any, varying: set[tuple[int, str]]
) -> tuple[np.ndarray | None, tuple[int, ...]]:
    """Collect the background cubes of a dataset and the position of the model of each.

    Parameters
    ----------
    varying :
        Which part of which model can change; a spatial factor must not.

    Returns
    -------
    cubes :
        Shape ``(background, ereco, y, x)``; None if there is none.
    members :
        Positions of the models; -1 for a background without one.

    Raises
    ------
    ValueError
        If a background model finds no background, a template does not fit the pixels of the
        dataset, or a spatial factor has free parameters.
    """
    cubes, members = [], []
    own = -1
    for i, (name, model) in enumerate(models.items()):
        if not isinstance(model, (FoVBackground, TemplateNPred)):
            continue
        if not model.applies_to(dataset.name):
            continue
        if model.spatial is not None and (i, "spatial") in varying:
            raise ValueError(f"{name!r}: the spatial factor of a background must be frozen")
        if isinstance(model, FoVBackground):
            own = i
        elif dataset.is_onoff:
            raise ValueError(
                f"{name!r}: dataset {dataset.name!r} has off counts, and no place for a template"
            )
        else:
            cubes.append(_template(dataset, name, model) * _spatial_factor(dataset, model))
            members.append(i)
    if dataset.is_onoff:
        return None, (own,)
    if dataset.background is not None:
        factor = 1.0 if own < 0 else _spatial_factor(dataset, models.members[own])
        cubes.insert(0, np.nan_to_num(np.asarray(dataset.background, float)) * factor)
        members.insert(0, own)
    elif own >= 0:
        raise ValueError(f"dataset {dataset.name!r} has a background model but no background")
    return np.stack(cubes) if cubes else None, tuple(members)


def _template(dataset: Dataset, name: str, model: TemplateNPred) -> np.ndarray:
    """Put the counts of a template on the pixels of a dataset; zero where it has none."""
    axis, geom = model.map.axes[0], model.map.geom
    if not axis.is_allclose(dataset.energy):
        raise ValueError(f"{name!r}: its energy axis differs from that of {dataset.name!r}")
    data = np.nan_to_num(np.asarray(model.map.data, float))
    if geom == dataset.geom:
        return data
    if isinstance(dataset.geom, RegionGeom) or isinstance(geom, RegionGeom):
        raise ValueError(f"{name!r}: a template needs the region of dataset {dataset.name!r}")
    where = place(dataset.geom, geom)
    cube = np.zeros(dataset.shape)
    if where is not None:
        cube[(..., *where.parent)] = data[(..., *where.child)]
    return cube


def _spatial_factor(dataset: Dataset, model: Any) -> np.ndarray | float:
    if model.spatial is None:
        return 1.0
    lon, lat = dataset.geom.coords_in(model.spatial.frame)
    energy = dataset.energy.center
    if not model.spatial.is_energy_dependent:
        return np.nan_to_num(np.asarray(model.spatial(lon, lat)))
    return np.nan_to_num(np.stack([model.spatial(lon, lat, energy=e) for e in energy]))
