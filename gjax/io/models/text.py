"""Models as text inside another file, as far as such a text can hold them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from gjax.errors import ConfigError
from gjax.io.models.templates import name_templates, write_templates
from gjax.io.models.write import models_to_dict
from gjax.io.yaml_text import dump_yaml
from gjax.model import Models
from gjax.parameters import Parameters

__all__ = ["models_to_text"]


def models_to_text(models: Models, parameters: Parameters, path: Path) -> tuple[str | None, str]:
    """Write models and table as the text of a models file.

    Parameters
    ----------
    models, parameters :
        What is written.
    path :
        The file that will hold the text; templates go to files of their own beside it.

    Returns
    -------
    text, note :
        None if the format has no room for the models; and what is missing.
    """
    named, templates = name_templates(models, path)
    linked = dataclasses.replace(parameters.freeze(*parameters.links), links={}, priors=())
    problem = ""
    for table, note in ((parameters, ""), (linked, "links and priors are not in this file")):
        try:
            text = dump_yaml(models_to_dict(named, table))
        except ConfigError as error:
            problem = str(error)
            continue
        write_templates(templates, path.parent, overwrite=False)
        return text, note
    return None, problem
