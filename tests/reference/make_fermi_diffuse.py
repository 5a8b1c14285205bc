"""Predict the Galactic diffuse and an isotropic emission for Fermi-LAT with Gammapy.

Needs ``$GAMMAPY_DATA``; prints the counts per energy bin that `tests/predict/test_template.py`
compares with.
"""

import os
from pathlib import Path

import astropy.units as u
import gammapy
from gammapy.datasets import MapDataset
from gammapy.maps import Map
from gammapy.modeling.models import (
    ConstantSpatialModel,
    PowerLawNormSpectralModel,
    PowerLawSpectralModel,
    SkyModel,
    TemplateSpatialModel,
)

FOLDER = Path(os.environ["GAMMAPY_DATA"]) / "fermi-3fhl-gc"


def main():
    """Predict each model alone."""
    path = FOLDER / "gll_iem_v06_gc.fits.gz"
    diffuse = SkyModel(
        spectral_model=PowerLawNormSpectralModel(norm=1.1, tilt=0.05, reference=100 * u.GeV),
        spatial_model=TemplateSpatialModel(Map.read(path), normalize=False, filename=path),
        name="diffuse",
    )
    isotropic = SkyModel(
        spectral_model=PowerLawSpectralModel(
            index=2.3, amplitude="1e-14 cm-2 s-1 MeV-1", reference="10 GeV"
        ),
        spatial_model=ConstantSpatialModel(),
        name="isotropic",
    )
    print("Gammapy", gammapy.__version__)
    for model in (diffuse, isotropic):
        dataset = MapDataset.read(FOLDER / "fermi-3fhl-gc.fits.gz", name="fermi")
        dataset.background = None
        dataset.models = [model]
        print(model.name, dataset.npred().data.sum(axis=(1, 2)).tolist())


if __name__ == "__main__":
    main()
