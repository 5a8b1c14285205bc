"""gjax: differentiable gamma-ray astronomy on JAX.

The names that most analyses need are here; everything else is in the package of its layer
(`gjax.maps`, `gjax.model`, `gjax.reduce`, `gjax.io`, `gjax.plot`, ...). They are imported when they
are first used, so that ``gjax --help`` does not wait for JAX.

Importing gjax has two side effects. JAX computes in float64, unless ``JAX_ENABLE_X64`` is set. And
JAX keeps compiled code in a folder of the user, so that the next process need not compile it again,
unless ``GJAX_CACHE=off`` or a cache is in use already; see `gjax.compilation`.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from gjax.compilation import switch_cache_on
from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.dataset import Dataset as Dataset
    from gjax.dataset import Datasets as Datasets
    from gjax.dataset import FluxPointsDataset as FluxPointsDataset
    from gjax.dataset import stack as stack
    from gjax.infer.fit import fit as fit
    from gjax.infer.numpyro_model import numpyro_model as numpyro_model
    from gjax.infer.posterior import Posterior as Posterior
    from gjax.infer.result import FitResult as FitResult
    from gjax.io import DataStore as DataStore
    from gjax.io.checkpoint import sample as sample
    from gjax.maps import Map as Map
    from gjax.maps import MapAxis as MapAxis
    from gjax.maps import RegionGeom as RegionGeom
    from gjax.maps import WcsGeom as WcsGeom
    from gjax.model import FoVBackground as FoVBackground
    from gjax.model import Models as Models
    from gjax.model import ResponseModifier as ResponseModifier
    from gjax.model import SkyModel as SkyModel
    from gjax.parameters import Parameters as Parameters
    from gjax.parameters import param as param
    from gjax.predict import npred as npred
    from gjax.predict import prepare as prepare

    __version__: str

__all__ = [
    "DataStore",
    "Dataset",
    "Datasets",
    "FitResult",
    "FluxPointsDataset",
    "FoVBackground",
    "Map",
    "MapAxis",
    "Models",
    "Parameters",
    "Posterior",
    "RegionGeom",
    "ResponseModifier",
    "SkyModel",
    "WcsGeom",
    "__version__",
    "fit",
    "npred",
    "numpyro_model",
    "param",
    "prepare",
    "sample",
    "stack",
]

_find, __dir__ = lazy_names(
    __name__,
    {
        "gjax.dataset": ("Dataset", "Datasets", "FluxPointsDataset", "stack"),
        "gjax.infer.fit": ("fit",),
        "gjax.infer.numpyro_model": ("numpyro_model",),
        "gjax.infer.posterior": ("Posterior",),
        "gjax.infer.result": ("FitResult",),
        "gjax.io": ("DataStore",),
        "gjax.io.checkpoint": ("sample",),
        "gjax.maps": ("Map", "MapAxis", "RegionGeom", "WcsGeom"),
        "gjax.model": ("FoVBackground", "Models", "ResponseModifier", "SkyModel"),
        "gjax.parameters": ("Parameters", "param"),
        "gjax.predict": ("npred", "prepare"),
    },
)


def _switch_float64_on() -> None:
    """Make JAX compute in float64, whether it was imported before gjax or will be after."""
    if "JAX_ENABLE_X64" in os.environ:
        return
    os.environ["JAX_ENABLE_X64"] = "1"
    if "jax" in sys.modules:
        sys.modules["jax"].config.update("jax_enable_x64", True)


_switch_float64_on()
switch_cache_on()


def _installed_version() -> str:
    metadata = importlib.import_module("importlib.metadata")
    try:
        return metadata.version("gjax")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name != "__version__":
        return _find(name)
    globals()[name] = _installed_version()
    return globals()[name]
