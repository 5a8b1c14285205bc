"""Files of templates beside a models file: names for those that have none, and their contents."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import jax
import numpy as np

from gjax.errors import ConfigError
from gjax.io.healpix import is_healpix
from gjax.io.maps import write_map
from gjax.io.models.place import Place
from gjax.io.temporal import write_temporal_table
from gjax.maps.map import Map
from gjax.maps.region_geom import RegionGeom
from gjax.model import Models, spatial
from gjax.model.spatial import TemplateMap
from gjax.model.spectral import EBLAbsorptionNorm, TemplateND
from gjax.model.template_npred import TemplateNPred
from gjax.model.temporal import LightCurveTemplate, TemplatePhaseCurve

__all__ = ["name_templates", "write_templates"]

_TEMPLATES = (
    TemplateMap,
    spatial.TemplateND,
    TemplateND,
    LightCurveTemplate,
    TemplatePhaseCurve,
)


def name_templates(models: Models, path: Path) -> tuple[Models, dict[str, Any]]:
    """Give a file name to each template that has none: ``<stem>_<model>_<part>.fits``.

    Returns
    -------
    models, templates :
        The models with all names, and the templates by file name.
    """
    found: dict[str, Any] = {}
    members = []
    for name, member in models.items():

        def visit(steps: Any, part: Any, name: str = name) -> Any:
            if isinstance(part, EBLAbsorptionNorm):
                return (
                    part
                    if _exists(part.filename, path)
                    else dataclasses.replace(part, filename=None)
                )
            if not isinstance(part, _TEMPLATES):
                return part
            named = _named(part, path, [name, *(str(getattr(s, "name", s)) for s in steps)])
            found[str(named.filename)] = named
            return named

        member = jax.tree_util.tree_map_with_path(  # noqa: PLW2901
            visit, member, is_leaf=lambda part: isinstance(part, (*_TEMPLATES, EBLAbsorptionNorm))
        )
        if isinstance(member, TemplateNPred):
            member = _named(member, path, [name])  # noqa: PLW2901
            found[str(member.filename)] = member
        members.append(member)
    return Models(models.names, tuple(members)), found


def write_templates(templates: dict[str, Any], folder: Path, *, overwrite: bool) -> None:
    """Write the files of templates, relative to a folder.

    Files that exist stay as they are unless ``overwrite`` is set; those outside of the folder (an
    absolute path, or a variable) and maps in HEALPix pixels always do.
    """
    for filename, template in templates.items():
        is_ours = not filename.startswith("$") and not Path(filename).is_absolute()
        if _exists(filename, folder / "models.yaml") and not (is_ours and overwrite):
            continue
        target = folder / filename
        if not is_ours:
            raise ConfigError(f"there is no file {filename}: give the template another name")
        if isinstance(template, TemplateMap) and target.is_file() and is_healpix(target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(template, (LightCurveTemplate, TemplatePhaseCurve)):
            write_temporal_table(target, template, overwrite=True)
        else:
            # The map of a region is a table, which cannot be the first HDU.
            hdu = "SKYMAP" if isinstance(template, TemplateND) else "PRIMARY"
            write_map(_as_map(template), target, hdu=hdu, overwrite=True)


def _exists(filename: Any, path: Path) -> bool:
    try:
        Place(path.parent).find(filename, "")
    except ConfigError:
        return False
    return True


def _named(part: Any, path: Path, steps: list[str]) -> Any:
    if part.filename:
        return part
    label = "_".join(re.sub(r"[^A-Za-z0-9.+-]+", "-", step) for step in steps)
    return dataclasses.replace(part, filename=f"{path.stem}_{label}.fits")


def _as_map(template: Any) -> Map:
    if isinstance(template, TemplateNPred):
        return template.map
    if isinstance(template, TemplateND):
        # A spectrum has no place on the sky.
        data = np.asarray(template.values)[..., None, None]
        geom: Any = RegionGeom.point(0.0, 0.0)
        return Map(data, geom, template.axes, "cm-2 s-1 TeV-1")
    axes = () if template.energy is None else (template.energy,)
    if isinstance(template, spatial.TemplateND):
        axes = (*template.axes, *axes)
    return Map(np.asarray(template.data), template.geom, axes, "sr-1")
