"""The backgrounds of a dataset and their models, found on the host.

A dataset has its own background, with or without a model that scales it, and whatever templates of
predicted counts belong to it. A spatial factor without free parameters is put into the counts here;
one with free parameters is evaluated in the folding, at the pixels that are found here. On/off data
have one, measured, whose model scales the ratio of acceptances.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gjax.dataset.dataset import Dataset
from gjax.dataset.placement import place
from gjax.maps.region_geom import RegionGeom
from gjax.model.background import FoVBackground
from gjax.model.template_npred import TemplateNPred
from gjax.numerics.finite import finite

__all__ = ["Backgrounds", "find_backgrounds", "spatial_factor"]


class Backgrounds(NamedTuple):
    """The backgrounds of a dataset.

    Parameters
    ----------
    cubes :
        Counts with the spatial factors that cannot change, shape ``(background, ereco, y, x)``;
        None if there are none.
    members :
        Positions of the models; -1 for a background without one.
    places :
        Where the spatial factor of a background can change, longitude and latitude of the pixels in
        its frame, shape ``(2, y, x)``; else None.
    """

    cubes: np.ndarray | None
    members: tuple[int, ...]
    places: tuple[np.ndarray | None, ...]

    @property
    def fields(self) -> tuple[bool, ...]:
        """Of each background whether its spatial factor can change."""
        return tuple(place is not None for place in self.places)


def find_backgrounds(dataset: Dataset, models: Any, varying: set[tuple[int, str]]) -> Backgrounds:
    """Collect the backgrounds of a dataset.

    Parameters
    ----------
    varying :
        Which part of which model can change.

    Raises
    ------
    ValueError
        If a background model finds no background, a template does not fit the pixels of the
        dataset, a spatial factor is a table with free parameters, or a dataset with off counts has
        one at all.
    """
    cubes, members, places = [], [], []
    own = -1
    for i, (name, model) in enumerate(models.items()):
        if not isinstance(model, (FoVBackground, TemplateNPred)):
            continue
        if not model.applies_to(dataset.name):
            continue
        if model.spatial is not None:
            _check_spatial(dataset, name, model.spatial, (i, "spatial") in varying)
        if isinstance(model, FoVBackground):
            own = i
        elif dataset.is_onoff:
            raise ValueError(
                f"{name!r}: dataset {dataset.name!r} has off counts, and no place for a template"
            )
        else:
            cubes.append(_template(dataset, name, model))
            members.append(i)
    if dataset.is_onoff:
        return Backgrounds(None, (own,), (None,))
    if dataset.background is not None:
        cubes.insert(0, finite(dataset.background))
        members.insert(0, own)
    elif own >= 0:
        raise ValueError(f"dataset {dataset.name!r} has a background model but no background")
    for position, i in enumerate(members):
        moves = (i, "spatial") in varying
        places.append(_pixels(dataset, models.members[i]) if moves else None)
        if i >= 0 and not moves:
            cubes[position] = cubes[position] * spatial_factor(dataset, models.members[i])
    return Backgrounds(np.stack(cubes) if cubes else None, tuple(members), tuple(places))


def _check_spatial(dataset: Dataset, name: str, spatial: Any, moves: bool) -> None:
    """Refuse what cannot be a factor on a background."""
    if dataset.is_onoff:
        raise ValueError(
            f"{name!r}: the ratio of acceptances of dataset {dataset.name!r} has no spatial factor"
        )
    if spatial.is_point:
        raise ValueError(f"{name!r}: a point has no value that could be a factor")
    if moves and (spatial.is_tabulated or spatial.has_nodes):
        raise ValueError(
            f"{name!r}: the parameters of a map must be frozen where it is a factor on a background"
        )


def _pixels(dataset: Dataset, model: Any) -> np.ndarray:
    """Give longitude and latitude of the pixels in the frame of a spatial factor."""
    lon, lat = dataset.geom.coords_in(model.spatial.frame)
    # Where the projection has no sky there are no counts either: any direction will do.
    is_sky = np.isfinite(lon + lat)
    return np.stack([np.where(is_sky, angle, np.median(angle[is_sky])) for angle in (lon, lat)])


def _template(dataset: Dataset, name: str, model: TemplateNPred) -> np.ndarray:
    """Put the counts of a template on the pixels of a dataset; zero where it has none."""
    axis, geom = model.map.axes[0], model.map.geom
    if not axis.is_allclose(dataset.energy):
        raise ValueError(f"{name!r}: its energy axis differs from that of {dataset.name!r}")
    data = finite(model.map.data)
    if geom == dataset.geom:
        return data
    if isinstance(dataset.geom, RegionGeom) or isinstance(geom, RegionGeom):
        raise ValueError(f"{name!r}: a template needs the region of dataset {dataset.name!r}")
    where = place(dataset.geom, geom)
    cube = np.zeros(dataset.shape)
    if where is not None:
        cube[(..., *where.parent)] = data[(..., *where.child)]
    return cube


def spatial_factor(dataset: Dataset, model: Any) -> np.ndarray:
    """Evaluate the spatial factor of a background at the centres of the pixels of a dataset.

    Returns
    -------
    factor :
        Shape ``(y, x)``, or ``(ereco, y, x)`` if it depends on energy; the number one without a
        spatial factor.
    """
    if model.spatial is None:
        return np.ones(())
    lon, lat = dataset.geom.coords_in(model.spatial.frame)
    energy = dataset.energy.center
    if not model.spatial.is_energy_dependent:
        return np.nan_to_num(np.asarray(model.spatial(lon, lat)))
    return np.nan_to_num(np.stack([model.spatial(lon, lat, energy=e) for e in energy]))
