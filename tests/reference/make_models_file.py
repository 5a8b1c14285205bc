"""Write data/models/*.yaml and .dat: a models file as Gammapy writes it, in its own units.

Run in an environment with Gammapy: ``python make_models_file.py``.
"""

from pathlib import Path

import numpy as np
from gammapy.modeling.models import (
    DiskSpatialModel,
    FoVBackgroundModel,
    GaussianPrior,
    GaussianSpatialModel,
    LogParabolaSpectralModel,
    LogUniformPrior,
    Models,
    PointSpatialModel,
    PowerLawSpectralModel,
    SkyModel,
    UniformPrior,
)

if __name__ == "__main__":
    crab = SkyModel(
        PowerLawSpectralModel(index=2.6, amplitude="3.45e-7 m-2 s-1 TeV-1", reference="1000 GeV"),
        PointSpatialModel(lon_0="83.63 deg", lat_0="22.01 deg"),
        name="4FGL J0534.5+2201",
    )
    disk = SkyModel(
        LogParabolaSpectralModel(reference="1 TeV"),
        DiskSpatialModel(lon_0="1.2 rad", lat_0="30 arcmin", r_0="18 arcmin", frame="galactic"),
        datasets_names=["stacked"],
        name="disk",
    )
    gauss = SkyModel(
        PowerLawSpectralModel(), GaussianSpatialModel(sigma="0.3 deg", e=0.4), name="gauss"
    )
    gauss.parameters["e"].frozen = False
    gauss.parameters["sigma"].min = 0.01
    gauss.parameters["lat_0"].min = np.nan
    disk.parameters["r_0"].max = 60.0
    disk.parameters["alpha"].prior = GaussianPrior(mu=2.2, sigma=0.3)
    disk.parameters["beta"].prior = UniformPrior(min=-0.5, max=1.5)
    disk.parameters["lon_0"].prior = GaussianPrior(mu=1.2, sigma=0.01)
    gauss.parameters["amplitude"].prior = LogUniformPrior(min=1e-14, max=1e-10)
    models = Models([crab, disk, gauss, FoVBackgroundModel(dataset_name="stacked")])
    random = np.random.default_rng(7)
    free = [i for i, par in enumerate(models.parameters) if not par.frozen]
    scale = np.array([0.01 * abs(models.parameters[i].value) + 1e-13 for i in free])
    mixing = random.normal(size=(len(free), len(free)))
    covariance = np.zeros((len(models.parameters),) * 2)
    covariance[np.ix_(free, free)] = mixing @ mixing.T * scale * scale[:, None]
    models.covariance = covariance
    folder = Path(__file__).parent / "data" / "models"
    models.write(folder / "gammapy.yaml", overwrite=True)
    # Gammapy's reader drops covariances between models when a file has links: a file of its own.
    gauss.spectral_model.index = crab.spectral_model.index
    Models([crab, gauss]).write(folder / "linked.yaml", overwrite=True, full_output=True)
