"""Write data/models/gallery_templateND.yaml with its map, and Gammapy's values of the model.

Run in an environment with Gammapy: ``python make_template_nd.py``. The maps have axes of energy and
of two parameters, in the order of Gammapy. Values go into data/template_nd.json: at nodes of the
parameters, and between them.
"""

import json
import os
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from gammapy.maps import Map, MapAxis, WcsGeom
from gammapy.modeling.models import (
    Models,
    PowerLawSpectralModel,
    SkyModel,
    TemplateNDSpatialModel,
)

FOLDER = Path(__file__).with_name("data")
FILE = "template_nd.fits.gz"
LON, LAT, ENERGY = [83.6, 83.9, 83.31, 84.6, 90.0], [22.0, 22.13, 21.8, 22.6, 22.0], [1.0, 3.0, 9.0]
POINTS = [
    {"age": 2.0, "wind": 0.5},
    {"age": 8.0, "wind": -1.5},
    {"age": 2.0, "wind": 0.0},
    {"age": 3.0, "wind": 0.5},
    {"age": 5.0, "wind": -0.3},
]


def make_map():
    """Give a blob that grows with age, narrower at high energy, and is blown aside by wind."""
    energy = MapAxis.from_energy_bounds("0.5 TeV", "20 TeV", 3, name="energy_true")
    age = MapAxis.from_nodes([1.0, 2.0, 4.0, 8.0], name="age", interp="log", unit="kyr")
    wind = MapAxis.from_edges([-2.0, -1.0, 0.0, 1.0], name="wind")
    geom = WcsGeom.create(
        skydir=(83.63, 22.01), binsz=0.2, npix=(13, 11), frame="icrs", axes=[energy, age, wind]
    )
    lon = geom.to_image().get_coord().lon.to_value("deg") - 83.63
    lat = geom.to_image().get_coord().lat.to_value("deg") - 22.01
    blown = lon - 0.2 * wind.center.value[:, None, None, None, None]
    width = 0.2 * age.center.value[:, None, None, None] ** 0.5
    width = width * energy.center.to_value("TeV")[:, None, None] ** -0.2
    data = np.exp(-0.5 * (blown**2 + lat**2) / width**2) / width**2
    return Map.from_geom(geom, data=data, unit="sr-1")


def main():
    """Write the three files."""
    os.chdir(FOLDER / "models")
    template = make_map()
    template.write(FILE, overwrite=True)
    model = TemplateNDSpatialModel(template, filename=FILE)
    values = []
    for point in POINTS:
        for name, value in point.items():
            model.parameters[name].value = value
        at = [model(LON * u.deg, LAT * u.deg, energy=e * u.TeV).to_value("sr-1") for e in ENERGY]
        values.append(np.array(at).tolist())
    sky = SkyModel(PowerLawSpectralModel(), model, name="nebula")
    text = Models([sky]).to_yaml(overwrite_templates=False)
    Path("gallery_templateND.yaml").write_text(text)
    content = {
        "gammapy": gammapy.__version__,
        "lon": LON,
        "lat": LAT,
        "energy": ENERGY,
        "points": POINTS,
        "values": values,
    }
    path = FOLDER / "template_nd.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, Gammapy {gammapy.__version__}")


if __name__ == "__main__":
    main()
