"""Inference: everything here is a transformation of the one objective function.

`fit` finds the best values with their covariance, `gjax.sample` draws from the posterior. From a
fit follow asymmetric errors, limits, profiles and contours, derived quantities such as fluxes, and
comparisons with other models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gjax.infer.derived import derived as derived
from gjax.infer.fit import fit as fit
from gjax.lazy import lazy_names

if TYPE_CHECKING:
    from gjax.infer.calibrate import GoodnessOfFit as GoodnessOfFit
    from gjax.infer.calibrate import ToyTest as ToyTest
    from gjax.infer.calibrate import goodness_of_fit as goodness_of_fit
    from gjax.infer.calibrate import toy_test as toy_test
    from gjax.infer.compare import Comparison as Comparison
    from gjax.infer.compare import aic as aic
    from gjax.infer.compare import bic as bic
    from gjax.infer.compare import compare_nested as compare_nested
    from gjax.infer.compare import p_value_nested as p_value_nested
    from gjax.infer.coverage import Coverage as Coverage
    from gjax.infer.coverage import check_coverage as check_coverage
    from gjax.infer.derived import Derived as Derived
    from gjax.infer.derived import DerivedDraws as DerivedDraws
    from gjax.infer.limits import AsymmetricErrors as AsymmetricErrors
    from gjax.infer.limits import Limit as Limit
    from gjax.infer.limits import errors_asymmetric as errors_asymmetric
    from gjax.infer.limits import lower_limit as lower_limit
    from gjax.infer.limits import upper_limit as upper_limit
    from gjax.infer.objective import Objective as Objective
    from gjax.infer.objective import make_objective as make_objective
    from gjax.infer.profile import StatContour as StatContour
    from gjax.infer.profile import StatProfile as StatProfile
    from gjax.infer.profile import StatSurface as StatSurface
    from gjax.infer.profile import stat_contour as stat_contour
    from gjax.infer.profile import stat_profile as stat_profile
    from gjax.infer.profile import stat_surface as stat_surface
    from gjax.infer.result import FitResult as FitResult
    from gjax.infer.spectral_results import FluxBand as FluxBand
    from gjax.infer.spectral_results import energy_flux as energy_flux
    from gjax.infer.spectral_results import flux_band as flux_band
    from gjax.infer.spectral_results import peak_energy as peak_energy
    from gjax.infer.spectral_results import photon_flux as photon_flux
    from gjax.infer.spectral_results import pivot_energy as pivot_energy
    from gjax.infer.spectral_results import spectral_index as spectral_index
    from gjax.infer.starts import LocalMinimum as LocalMinimum
    from gjax.infer.starts import MultiStart as MultiStart
    from gjax.infer.starts import multi_start as multi_start

__all__ = [
    "AsymmetricErrors",
    "Comparison",
    "Coverage",
    "Derived",
    "DerivedDraws",
    "FitResult",
    "FluxBand",
    "GoodnessOfFit",
    "Limit",
    "LocalMinimum",
    "MultiStart",
    "Objective",
    "StatContour",
    "StatProfile",
    "StatSurface",
    "ToyTest",
    "aic",
    "bic",
    "check_coverage",
    "compare_nested",
    "derived",
    "energy_flux",
    "errors_asymmetric",
    "fit",
    "flux_band",
    "goodness_of_fit",
    "lower_limit",
    "make_objective",
    "multi_start",
    "p_value_nested",
    "peak_energy",
    "photon_flux",
    "pivot_energy",
    "spectral_index",
    "stat_contour",
    "stat_profile",
    "stat_surface",
    "toy_test",
    "upper_limit",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "gjax.infer.calibrate": ("GoodnessOfFit", "ToyTest", "goodness_of_fit", "toy_test"),
        "gjax.infer.compare": ("Comparison", "aic", "bic", "compare_nested", "p_value_nested"),
        "gjax.infer.coverage": ("Coverage", "check_coverage"),
        "gjax.infer.derived": ("Derived", "DerivedDraws"),
        "gjax.infer.limits": (
            "AsymmetricErrors",
            "Limit",
            "errors_asymmetric",
            "lower_limit",
            "upper_limit",
        ),
        "gjax.infer.objective": ("Objective", "make_objective"),
        "gjax.infer.profile": (
            "StatContour",
            "StatProfile",
            "StatSurface",
            "stat_contour",
            "stat_profile",
            "stat_surface",
        ),
        "gjax.infer.result": ("FitResult",),
        "gjax.infer.spectral_results": (
            "FluxBand",
            "energy_flux",
            "flux_band",
            "peak_energy",
            "photon_flux",
            "pivot_energy",
            "spectral_index",
        ),
        "gjax.infer.starts": ("LocalMinimum", "MultiStart", "multi_start"),
    },
)
