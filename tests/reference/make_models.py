"""Write data/models.json: values of Gammapy's first spatial models.

Run in an environment with Gammapy: ``python make_models.py``. The tests of the registry compare
with the file; they do not need Gammapy.
"""

import json
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.modeling.models import SPATIAL_MODEL_REGISTRY

SPATIAL = [
    ("gauss", "icrs", {}),
    ("gauss", "icrs", {"lon_0": 83.63, "lat_0": 22.01, "sigma": 0.05}),
    ("gauss", "galactic", {"lon_0": 0.3, "lat_0": -0.05, "sigma": 1.5, "e": 0.97, "phi": 90.0}),
    ("gauss", "icrs", {"lon_0": 120.0, "lat_0": 75.0, "sigma": 0.3, "e": 0.6, "phi": -30.0}),
    ("disk", "icrs", {}),
    ("disk", "icrs", {"lon_0": 83.63, "lat_0": 22.01, "r_0": 0.3, "edge_width": 0.05}),
    (
        "disk",
        "galactic",
        {"lon_0": 359.9, "lat_0": -40.0, "r_0": 0.8, "e": 0.8, "phi": 60.0, "edge_width": 0.1},
    ),
]


def make_spatial(tag, frame, values):
    """Evaluate a spatial model at its centre and on rings around it."""
    model = SPATIAL_MODEL_REGISTRY.get_cls(tag)(frame=frame)
    for name, value in values.items():
        model.parameters[name].value = value
    center = SkyCoord(model.lon_0.quantity, model.lat_0.quantity, frame=frame)
    radius = np.linspace(0, 1.0, 8)[:, None] * model.evaluation_radius
    angle = np.arange(5) * 67.0 * u.deg
    points = center.directional_offset_by(angle, radius)
    lon, lat = points.data.lon.deg.ravel(), points.data.lat.deg.ravel()
    return {
        "tag": tag,
        "frame": frame,
        "names": model.parameters.names,
        "frozen": [par.frozen for par in model.parameters],
        "parameters": {par.name: par.value for par in model.parameters},
        "lon": lon.tolist(),
        "lat": lat.tolist(),
        "density": model(lon * u.deg, lat * u.deg).to_value("sr-1").tolist(),
    }


if __name__ == "__main__":
    content = {
        "gammapy": gammapy.__version__,
        "spatial": [make_spatial(*case) for case in SPATIAL],
    }
    path = Path(__file__).with_name("data") / "models.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, Gammapy {gammapy.__version__}")
