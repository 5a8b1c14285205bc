"""How models are folded with responses: the accurate way, and Gammapy's way for comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["FOLDINGS", "GAMMAPY", "Folding", "Precision", "folding_named"]

Precision = Literal["float64", "float32"]


@dataclass(frozen=True)
class Folding:
    """Choices of the numerical folding; the defaults are the accurate ones.

    Parameters
    ----------
    point :
        ``"profile"`` integrates the radial profile of the PSF over the pixels: smooth in position.
        ``"bilinear"`` spreads a point source over the four nearest pixels and convolves.
    kernel :
        ``"integrated"`` integrates a cubic profile over the pixels of the convolution kernel;
        ``"sampled"`` samples a linear profile at the centres of a few sub-pixels and truncates each
        energy at its 99.9% radius.
    lookup :
        How responses are found between the pixels of their coarse map: ``"linear"``, or
        ``"nearest"`` for the energy dispersion.
    soften_edges :
        Whether the edge of a disk is averaged over the sub-pixels on which it is evaluated. Without
        that its radius has spurious curvature, and errors come out too small by a factor of two.
    beyond_border :
        Whether emission from beyond the border of the map scatters into it.
    containment :
        Fraction of the PSF that the window of a source must hold.
    spatial_oversampling :
        Sub-pixels of an extended model, in units of the least that resolve it.
    whole_sources :
        Whether the pixels of an extended source that is all on its window add up to one, however
        small it is.
    template_energy :
        ``"mean"`` averages a template that is a spectrum in every pixel over the bins of true
        energy; ``"center"`` takes it at their centres.
    precision :
        Of images, their convolution and the exposure of maps. Positions, spectra, sums and the
        statistic are always in ``"float64"``.
    """

    point: Literal["profile", "bilinear"] = "profile"
    kernel: Literal["integrated", "sampled"] = "integrated"
    lookup: Literal["linear", "nearest"] = "linear"
    soften_edges: bool = True
    beyond_border: bool = True
    containment: float = 0.999
    spatial_oversampling: int = 2
    whole_sources: bool = True
    template_energy: Literal["mean", "center"] = "mean"
    precision: Precision = "float64"


#: Gammapy's conventions, to reproduce its predicted counts and statistic.
GAMMAPY = Folding(
    point="bilinear",
    kernel="sampled",
    lookup="nearest",
    soften_edges=False,
    beyond_border=False,
    spatial_oversampling=1,
    whole_sources=False,
    template_energy="center",
)

#: The conventions by name, as a configuration gives them.
FOLDINGS = {"gjax": Folding(), "gammapy": GAMMAPY}


def folding_named(name: str, precision: Precision = "float64") -> Folding:
    """Give the conventions of a name, see `FOLDINGS`, in a precision."""
    return replace(FOLDINGS[name], precision=precision)
