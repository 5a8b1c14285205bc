"""A small data store and one analysis of it, shared by the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gjax.io.gadf import write_data_store
from gjax.model import Models, SkyModel
from gjax.model.spatial import Point
from gjax.model.spectral import PowerLaw
from gjax.simulate import cta_like, observation, simulate_events

SOURCE = SkyModel(
    PowerLaw(index=2.5, amplitude=2e-11, reference=1.0), Point(lon_0=83.65, lat_0=22.0)
)

CONFIG = {
    "general": {"log": {"level": "error"}, "models_file": "start.yaml"},
    "observations": {"datastore": "store", "obs_ids": [7, 9]},
    "datasets": {
        "type": "3d",
        "stack": False,
        "geom": {
            "wcs": {
                "skydir": {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"},
                "binsize": "0.08 deg",
                "width": {"width": "2 deg", "height": "1.6 deg"},
                "binsize_irf": "0.5 deg",
            },
            "axes": {
                "energy": {"min": "0.1 TeV", "max": "10 TeV", "nbins": 5},
                "energy_true": {"min": "0.06 TeV", "max": "20 TeV", "nbins": 8},
            },
        },
        "safe_mask": {"methods": ["offset-max"], "parameters": {"offset_max": "2 deg"}},
    },
    "fit": {"fit_range": {"min": "0.2 TeV"}},
    "flux_points": {"energy": {"min": "1.2 TeV", "max": "10 TeV", "nbins": 2}, "source": "crab"},
}

MODELS = """
components:
- name: crab
  type: SkyModel
  spectral:
    type: PowerLawSpectralModel
    parameters:
    - {name: index, value: 2.2}
    - {name: amplitude, value: 1.5e-11, unit: cm-2 s-1 TeV-1}
    - {name: reference, value: 1.0, unit: TeV, frozen: true}
  spatial:
    type: PointSpatialModel
    frame: icrs
    parameters:
    - {name: lon_0, value: 83.63, unit: deg}
    - {name: lat_0, value: 22.01, unit: deg}
- type: FoVBackgroundModel
  datasets_names: [obs-9]
  spectral:
    type: PowerLawNormSpectralModel
    parameters:
    - {name: norm, value: 1.1}
    - {name: tilt, value: 0.0, frozen: false}
    - {name: reference, value: 1.0, unit: TeV, frozen: true}
"""


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a data store of two observations, a configuration and a models file."""
    folder = tmp_path_factory.mktemp("analysis")
    observed = [
        simulate_events(
            observation(cta_like(), (83.63, lat), "30 min", obs_id=obs_id),
            Models.create({"crab": SOURCE}),
            obs_id,
        )
        for obs_id, lat in ((7, 21.6), (9, 22.4))
    ]
    write_data_store(observed, folder / "store")
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    (folder / "start.yaml").write_text(MODELS)
    return folder
