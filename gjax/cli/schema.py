"""The keys of a configuration and their defaults.

The sections, keys and defaults are those of the high-level interface of Gammapy 2.1
(``gammapy.analysis.AnalysisConfig``), so that a configuration written for it is read unchanged.
What gjax adds stands under one key, ``gjax``. Reading a file, and refusing what is not supported,
happens in `gjax.cli.config`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from astropy import units as u
from pydantic import BaseModel, ConfigDict, Field

from gjax.cli.fields import Angle, Energy, FilePath, Time

__all__ = [
    "Analysis",
    "Background",
    "Datasets",
    "EnergyAxes",
    "EnergyAxis",
    "EnergyRange",
    "ExcessMap",
    "Fit",
    "FluxPoints",
    "General",
    "Geom",
    "Gjax",
    "LightCurve",
    "Log",
    "Minimiser",
    "Observations",
    "SafeMask",
    "Sampler",
    "Section",
    "Selection",
    "SkyCircle",
    "SkyPosition",
    "TimeRange",
    "Wcs",
    "Width",
]

Frame: TypeAlias = Literal["icrs", "galactic"]
MapName: TypeAlias = Literal["counts", "exposure", "background", "psf", "edisp"]
SafeMaskMethod: TypeAlias = Literal[
    "aeff-default", "aeff-max", "edisp-bias", "offset-max", "bkg-peak"
]
HDUType: TypeAlias = Literal["events", "gti", "aeff", "bkg", "edisp", "psf", "rad_max"]
PositiveInt: TypeAlias = Annotated[int, Field(gt=0)]


class Section(BaseModel):
    """A group of keys; unknown ones are refused."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", frozen=True)


class SkyPosition(Section):
    """A direction on the sky."""

    frame: Frame | None = None
    lon: Angle | None = None
    lat: Angle | None = None


class SkyCircle(Section):
    """A circle on the sky."""

    frame: Frame | None = None
    lon: Angle | None = None
    lat: Angle | None = None
    radius: Angle | None = None


class EnergyAxis(Section):
    """An axis of ``nbins`` bins of equal width in log energy."""

    min: Energy | None = None
    max: Energy | None = None
    nbins: int | None = None


class EnergyRange(Section):
    """An energy range, open where an end is missing."""

    min: Energy | None = None
    max: Energy | None = None


class TimeRange(Section):
    """One time interval, or lists of starts and stops."""

    start: Time | None = None
    stop: Time | None = None


class Log(Section):
    """How the log is written; the keys are those of `logging.basicConfig`."""

    level: str = "info"
    filename: FilePath | None = None
    filemode: str | None = None
    format: str | None = None
    datefmt: str | None = None


class General(Section):
    """Log, output folder and files."""

    log: Log = Log()
    outdir: str = "."
    n_jobs: int = 1
    datasets_file: FilePath | None = None
    models_file: FilePath | None = None


class Observations(Section):
    """Which observations are analysed."""

    datastore: FilePath = Path("$GAMMAPY_DATA/hess-dl3-dr1/")
    obs_ids: list[int] = []
    obs_file: FilePath | None = None
    obs_cone: SkyCircle = SkyCircle()
    obs_time: TimeRange = TimeRange()
    required_irf: list[HDUType] = ["aeff", "edisp", "psf", "bkg"]


class Width(Section):
    """Width and height of a map."""

    width: Angle = 5 * u.deg
    height: Angle = 5 * u.deg


class Wcs(Section):
    """Sky geometry of the maps."""

    skydir: SkyPosition = SkyPosition()
    binsize: Angle = 0.02 * u.deg
    width: Width = Width()
    binsize_irf: Angle = 0.2 * u.deg


class Selection(Section):
    """Half of the width of the cutout that each observation fills."""

    offset_max: Angle = 2.5 * u.deg


class EnergyAxes(Section):
    """Axes of reconstructed and of true energy."""

    energy: EnergyAxis = EnergyAxis(min=1 * u.TeV, max=10 * u.TeV, nbins=5)
    energy_true: EnergyAxis = EnergyAxis(min=0.5 * u.TeV, max=20 * u.TeV, nbins=16)


class Geom(Section):
    """Geometry of the reduced data."""

    wcs: Wcs = Wcs()
    selection: Selection = Selection()
    axes: EnergyAxes = EnergyAxes()


class Background(Section):
    """How the background is estimated."""

    method: Literal["reflected", "fov_background", "ring"] | None = None
    exclusion: FilePath | None = None
    parameters: dict[str, Any] = {}


class SafeMask(Section):
    """Which bins count as well understood."""

    methods: list[SafeMaskMethod] = ["aeff-default"]
    parameters: dict[str, Any] = {}


class Datasets(Section):
    """How observations are reduced to datasets."""

    type: Literal["1d", "3d"] = "1d"
    stack: bool = True
    geom: Geom = Geom()
    map_selection: list[MapName] = ["counts", "exposure", "background", "psf", "edisp"]
    background: Background = Background()
    safe_mask: SafeMask = SafeMask()
    on_region: SkyCircle = SkyCircle()
    containment_correction: bool = True


class Fit(Section):
    """The fit."""

    fit_range: EnergyRange = EnergyRange()


class FluxPoints(Section):
    """Flux points of one source."""

    energy: EnergyAxis = EnergyAxis()
    source: str = "source"
    parameters: dict[str, Any] = {"selection_optional": "all"}


class ExcessMap(Section):
    """Maps of excess and significance."""

    correlation_radius: Angle = 0.1 * u.deg
    parameters: dict[str, Any] = {}
    energy_edges: EnergyAxis = EnergyAxis()


class LightCurve(Section):
    """Light curve of one source."""

    time_intervals: TimeRange = TimeRange()
    energy_edges: EnergyAxis = EnergyAxis()
    source: str = "source"
    parameters: dict[str, Any] = {"selection_optional": "all"}


class Sampler(Section):
    """The posterior: length of the Markov chains, and the file that keeps their state.

    A relative ``checkpoint`` lies in the output folder. A run that was killed goes on where it was
    kept last, with the same draws; once the posterior is written, the file is removed.
    """

    chains: PositiveInt = 4
    warmup: PositiveInt = 200
    samples: PositiveInt = 1000
    seed: int | None = None
    checkpoint: FilePath | None = None


class Minimiser(Section):
    """How the minimum is searched: ``method`` is that of `gjax.fit`."""

    method: Literal["newton", "lbfgs", "minuit"] = "newton"


class Gjax(Section):
    """What gjax adds to the keys of Gammapy.

    ``folding`` chooses the numerical conventions of the prediction: gjax's own, or Gammapy's to
    reproduce its numbers; ``precision`` is that of images and their convolution. ``fit`` chooses
    the minimiser. ``seed`` starts every random number of the run, ``sampler`` asks for a posterior,
    ``pictures`` for pictures. ``on_error`` says what becomes of observations and datasets that
    cannot be read or reduced: they end the run, or are left out with a warning. ``fit_ranges``
    gives single datasets (by name, or by a pattern such as ``obs-*``) a range of their own in the
    place of ``fit.fit_range``.
    """

    folding: Literal["gjax", "gammapy"] = "gjax"
    precision: Literal["float64", "float32"] = "float64"
    fit: Minimiser = Minimiser()
    seed: int = 0
    sampler: Sampler | None = None
    pictures: bool = True
    on_error: Literal["stop", "skip"] = "stop"
    fit_ranges: dict[str, EnergyRange] = {}


class Analysis(Section):
    """A whole configuration."""

    general: General = General()
    observations: Observations = Observations()
    datasets: Datasets = Datasets()
    fit: Fit = Fit()
    flux_points: FluxPoints = FluxPoints()
    excess_map: ExcessMap = ExcessMap()
    light_curve: LightCurve = LightCurve()
    gjax: Gjax = Gjax()
    metadata: dict[str, Any] | None = None
