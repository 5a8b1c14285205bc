"""Write data/background_factor.json: Gammapy's prediction of a background with a spatial factor.

Run in an environment with Gammapy: ``python make_background_factor.py``. The background is flat,
its model a norm, a tilt and norms at nine places, once on a plane and once not.
"""

import json
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from gammapy.datasets import MapDataset
from gammapy.maps import Map, MapAxis, MapCoord, WcsGeom
from gammapy.modeling.models import (
    FoVBackgroundModel,
    PiecewiseNormSpatialModel,
    PowerLawNormSpectralModel,
)

LON, LAT = np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0])
CASES = {
    "plane": 1.0 + 0.2 * LON.ravel() - 0.1 * LAT.ravel(),
    "waves": np.array([0.9, 1.2, 1.0, 0.8, 1.1, 1.3, 1.0, 0.7, 1.2]),
}


def predict(norms):
    """Predict the background on 13 x 13 pixels and two energies."""
    energy = MapAxis.from_energy_bounds("1 TeV", "10 TeV", 2)
    geom = WcsGeom.create(skydir=(30.0, 0.0), binsz=0.1, npix=13, frame="galactic", axes=[energy])
    background = Map.from_geom(geom, data=np.ones(geom.data_shape))
    coords = MapCoord.create(
        {"lon": (30.0 + LON.ravel()) * u.deg, "lat": LAT.ravel() * u.deg}, frame="galactic"
    )
    model = FoVBackgroundModel(
        "field",
        PowerLawNormSpectralModel(norm=2.0, tilt=0.3),
        PiecewiseNormSpatialModel(coords, norms * u.one, frame="galactic"),
    )
    dataset = MapDataset(background=background, models=[model], name="field")
    return dataset.npred().data


def main():
    """Write the file."""
    content = {
        "gammapy": gammapy.__version__,
        "lon": (30.0 + LON.ravel()).tolist(),
        "lat": LAT.ravel().tolist(),
        "cases": {
            name: {"norms": norms.tolist(), "npred": np.asarray(predict(norms), float).tolist()}
            for name, norms in CASES.items()
        },
    }
    path = Path(__file__).with_name("data") / "background_factor.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, Gammapy {gammapy.__version__}")


if __name__ == "__main__":
    main()
