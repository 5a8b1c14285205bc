"""Writing models files."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u

from gjax.errors import ConfigError
from gjax.io.atomic import atomic_write
from gjax.io.models.component import dump_component
from gjax.io.models.covariance import covariance_path, write_covariance
from gjax.io.models.templates import name_templates, write_templates
from gjax.io.yaml_text import dump_yaml
from gjax.model import Models
from gjax.parameters import Key, Parameters, ParameterSpec, parameter_leaves

__all__ = ["models_to_dict", "write_models"]


def write_models(
    path: str | os.PathLike[str],
    models: Models,
    parameters: Parameters | None = None,
    *,
    errors: np.ndarray | None = None,
    covariance: np.ndarray | None = None,
    overwrite: bool = False,
    overwrite_templates: bool = False,
    checksum: bool = False,
) -> Path:
    """Write a models file in Gammapy's YAML format, with the covariance in a file beside it.

    Values are those of ``models``, in internal units; bounds and frozen flags are left out where
    they are the defaults of the model class, as Gammapy does.

    Parameters
    ----------
    path :
        The YAML file; the covariance goes to ``<stem>_covariance.dat`` in the same folder.
    models :
        The models.
    parameters :
        What a fit does with their parameters; by default what the classes declare.
    errors :
        Error of each parameter in the order of ``parameters.keys``, shape ``(n,)``, zero or NaN
        where unknown; by default from the covariance.
    covariance :
        Covariance of all parameters in that order, shape ``(n, n)``, or of the free ones only, in
        the order of ``parameters.free``. Others get zeros; linked ones the rows of their target.
    overwrite :
        Whether existing files may be replaced; those of templates are not.
    overwrite_templates :
        Whether files of templates beside the models file are written again; otherwise only those
        that do not exist are written.
    checksum :
        Whether the file ends with a checksum of its contents.

    Returns
    -------
    path :
        The YAML file.

    Raises
    ------
    gjax.errors.ConfigError
        If the format cannot hold a model, a prior or a link.
    ValueError
        If the covariance or the errors do not fit the parameters.
    """
    path = Path(path)
    parameters = Parameters.from_models(models) if parameters is None else parameters
    if covariance is not None:
        covariance = _full_covariance(np.asarray(covariance, float), parameters)
        if errors is None:
            errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    models, templates = name_templates(models, path)
    data = models_to_dict(models, parameters, errors)
    beside = covariance_path(path)
    if not overwrite:
        # Both are checked first, so that a refusal leaves no half of the pair behind.
        for target in (path, beside) if covariance is not None else (path,):
            if target.exists():
                raise FileExistsError(f"{target} exists; pass overwrite=True to replace it")
    if covariance is not None:
        write_covariance(beside, list(parameters.names), covariance, overwrite=overwrite)
        data["covariance"] = beside.name
    write_templates(templates, path.parent, overwrite=overwrite_templates)
    text = dump_yaml(data, checksum=checksum)
    with atomic_write(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def models_to_dict(
    models: Models, parameters: Parameters | None = None, errors: np.ndarray | None = None
) -> dict[str, Any]:
    """Give the contents of a models file, without the covariance.

    Parameters
    ----------
    models, parameters, errors :
        As for `write_models`.

    Raises
    ------
    gjax.errors.ConfigError
        If the format cannot hold a model, a prior or a link.
    """
    parameters = Parameters.from_models(models) if parameters is None else parameters
    values = {key: float(value) for key, _, value, _ in parameter_leaves(models)}
    if tuple(values) != parameters.keys:
        raise ValueError("the table of parameters is not that of the models")
    errors = np.zeros(len(values)) if errors is None else np.asarray(errors, float)
    if errors.shape != (len(values),):
        raise ValueError(f"errors have shape {errors.shape} for {len(values)} parameters")
    labels, priors = _link_labels(parameters), _priors(parameters)
    entries: dict[Key, dict[str, Any]] = {}
    for i, (key, spec) in enumerate(zip(parameters.keys, parameters.specs, strict=True)):
        # A linked parameter is its target in the file; its own value and row do not count.
        source = parameters.links[key].targets[0] if key in parameters.links else key
        j = parameters.keys.index(source)
        entry: dict[str, Any] = {"name": key[-1], "value": values[source]}
        if spec.unit:
            entry["unit"] = u.Unit(spec.unit).to_string("fits")
        if math.isfinite(errors[i]) and errors[i] > 0:
            entry["error"] = float(errors[i])
        bounds = float(parameters.minimum[j]), float(parameters.maximum[j])
        prior = None
        if key in priors:
            # NumPyro takes long to import, and few files have priors.
            from gjax.io.models.priors import prior_bounds, prior_to_dict

            prior = prior_to_dict(priors[key], bounds, entry.get("unit", ""), ".".join(key))
            if prior_bounds(priors[key]) is not None:
                bounds = tuple(end["value"] for end in prior["parameters"])
        entry |= _bounds(spec, *bounds)
        if parameters.frozen[j] != spec.frozen:
            entry["frozen"] = parameters.frozen[j]
        if key in labels:
            entry["link"] = labels[key]
        if prior is not None:
            entry["prior"] = prior
        entries[key] = entry
    return {"components": [dump_component(name, m, entries) for name, m in models.items()]}


def _bounds(spec: ParameterSpec, low: float, high: float) -> dict[str, float]:
    """Give the bounds that differ from the class's; NaN says that there is none."""
    default = (
        -math.inf if spec.min is None else spec.min,
        math.inf if spec.max is None else spec.max,
    )
    found = {"min": (low, default[0]), "max": (high, default[1])}
    return {
        name: value if math.isfinite(value) else math.nan
        for name, (value, declared) in found.items()
        if value != declared
    }


def _link_labels(parameters: Parameters) -> dict[Key, str]:
    """Give the label of each parameter that is linked or a target of a link."""
    labels: dict[Key, str] = {}
    for key, link in parameters.links.items():
        if link.function is not None:
            raise ConfigError(
                "a models file can hold a link to one parameter, not a function", key=".".join(key)
            )
        target = link.targets[0]
        if parameters.keys.index(target) > parameters.keys.index(key):
            raise ConfigError(
                f"a models file can hold a link only to a parameter before it; link "
                f"{'.'.join(target)} to it instead",
                key=".".join(key),
            )
        labels[key] = labels[target] = f"{target[-1]}@{'.'.join(target[:-1])}"
    return labels


def _priors(parameters: Parameters) -> dict[Key, Any]:
    """Give the prior of each parameter; those of a target hold for what is linked to it."""
    found = {}
    for prior in parameters.priors:
        if len(prior.keys) != 1:
            names = ", ".join(".".join(key) for key in prior.keys)
            raise ConfigError("a models file cannot hold a joint prior", key=names)
        found[prior.keys[0]] = prior.distribution
    for key, link in parameters.links.items():
        if link.targets[0] in found:
            found[key] = found[link.targets[0]]
    return found


def _full_covariance(covariance: np.ndarray, parameters: Parameters) -> np.ndarray:
    """Extend the covariance of the free parameters to all of them."""
    n, free = len(parameters.keys), list(parameters.free)
    if covariance.shape == (n, n):
        return covariance
    if covariance.shape != (len(free), len(free)):
        raise ValueError(
            f"covariance has shape {covariance.shape} for {n} parameters, {len(free)} of them free"
        )
    full = np.zeros((n, n))
    full[np.ix_(free, free)] = covariance
    # A linked parameter moves with its target: the same variance, and fully correlated.
    source = [
        parameters.keys.index(parameters.links[key].targets[0]) if key in parameters.links else i
        for i, key in enumerate(parameters.keys)
    ]
    return full[np.ix_(source, source)]
