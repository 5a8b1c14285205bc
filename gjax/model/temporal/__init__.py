"""Light curves: dimensionless factors on the flux of a source, integrated exactly over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.model.temporal.abstract import AbstractTemporal as AbstractTemporal
    from gjax.model.temporal.phase import TemplatePhaseCurve as TemplatePhaseCurve
    from gjax.model.temporal.pulse import Gaussian as Gaussian
    from gjax.model.temporal.pulse import GeneralizedGaussian as GeneralizedGaussian
    from gjax.model.temporal.smooth import Constant as Constant
    from gjax.model.temporal.smooth import ExpDecay as ExpDecay
    from gjax.model.temporal.smooth import Linear as Linear
    from gjax.model.temporal.smooth import PowerLaw as PowerLaw
    from gjax.model.temporal.smooth import Sine as Sine
    from gjax.model.temporal.template import LightCurveTemplate as LightCurveTemplate

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

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.model.temporal.abstract": ("AbstractTemporal",),
        "gjax.model.temporal.phase": ("TemplatePhaseCurve",),
        "gjax.model.temporal.pulse": ("Gaussian", "GeneralizedGaussian"),
        "gjax.model.temporal.smooth": ("Constant", "ExpDecay", "Linear", "PowerLaw", "Sine"),
        "gjax.model.temporal.template": ("LightCurveTemplate",),
    },
)
