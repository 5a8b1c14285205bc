"""Write data/spatial_models.json: values of Gammapy's spatial models.

Run in an environment with Gammapy: ``python make_spatial_models.py``. The tests of the registry
compare with the file; they do not need Gammapy.
"""

import json
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.maps import Map, MapAxis, MapCoord, WcsGeom
from gammapy.modeling.models import (
    SPATIAL_MODEL_REGISTRY,
    PiecewiseNormSpatialModel,
    TemplateSpatialModel,
)

CASES = [
    ("gauss", "icrs", {}),
    ("gauss", "icrs", {"lon_0": 83.63, "lat_0": 22.01, "sigma": 0.05}),
    ("gauss", "galactic", {"lon_0": 0.3, "lat_0": -0.05, "sigma": 1.5, "e": 0.97, "phi": 90.0}),
    ("gauss", "icrs", {"lon_0": 120.0, "lat_0": 75.0, "sigma": 0.3, "e": 0.6, "phi": -30.0}),
    ("gauss-general", "icrs", {}),
    ("gauss-general", "icrs", {"lon_0": 83.63, "lat_0": 22.01, "r_0": 0.2, "eta": 1.0}),
    ("gauss-general", "icrs", {"lat_0": 89.0, "r_0": 0.4, "eta": 0.2, "e": 0.8, "phi": 40.0}),
    ("gauss-general", "galactic", {"lon_0": 359.9, "r_0": 0.6, "eta": 0.8, "e": 0.5}),
    ("disk", "icrs", {}),
    ("disk", "icrs", {"lon_0": 83.63, "lat_0": 22.01, "r_0": 0.3, "edge_width": 0.05}),
    (
        "disk",
        "galactic",
        {"lon_0": 359.9, "lat_0": -40.0, "r_0": 0.8, "e": 0.8, "phi": 60.0, "edge_width": 0.1},
    ),
    ("shell", "icrs", {}),
    ("shell", "galactic", {"lon_0": 347.3, "lat_0": -0.5, "radius": 0.4, "width": 0.1}),
    ("shell", "icrs", {"lat_0": -88.0, "radius": 1.5, "width": 1.0}),
    ("shell2", "icrs", {}),
    ("shell2", "icrs", {"lon_0": 266.0, "lat_0": -29.0, "r_0": 0.6, "eta": 1.0}),
    ("shell2", "icrs", {"lon_0": 266.0, "lat_0": 80.0, "r_0": 1.8, "eta": 0.05}),
    ("const", "icrs", {}),
    ("const", "icrs", {"value": 3.0}),
]


def evaluate(model, frame, radius, energy=None):
    """Evaluate at the centre and on rings around it; not on edges, where slopes are infinite."""
    center = SkyCoord(0, 0, unit="deg", frame=frame) if model.position is None else model.position
    rings = np.array([0.0, 0.12, 0.33, 0.48, 0.61, 0.77, 0.96, 1.03])[:, None] * radius
    angle = np.arange(5) * 67.0 * u.deg
    points = center.directional_offset_by(angle, rings).transform_to(frame)
    lon, lat = points.data.lon.deg.ravel(), points.data.lat.deg.ravel()
    args = [lon * u.deg, lat * u.deg] + ([] if energy is None else [energy * u.TeV])
    density = np.broadcast_to(u.Quantity(model(*args)).to_value("sr-1"), lon.shape)
    return {"lon": lon.tolist(), "lat": lat.tolist(), "density": density.tolist()}


def make(tag, frame, values):
    """Describe one case."""
    model = SPATIAL_MODEL_REGISTRY.get_cls(tag)(frame=frame)
    for name, value in values.items():
        model.parameters[name].value = value
    radius = 1.0 * u.deg if model.evaluation_radius is None else model.evaluation_radius
    if tag == "gauss-general":
        radius = 4 * model.r_0.quantity
    return {
        "tag": tag,
        "frame": frame,
        "names": model.parameters.names,
        "frozen": [par.frozen for par in model.parameters],
        "parameters": {par.name: par.value for par in model.parameters},
        **evaluate(model, frame, radius),
    }


def make_template(normalize):
    """Evaluate a small cube, at two energies and beyond its axis."""
    axis = MapAxis.from_energy_bounds("1 TeV", "10 TeV", 3, name="energy_true")
    geom = WcsGeom.create(skydir=(10.0, 20.0), binsz=0.2, npix=(9, 7), frame="icrs", axes=[axis])
    rng = np.random.default_rng(3)
    data = rng.uniform(0.0, 2.0, geom.data_shape)
    data[0, 3, 3:5] = 0.0
    model = TemplateSpatialModel(
        Map.from_geom(geom, data=data, unit="sr-1"), normalize=normalize, filename="template.fits"
    )
    points = [evaluate(model, "icrs", 0.8 * u.deg, e) for e in (1.2, 4.0, 9.9, 30.0)]
    return {"data": data.tolist(), "normalize": normalize, "energy": [1.2, 4.0, 9.9, 30.0]} | {
        key: [case[key] for case in points] for key in points[0]
    }


def make_piecewise():
    """Evaluate a correction with nodes around the origin of longitude."""
    lon, lat = [-1.0, 1.0, -1.0, 1.0, 0.1], [-1.0, -1.0, 1.0, 1.0, 0.0]
    norms = [0.9, 1.1, 1.2, 0.8, 1.05]
    coords = MapCoord.create({"lon": lon * u.deg, "lat": lat * u.deg}, frame="icrs")
    model = PiecewiseNormSpatialModel(coords, norms=norms, frame="icrs")
    at = np.linspace(-0.8, 0.8, 5)
    values = [float(model(x % 360.0 * u.deg, y * u.deg)) for x in at for y in at]
    return {"lon": lon, "lat": lat, "norms": norms, "at": at.tolist(), "values": values}


if __name__ == "__main__":
    content = {
        "gammapy": gammapy.__version__,
        "cases": [make(*case) for case in CASES],
        "template": [make_template(True), make_template(False)],
        "piecewise": make_piecewise(),
    }
    path = Path(__file__).with_name("data") / "spatial_models.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, Gammapy {gammapy.__version__}")
