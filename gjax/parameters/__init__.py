"""Model parameters: how a model declares them, and the choices of a fit.

A model class declares its parameters with `param` (`param_tuple` if their number is known only
once the model exists). What a fit does with them (frozen or free,
bounds, priors, links) is not physics: it lives in the immutable table `Parameters`, built from the
models. `Layout` is the compiled form of that table: the map between the flat vector of free
coordinates that optimisers and samplers see and a tree of models.
"""

from __future__ import annotations

from gjax.parameters.layout import Layout as Layout
from gjax.parameters.spec import Key as Key
from gjax.parameters.spec import ParameterSpec as ParameterSpec
from gjax.parameters.spec import own_values as own_values
from gjax.parameters.spec import param as param
from gjax.parameters.spec import param_tuple as param_tuple
from gjax.parameters.spec import parameter_leaves as parameter_leaves
from gjax.parameters.spec import specs as specs
from gjax.parameters.spec import with_values as with_values
from gjax.parameters.table import Link as Link
from gjax.parameters.table import Parameters as Parameters
from gjax.parameters.table import Prior as Prior
from gjax.parameters.table import fit_bounds as fit_bounds

__all__ = [
    "Key",
    "Layout",
    "Link",
    "ParameterSpec",
    "Parameters",
    "Prior",
    "fit_bounds",
    "own_values",
    "param",
    "param_tuple",
    "parameter_leaves",
    "specs",
    "with_values",
]
