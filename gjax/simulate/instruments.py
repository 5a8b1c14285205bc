r"""Instruments that ship with the package: response tables made from short formulas.

With energy :math:`E` in TeV and offset :math:`\theta` in deg, an `InstrumentFormula` says

- effective area in cm2: :math:`A = A_1\,E^{a}\,t(E)\,[1 + E/E_s]^{-a}\,r(\theta)`, a power law with
  the threshold :math:`t = [1 + (E/E_t)^{-b}]^{-1}` and a saturation;
- off-axis roll-off: :math:`r(\theta) = [1 + (\theta/w)^4]^{-1}`, with a half-width :math:`w` that
  grows with the logarithm of the energy;
- point spread function: three Gaussians of widths :math:`\sigma, 2\sigma, 4\sigma` with 80%, 17%
  and 3% of the events; their common scale follows from the 68% containment radius
  :math:`R = [R_1^2 (E/0.1)^{-2p} + R_\infty^2]^{1/2}\,[1 + (\theta/\theta_R)^2]`;
- energy dispersion: a log-normal distribution of migra = energy / energy_true, with the width
  :math:`s = [s_\infty^2 + s_1^2/E]^{1/2}` and the median :math:`1 + \beta\,(E/E_t)^{-3/2}`;
- background in TeV-1 s-1 sr-1: :math:`B = B_1\,E^{-2.7}\,(1 + E)^{-0.7}\,t(E)^2\,
  r(\theta)`, from :math:`E^{-2.7}` at low to :math:`E^{-3.4}` at high energies.

They are made to look like an array, not to describe one: nothing here is the response of a real
instrument. The tables interpolate between their nodes as those of any instrument do. Events are
drawn in `gjax.simulate.events`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from gjax.events.gti import GTI
from gjax.events.observation import Observation
from gjax.events.pointing import Pointing
from gjax.irf.aeff import EffectiveArea
from gjax.irf.background import Background3D
from gjax.irf.edisp import EnergyDispersion
from gjax.irf.psf import DEG2_PER_SR, PSF3Gauss
from gjax.irf.table import Table
from gjax.maps.axis import MapAxis
from gjax.typing import ArrayLike
from gjax.units import to_internal

__all__ = ["Instrument", "InstrumentFormula", "cta_like", "hess_like", "observation"]

#: Widths and shares of the three Gaussians of the point spread function.
_WIDTHS = (1.0, 2.0, 4.0)
_SHARES = (0.80, 0.17, 0.03)


class Instrument(eqx.Module):
    """A full set of response tables.

    Parameters
    ----------
    name :
        Name of the instrument, written into the observations.
    aeff, edisp, psf, bkg :
        The responses.
    """

    name: str = eqx.field(static=True)
    aeff: EffectiveArea
    edisp: EnergyDispersion
    psf: PSF3Gauss
    bkg: Background3D


@dataclass(frozen=True)
class InstrumentFormula:
    r"""The numbers in the formulas at the top of this module.

    Parameters
    ----------
    name :
        Name of the instrument.
    area, area_index :
        :math:`A_1` in cm2 and :math:`a`.
    threshold, threshold_index :
        :math:`E_t` in TeV and :math:`b`.
    saturation :
        :math:`E_s` in TeV.
    half_width, half_width_slope, half_width_min :
        Roll-off radius in deg at 1 TeV, its growth per decade of energy, and its least value.
    psf_radius, psf_index, psf_floor, psf_offset :
        :math:`R_1` in deg at 0.1 TeV, :math:`p`, and :math:`R_\infty` and :math:`\theta_R` in deg.
    resolution, resolution_floor, bias :
        :math:`s_1` at 1 TeV, :math:`s_\infty` and :math:`\beta`.
    background :
        :math:`B_1` in TeV-1 s-1 sr-1.
    energy_min, energy_max :
        Range of the tables in TeV.
    offset_max :
        Radius of the field of view in deg.
    """

    name: str
    area: float
    area_index: float
    threshold: float
    threshold_index: float
    saturation: float
    half_width: float
    half_width_slope: float
    half_width_min: float
    psf_radius: float
    psf_index: float
    psf_floor: float
    psf_offset: float
    resolution: float
    resolution_floor: float
    bias: float
    background: float
    energy_min: float
    energy_max: float
    offset_max: float

    def rolloff(self, energy: ArrayLike, offset: ArrayLike) -> np.ndarray:
        """Give the response at ``offset`` (deg) over that on axis, at ``energy`` (TeV)."""
        width = self.half_width + self.half_width_slope * np.log10(energy)
        return 1 / (1 + (offset / np.maximum(width, self.half_width_min)) ** 4)

    def effective_area(self, energy_true: ArrayLike, offset: ArrayLike) -> np.ndarray:
        """Give the effective area in cm2 at true energies in TeV and offsets in deg."""
        turn_on = 1 / (1 + (energy_true / self.threshold) ** -self.threshold_index)
        level = (1 + energy_true / self.saturation) ** -self.area_index
        area = self.area * energy_true**self.area_index * turn_on * level
        return area * self.rolloff(energy_true, offset)

    def containment_radius(self, energy_true: ArrayLike, offset: ArrayLike) -> np.ndarray:
        """Give the radius in deg that holds 68% of the events of a point source."""
        core = self.psf_radius * (energy_true / 0.1) ** -self.psf_index
        return np.hypot(core, self.psf_floor) * (1 + (offset / self.psf_offset) ** 2)

    def energy_resolution(self, energy_true: ArrayLike) -> np.ndarray:
        """Give the standard deviation of the logarithm of migra."""
        return np.sqrt(self.resolution_floor**2 + self.resolution**2 / energy_true)

    def median_migra(self, energy_true: ArrayLike) -> np.ndarray:
        """Give the median of migra = energy / energy_true."""
        return 1 + self.bias * (energy_true / self.threshold) ** -1.5

    def background_rate(self, energy: ArrayLike, offset: ArrayLike) -> np.ndarray:
        """Give the background rate in TeV-1 s-1 sr-1 at energies in TeV and offsets in deg."""
        turn_on = 1 / (1 + (energy / self.threshold) ** -self.threshold_index)
        rate = self.background * energy**-2.7 * (1 + energy) ** -0.7 * turn_on**2
        return rate * self.rolloff(energy, offset)

    def instrument(self) -> Instrument:
        """Fill the response tables."""
        return Instrument(
            name=self.name,
            aeff=_effective_area(self),
            edisp=_energy_dispersion(self),
            psf=_psf(self),
            bkg=_background(self),
        )


def _axes(formula: InstrumentFormula, offset_step: float) -> tuple[MapAxis, MapAxis]:
    """Make the axes of true energy (ten bins per decade) and offset."""
    decades = np.log10(formula.energy_max / formula.energy_min)
    energy_true = MapAxis.from_energy_bounds(
        formula.energy_min, formula.energy_max, round(10 * decades), name="energy_true"
    )
    nbin = round(formula.offset_max / offset_step)
    offset = MapAxis.from_bounds(0.0, formula.offset_max, nbin, "offset", "deg", "lin")
    return energy_true, offset


def _effective_area(formula: InstrumentFormula) -> EffectiveArea:
    energy_true, offset = _axes(formula, 0.25)
    area = formula.effective_area(energy_true.center[:, None], offset.center)
    return EffectiveArea(Table(area, (energy_true, offset), unit="cm2"))


def _energy_dispersion(formula: InstrumentFormula) -> EnergyDispersion:
    """Fill the table with averages over migra bins, so that each row sums to one."""
    energy_true, offset = _axes(formula, formula.offset_max / 2)
    migra = MapAxis.from_bounds(0.2, 3.2, 150, "migra", "", "lin")
    center = energy_true.center[:, None]
    pull = np.log(migra.edges / formula.median_migra(center)) / formula.energy_resolution(center)
    rows = np.diff(ndtr(pull), axis=1)
    density = rows / rows.sum(axis=1, keepdims=True) / np.diff(migra.edges)
    cube = np.repeat(density[:, :, None], offset.nbin, axis=2)
    return EnergyDispersion(Table(cube, (energy_true, migra, offset)))


def _psf(formula: InstrumentFormula) -> PSF3Gauss:
    energy_true, offset = _axes(formula, 0.5)
    sigma = formula.containment_radius(energy_true.center[:, None], offset.center) / _radius_ratio()
    # Amplitudes relative to the first; the share of a Gaussian is amplitude times width squared.
    second, third = (
        share / _SHARES[0] / width**2 for share, width in zip(_SHARES[1:], _WIDTHS[1:], strict=True)
    )
    one = np.ones_like(sigma)
    scale = _SHARES[0] * DEG2_PER_SR / (2 * np.pi * sigma**2)
    return PSF3Gauss(
        sigma_1=_WIDTHS[0] * sigma,
        sigma_2=_WIDTHS[1] * sigma,
        sigma_3=_WIDTHS[2] * sigma,
        scale=scale,
        ampl_2=second * one,
        ampl_3=third * one,
        energy_true=energy_true,
        offset=offset,
    )


def _radius_ratio() -> float:
    """Ratio of the 68% containment radius to the width of the narrowest Gaussian."""

    def missing(radius: float) -> float:
        terms = zip(_SHARES, _WIDTHS, strict=True)
        return sum(share * np.exp(-0.5 * (radius / width) ** 2) for share, width in terms) - 0.32

    return float(brentq(missing, 0.5, 5.0))


def _background(formula: InstrumentFormula) -> Background3D:
    """Fill a square table; the rate goes on beyond the radius of the field of view."""
    decades = np.log10(formula.energy_max / formula.energy_min)
    energy = MapAxis.from_energy_bounds(
        formula.energy_min, formula.energy_max, round(10 * decades), name="energy"
    )
    nbin = 2 * round(formula.offset_max / 0.25)
    bounds = (-formula.offset_max, formula.offset_max, nbin)
    lon, lat = (MapAxis.from_bounds(*bounds, name, "deg", "lin") for name in ("fov_lon", "fov_lat"))
    offset = np.hypot(lon.center[:, None], lat.center)
    rate = formula.background_rate(energy.center[:, None, None], offset)
    table = Table(rate, (energy, lon, lat), unit="s-1 TeV-1 sr-1", scale="log")
    return Background3D(table, fov_alignment="RADEC")


_CTA = InstrumentFormula(
    name="CTA-like",
    area=6.4e9,
    area_index=0.8,
    threshold=0.04,
    threshold_index=2.5,
    saturation=30.0,
    half_width=3.2,
    half_width_slope=0.5,
    half_width_min=2.0,
    psf_radius=0.15,
    psf_index=0.30,
    psf_floor=0.02,
    psf_offset=5.0,
    resolution=0.054,
    resolution_floor=0.06,
    bias=0.15,
    background=11.0,
    energy_min=0.02,
    energy_max=200.0,
    offset_max=5.0,
)

_HESS = InstrumentFormula(
    name="HESS-like",
    area=1.6e9,
    area_index=0.6,
    threshold=0.3,
    threshold_index=3.5,
    saturation=30.0,
    half_width=2.0,
    half_width_slope=0.3,
    half_width_min=1.4,
    psf_radius=0.14,
    psf_index=0.15,
    psf_floor=0.05,
    psf_offset=3.5,
    resolution=0.08,
    resolution_floor=0.10,
    bias=0.20,
    background=40.0,
    energy_min=0.05,
    energy_max=100.0,
    offset_max=2.5,
)


def cta_like() -> Instrument:
    """Responses that look like those of a large array of Cherenkov telescopes.

    On axis: 1e8 cm2 at 30 GeV, 6e9 cm2 at 1 TeV and 3e10 cm2 at 10 TeV; 68% containment within 0.15
    deg at 100 GeV and 0.04 deg at 10 TeV; an energy resolution of 25% at 50 GeV and 6% at 10 TeV;
    two to three background events per second above 100 GeV in the field of view of 5 deg radius.
    """
    return _CTA.instrument()


def hess_like() -> Instrument:
    """Responses that look like those of four telescopes, with a threshold of 0.3 TeV."""
    return _HESS.instrument()


def observation(
    instrument: Instrument,
    pointing: tuple[Any, Any],
    livetime: Any,
    *,
    obs_id: int = 1,
    start: float = 0.0,
    reference: float = 60676.0,
    deadtime_fraction: float = 0.02,
    object_name: str = "simulated",
) -> Observation:
    """Plan an observation: everything but the events.

    Parameters
    ----------
    instrument :
        The responses.
    pointing :
        Right ascension and declination in deg (or Quantities).
    livetime :
        Live time in s (or a Quantity).
    obs_id :
        Identifier.
    start, reference :
        Begin of the observation in s since ``reference`` (MJD, TT).
    deadtime_fraction :
        Share of the time in which the instrument is busy; the observation takes
        ``livetime / (1 - deadtime_fraction)``.
    object_name :
        What was observed, for the headers.

    Raises
    ------
    ValueError
        If the live time is not positive or the dead time not in [0, 1).
    """
    livetime = float(to_internal(livetime, "s", "livetime"))
    if not livetime > 0:
        raise ValueError(f"livetime must be positive, got {livetime} s")
    if not 0 <= deadtime_fraction < 1:
        raise ValueError(f"deadtime_fraction must be in [0, 1), got {deadtime_fraction}")
    ontime = livetime / (1 - deadtime_fraction)
    return Observation(
        obs_id=obs_id,
        gti=GTI(start, start + ontime, reference),
        pointing=Pointing(*pointing),
        aeff=instrument.aeff,
        edisp=instrument.edisp,
        psf=instrument.psf,
        bkg=instrument.bkg,
        deadtime_fraction=deadtime_fraction,
        meta=(("object", object_name), ("telescop", instrument.name), ("instrume", "gjax")),
    )
