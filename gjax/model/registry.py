"""Model classes by name: the tags of models files, their aliases, and the answer to a wrong one.

To add a model, write its class and one line here. From that line follow its tag in models files and
its place in the automatic tests and in the gallery of the documentation.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from gjax.errors import UnknownNameError
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.model import spatial, temporal
from gjax.model.background import FoVBackground
from gjax.model.response_modifier import ResponseModifier
from gjax.model.sky import SkyModel
from gjax.model.spatial import (
    ConstantFlux,
    ConstantSpatial,
    Disk,
    Gaussian,
    GeneralizedGaussian,
    PiecewiseNormSpatial,
    Point,
    Shell,
    Shell2,
    TemplateMap,
)
from gjax.model.spectral import (
    BrokenPowerLaw,
    Constant,
    EBLAbsorptionNorm,
    ExpCutoffPowerLaw,
    ExpCutoffPowerLaw3FGL,
    ExpCutoffPowerLawNorm,
    GaussianLine,
    LogParabola,
    LogParabola2,
    LogParabolaNorm,
    MeyerCrab,
    PiecewiseNorm,
    PowerLaw,
    PowerLaw2,
    PowerLawNorm,
    SmoothBrokenPowerLaw,
    SuperExpCutoffPowerLaw3FGL,
    SuperExpCutoffPowerLaw4FGL,
    SuperExpCutoffPowerLaw4FGLDR3,
    Template,
    TemplateND,
)
from gjax.model.template_npred import TemplateNPred

__all__ = ["REGISTRY", "Entry", "entry_of", "lookup"]


class Entry(NamedTuple):
    """A registered class and the name that models files give to it.

    Parameters
    ----------
    cls :
        The class.
    name :
        Name in models files: Gammapy's where it has the model.
    make :
        Builds an example of a model that has no defaults, such as a table, for the tests and the
        gallery. By default the class itself, called without arguments.
    """

    cls: type
    name: str
    make: Callable[[], Any] | None = None

    def example(self) -> Any:
        """Build a model of this class, with its default parameters."""
        return (self.make or self.cls)()


def _three_energies() -> PiecewiseNorm:
    return PiecewiseNorm(energy=[0.1, 1.0, 10.0], norms=[0.8, 1.2, 0.9])


def _bump() -> Template:
    energy = np.geomspace(0.01, 100.0, 13)
    return Template(energy=energy, values=1e-12 * energy**-2 * np.exp(-(np.log(energy) ** 2) / 8))


def _power_laws() -> TemplateND:
    """Give a table over energy and two more axes."""
    energy = MapAxis.from_energy_bounds(0.01, 100.0, 8, name="energy_true")
    norm = MapAxis.from_nodes([0.5, 1.0, 2.0, 4.0], name="norm", interp="log")
    tilt = MapAxis.from_nodes([-1.0, 0.0, 1.0], name="tilt")
    factor = norm.center[:, None] * energy.center ** -(2.0 + tilt.center[:, None, None])
    return TemplateND(1e-12 * factor, (tilt, norm, energy))


def _absorption() -> EBLAbsorptionNorm:
    """Give an optical depth that grows with redshift and energy, as a coarse table."""
    energy, redshifts = np.geomspace(0.01, 30.0, 12), np.linspace(0.02, 0.5, 9)
    depth = 12.0 * redshifts[:, None] * energy**0.9
    return EBLAbsorptionNorm(energy=energy, redshifts=redshifts, values=np.exp(-depth))


SPECTRAL = {
    "const": Entry(Constant, "ConstantSpectralModel"),
    "pl": Entry(PowerLaw, "PowerLawSpectralModel"),
    "pl-norm": Entry(PowerLawNorm, "PowerLawNormSpectralModel"),
    "pl-2": Entry(PowerLaw2, "PowerLaw2SpectralModel"),
    "bpl": Entry(BrokenPowerLaw, "BrokenPowerLawSpectralModel"),
    "sbpl": Entry(SmoothBrokenPowerLaw, "SmoothBrokenPowerLawSpectralModel"),
    "ecpl": Entry(ExpCutoffPowerLaw, "ExpCutoffPowerLawSpectralModel"),
    "ecpl-norm": Entry(ExpCutoffPowerLawNorm, "ExpCutoffPowerLawNormSpectralModel"),
    "ecpl-3fgl": Entry(ExpCutoffPowerLaw3FGL, "ExpCutoffPowerLaw3FGLSpectralModel"),
    "secpl-3fgl": Entry(SuperExpCutoffPowerLaw3FGL, "SuperExpCutoffPowerLaw3FGLSpectralModel"),
    "secpl-4fgl": Entry(SuperExpCutoffPowerLaw4FGL, "SuperExpCutoffPowerLaw4FGLSpectralModel"),
    "secpl-4fgl-dr3": Entry(
        SuperExpCutoffPowerLaw4FGLDR3, "SuperExpCutoffPowerLaw4FGLDR3SpectralModel"
    ),
    "lp": Entry(LogParabola, "LogParabolaSpectralModel"),
    "lp2": Entry(LogParabola2, "LogParabola2SpectralModel"),
    "lp-norm": Entry(LogParabolaNorm, "LogParabolaNormSpectralModel"),
    "gauss": Entry(GaussianLine, "GaussianSpectralModel"),
    "piecewise-norm": Entry(PiecewiseNorm, "PiecewiseNormSpectralModel", _three_energies),
    "template": Entry(Template, "TemplateSpectralModel", _bump),
    "templateND": Entry(TemplateND, "TemplateNDSpectralModel", _power_laws),
    "ebl-norm": Entry(EBLAbsorptionNorm, "EBLAbsorptionNormSpectralModel", _absorption),
    "meyer-crab": Entry(MeyerCrab, "MeyerCrabSpectralModel"),
}


def _two_blobs() -> TemplateMap:
    geom = WcsGeom.create((0.0, 0.0), binsz=0.1, npix=(41, 31), frame="galactic")
    lon, lat = geom.coords()
    lon = (lon + 180.0) % 360.0 - 180.0
    blobs = [np.exp(-2.0 * ((lon - at) ** 2 + (lat - at / 2) ** 2)) for at in (-0.6, 0.9)]
    return TemplateMap.create(Map(blobs[0] + 0.5 * blobs[1], geom))


def _moving_blob() -> spatial.TemplateND:
    """Give a blob whose place and width are parameters."""
    geom = WcsGeom.create((0.0, 0.0), binsz=0.1, npix=(41, 31), frame="galactic")
    lon, lat = geom.coords()
    lon = (lon + 180.0) % 360.0 - 180.0
    shift = MapAxis.from_nodes([-0.8, 0.0, 0.8], name="shift", unit="deg")
    width = MapAxis.from_nodes([0.2, 0.4, 0.8], name="width", unit="deg", interp="log")
    away = (lon - shift.center[:, None, None, None]) ** 2 + lat**2
    squared = width.center[:, None, None] ** 2
    blob = np.exp(-0.5 * away / squared) / (2 * np.pi * np.radians(1.0) ** 2 * squared)
    return spatial.TemplateND.create(Map(blob, geom, (shift, width)))


def _five_places() -> PiecewiseNormSpatial:
    return PiecewiseNormSpatial(
        lon=[-1.0, 1.0, 0.0, -1.0, 1.0],
        lat=[-1.0, -1.0, 0.0, 1.0, 1.0],
        norms=(0.8, 1.0, 1.3, 1.0, 1.0),
    )


SPATIAL = {
    "point": Entry(Point, "PointSpatialModel"),
    "gauss": Entry(Gaussian, "GaussianSpatialModel"),
    "gauss-general": Entry(GeneralizedGaussian, "GeneralizedGaussianSpatialModel"),
    "disk": Entry(Disk, "DiskSpatialModel"),
    "shell": Entry(Shell, "ShellSpatialModel"),
    "shell2": Entry(Shell2, "Shell2SpatialModel"),
    "const": Entry(ConstantSpatial, "ConstantSpatialModel"),
    "const-flux": Entry(ConstantFlux, "ConstantFluxSpatialModel"),
    "template": Entry(TemplateMap, "TemplateSpatialModel", _two_blobs),
    "templateND": Entry(spatial.TemplateND, "TemplateNDSpatialModel", _moving_blob),
    "piecewise-norm": Entry(PiecewiseNormSpatial, "PiecewiseNormSpatialModel", _five_places),
}

TEMPORAL = {
    "const": Entry(temporal.Constant, "ConstantTemporalModel"),
    "linear": Entry(temporal.Linear, "LinearTemporalModel"),
    "exp-decay": Entry(temporal.ExpDecay, "ExpDecayTemporalModel"),
    "gauss": Entry(temporal.Gaussian, "GaussianTemporalModel"),
    "gengauss": Entry(temporal.GeneralizedGaussian, "GeneralizedGaussianTemporalModel"),
    "powerlaw": Entry(temporal.PowerLaw, "PowerLawTemporalModel"),
    "sinus": Entry(temporal.Sine, "SineTemporalModel"),
    "template": Entry(
        temporal.LightCurveTemplate,
        "LightCurveTemplateTemporalModel",
        lambda: temporal.LightCurveTemplate(time=[0.0, 1.0, 3.0, 4.0], norm=[0.5, 1.0, 0.2, 0.4]),
    ),
    "template-phase": Entry(
        temporal.TemplatePhaseCurve,
        "TemplatePhaseCurveTemporalModel",
        lambda: temporal.TemplatePhaseCurve(phase=[0.1, 0.4, 0.5, 0.8], norm=[0.5, 0.5, 2.0, 1.0]),
    ),
}

COMPONENT = {
    "sky-model": Entry(SkyModel, "SkyModel"),
    "fov-bkg": Entry(FoVBackground, "FoVBackgroundModel"),
    "template-npred": Entry(TemplateNPred, "TemplateNPredModel"),
    "response": Entry(ResponseModifier, "ResponseModifier"),
}

#: Registered classes by kind and short tag.
REGISTRY: dict[str, dict[str, Entry]] = {
    "spectral": SPECTRAL,
    "spatial": SPATIAL,
    "temporal": TEMPORAL,
    "component": COMPONENT,
}


def lookup(kind: str, tag: str, also: Iterable[str] = ()) -> type:
    """Find a model class by any of its names.

    Parameters
    ----------
    kind :
        ``"spectral"``, ``"spatial"``, ``"temporal"`` or ``"component"``.
    tag :
        Short tag (``"pl"``), name in models files (``"PowerLawSpectralModel"``) or class name
        (``"PowerLaw"``).
    also :
        Further names that may have been meant, for the message.

    Raises
    ------
    gjax.errors.UnknownNameError
        If there is no such model; the message gives the nearest name.

    Examples
    --------
    >>> lookup("spectral", "pl").__name__
    'PowerLaw'
    >>> lookup("spatial", "GausianSpatialModel")
    Traceback (most recent call last):
        ...
    gjax.errors.UnknownNameError: unknown spatial model 'GausianSpatialModel'; ...
    """
    entries = _entries(kind)
    names = {
        name: entry.cls
        for short, entry in entries.items()
        for name in (short, entry.name, entry.cls.__name__)
    }
    if tag in names:
        return names[tag]
    meant = {name.lower(): name for name in (*names, *also)}
    near = difflib.get_close_matches(str(tag).lower(), meant, n=1, cutoff=0.5)
    hint = f"did you mean {meant[near[0]]!r}? " if near else ""
    known = ", ".join(f"{entry.name} ({short})" for short, entry in entries.items())
    raise UnknownNameError(f"unknown {kind} model {tag!r}; {hint}There are: {known}")


def entry_of(kind: str, model: Any) -> Entry:
    """Find the entry of a model's class.

    Raises
    ------
    gjax.errors.UnknownNameError
        If the class is not registered, as those of composed models.
    """
    for entry in _entries(kind).values():
        if type(model) is entry.cls:
            return entry
    raise UnknownNameError(f"{type(model).__name__} is not a registered {kind} model")


def _entries(kind: str) -> dict[str, Entry]:
    if kind not in REGISTRY:
        raise UnknownNameError(f"unknown kind of model {kind!r}; there are: {', '.join(REGISTRY)}")
    return REGISTRY[kind]
