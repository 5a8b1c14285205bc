"""Light curves: dimensionless factors on the flux of a source, integrated exactly over time."""

from __future__ import annotations

from gjax.model.temporal.abstract import AbstractTemporal
from gjax.model.temporal.phase import TemplatePhaseCurve
from gjax.model.temporal.pulse import Gaussian, GeneralizedGaussian
from gjax.model.temporal.smooth import Constant, ExpDecay, Linear, PowerLaw, Sine
from gjax.model.temporal.template import LightCurveTemplate

__all__ = [
    "AbstractTemporal",
    "Constant",
    "ExpDecay",
    "Gaussian",
    "GeneralizedGaussian",
    "LightCurveTemplate",
    "Linear",
    "PowerLaw",
    "Sine",
    "TemplatePhaseCurve",
]
