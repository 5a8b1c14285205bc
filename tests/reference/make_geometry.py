"""Record Gammapy's numbers for map geometries, and write small maps with it.

Run this in an environment that has Gammapy (gjax itself never imports it)::

    python tests/reference/make_geometry.py

It writes beside itself, in ``data/``:

- ``geometry.json``: for some geometries the positions of chosen pixels, solid angles, cutouts and
  coarser versions; for a map, values interpolated and looked up;
- ``map_<kind>.fits.gz``: small maps as Gammapy stores them.
"""

from __future__ import annotations

import json
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.maps import Map, MapAxis, WcsGeom

DATA = Path(__file__).parent / "data"

GEOMETRIES = [
    {"skydir": [83.63, 22.01], "binsz": 0.02, "width": [5, 4], "proj": "CAR", "frame": "icrs"},
    {"skydir": [83.63, 22.01], "binsz": 0.02, "width": [5, 4], "proj": "TAN", "frame": "icrs"},
    {
        "skydir": [0.3, -0.7],
        "binsz": 0.1,
        "width": [8.05, 4.95],
        "proj": "CAR",
        "frame": "galactic",
    },
    {
        "skydir": [359.95, 45.3],
        "binsz": [0.1, 0.2],
        "npix": [41, 20],
        "proj": "TAN",
        "frame": "icrs",
    },
    {"skydir": [120.0, -30.0], "binsz": 2.0, "proj": "AIT", "frame": "galactic"},
]
CUTOUTS = [([0.0, 0.0], 1.04), ([0.3, 0.4], [0.7, 1.1]), ([2.2, 1.5], 1.5)]


def as_tuples(arguments):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}


def describe(arguments):
    """Collect numbers of one geometry; pixels are on a coarse lattice that exceeds the image."""
    geom = WcsGeom.create(**as_tuples(arguments))
    ny, nx = geom.data_shape
    x, y = (v.ravel() for v in np.meshgrid(np.linspace(-2, nx + 1, 6), np.linspace(-2, ny + 1, 5)))
    lon, lat = geom.pix_to_coord((x, y))
    valid = np.isfinite(lon)
    x, y, lon, lat = x[valid], y[valid], lon[valid], lat[valid]
    ix, iy = geom.coord_to_idx((lon, lat))
    center = geom.center_skydir
    cutouts = []
    for offset, width in CUTOUTS:
        position = SkyCoord(
            center.data.lon.deg + offset[0], center.data.lat.deg + offset[1],
            unit="deg", frame=geom.frame,
        )  # fmt: skip
        cut = geom.cutout(position, tuple(width) if isinstance(width, list) else width)
        cutouts.append(
            {
                "position": [position.data.lon.deg, position.data.lat.deg],
                "width": width,
                "shape": [int(n) for n in cut.data_shape],
                "crpix": cut.wcs.wcs.crpix.tolist(),
            }
        )
    coarse = geom.to_binsz(0.5)
    solid_angle = geom.solid_angle().to_value("sr")
    return {
        "arguments": arguments,
        "shape": [int(ny), int(nx)],
        "pixels": [x.tolist(), y.tolist()],
        "coords": [lon.to_value("deg").tolist(), lat.to_value("deg").tolist()],
        "index": [ix.tolist(), iy.tolist()],
        "center_solid_angle": float(solid_angle[ny // 2, nx // 2]),
        "total_solid_angle": float(np.nansum(solid_angle)),
        "n_outside": int(np.isnan(geom.get_coord().lon).sum()),
        "cutouts": cutouts,
        "to_binsz": {
            "shape": [int(n) for n in coarse.data_shape],
            "crval": coarse.wcs.wcs.crval.tolist(),
        },
    }


def make_maps():
    """Write one small map of each kind, and record values of the cube of counts."""
    rng = np.random.default_rng(20240229)
    image = WcsGeom.create(skydir=(10.0, -5.0), binsz=0.5, npix=(6, 5), proj="TAN", frame="icrs")
    energy = MapAxis.from_energy_bounds("0.1 TeV", "10 TeV", nbin=3)
    energy_true = MapAxis.from_energy_bounds("100 GeV", "10000 GeV", nbin=2, name="energy_true")
    nodes = MapAxis.from_nodes([1e5, 1e6] * u.MeV, name="energy_true", interp="log")
    rad = MapAxis.from_bounds(0, 0.6, nbin=4, unit="deg", name="rad")
    axes = {
        "counts": ([energy], "", "float32"),
        "image": ([], "", float),
        "exposure": ([energy_true], "m2 s", float),
        "psf": ([rad, energy_true], "deg-2", float),
        "dnde": ([nodes], "cm-2 s-1 MeV-1", float),
        "mask_safe": ([energy], "", bool),
    }
    maps = {}
    for name, (own, unit, dtype) in axes.items():
        geom = image.to_cube(own) if own else image
        data = rng.integers(0, 9, geom.data_shape)
        maps[name] = Map.from_geom(
            geom, data=(data > 4 if dtype is bool else data.astype(dtype)), unit=unit
        )
        maps[name].write(DATA / f"map_{name}.fits.gz", hdu=name, overwrite=True)
    maps["counts"].write(DATA / "map_sparse.fits.gz", hdu="counts", sparse=True, overwrite=True)
    lon, lat = 10 + rng.uniform(-2, 2, 20), -5 + rng.uniform(-1.5, 1.5, 20)
    value = 10 ** rng.uniform(-1.2, 1.2, 20)
    coords = (lon * u.deg, lat * u.deg, value * u.TeV)
    other = WcsGeom.create(
        skydir=image.center_skydir.galactic, binsz=0.7, npix=(7, 6), frame="galactic", axes=[energy]
    )
    center = other.center_skydir
    return {
        "data": {name: m.data.astype(float).tolist() for name, m in maps.items()},
        "lon": lon.tolist(),
        "lat": lat.tolist(),
        "energy": value.tolist(),
        "interp": maps["counts"].interp_by_coord(coords).tolist(),
        "get": np.nan_to_num(maps["counts"].get_by_coord(coords), nan=-1).tolist(),
        "other": [center.data.lon.deg, center.data.lat.deg],
        "mask_other": maps["mask_safe"].interp_to_geom(other).data.astype(int).tolist(),
        "counts_other": maps["counts"].interp_to_geom(other).data.tolist(),
    }


if __name__ == "__main__":
    record = {
        "made_by": f"Gammapy {gammapy.__version__}",
        "geometries": [describe(arguments) for arguments in GEOMETRIES],
        "maps": make_maps(),
    }
    (DATA / "geometry.json").write_text(json.dumps(record) + "\n")
