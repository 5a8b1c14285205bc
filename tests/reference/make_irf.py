"""Write tests/irf/irf_reference.json: what Gammapy gives for the responses of two observations.

Run it with the Python of an environment that has Gammapy, and GAMMAPY_DATA set:

    python tests/reference/make_irf.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from gammapy.data import DataStore
from gammapy.irf import PSFKing
from gammapy.maps import MapAxis

OUTPUT = Path(__file__).parents[1] / "irf" / "irf_reference.json"
RNG = np.random.default_rng(20)

# Inside, between the outer centres and the edges, and outside, on every axis.
CASES = {
    "hess": ("hess-dl3-dr1", 23523),
    "cta": ("cta-1dc/index/gps", 110380),
}


def values(axis, n=24):
    """Points on an axis: anywhere, on its edges' inner and outer side, in the outer half bins."""
    edges = axis.edges.value
    log = axis.interp == "log"
    scaled = np.log(edges) if log else edges
    points = RNG.uniform(scaled[0], scaled[-1], n)
    first, last = np.diff(scaled)[[0, -1]]
    points[:6] = (
        scaled[0] + 0.2 * first,
        scaled[-1] - 0.2 * last,
        scaled[0] - 0.1 * first,
        scaled[-1] + 0.1 * last,
        scaled[0] - 3 * first,
        scaled[-1] + 3 * last,
    )
    return RNG.permutation(np.exp(points) if log else points) * axis.unit


def table(irf, unit):
    """Evaluate a response at points scattered over its axes."""
    points = {axis.name: values(axis) for axis in irf.axes}
    if "energy_true" in points and hasattr(irf, "required_parameters"):
        points["rad"] = RNG.uniform(0, 0.4, 24) * u.deg
    result = irf.evaluate(**points).to_value(unit)
    internal = {"energy": "TeV", "energy_true": "TeV", "migra": ""}
    coords = {k: v.to_value(internal.get(k, "deg")).tolist() for k, v in points.items()}
    return {"coords": coords, "values": np.nan_to_num(result, posinf=0, neginf=0).tolist()}


def many(irf, unit, repeat=6):
    """Evaluate a response several times and join the points."""
    parts = [table(irf, unit) for _ in range(repeat)]
    return {
        "coords": {
            name: [value for part in parts for value in part["coords"][name]]
            for name in parts[0]["coords"]
        },
        "values": [value for part in parts for value in part["values"]],
    }


def observation(folder, obs_id):
    """Describe one observation and its responses."""
    obs = DataStore.from_dir(Path(os.environ["GAMMAPY_DATA"]) / folder).obs(obs_id)
    result = {
        "aeff": many(obs.aeff, "cm2"),
        "edisp": many(obs.edisp, "", 10),
        "psf": many(obs.psf, "sr-1", 10),
        "bkg": many(obs.bkg, "TeV-1 s-1 sr-1", 10),
        "livetime": obs.observation_live_time_duration.to_value("s"),
        "ontime": obs.observation_time_duration.to_value("s"),
        "n_events": len(obs.events.table),
        "pointing": [obs.pointing.fixed_icrs.ra.deg, obs.pointing.fixed_icrs.dec.deg],
        "energy_sum": float(np.sum(obs.events.energy.to_value("TeV").astype(float))),
        "tstart_mjd_tt": float(obs.tstart.tt.mjd),
    }
    energy = MapAxis.from_energy_bounds("0.5 TeV", "50 TeV", nbin=8)
    energy_true = MapAxis.from_energy_bounds("0.3 TeV", "90 TeV", nbin=10, name="energy_true")
    kernel = obs.edisp.to_edisp_kernel(0.7 * u.deg, energy_true, energy)
    result["kernel"] = kernel.pdf_matrix.tolist()
    edges = np.geomspace(0.05, 200, 15) * u.TeV
    lon, lat = RNG.uniform(-2.6, 2.6, (2, 12)) * u.deg
    for name, fill in (("integral", False), ("integral_filled", True)):
        bkg = obs.bkg
        if fill:
            bkg.interp_missing_data(axis_name="energy")
        rate = bkg.integrate_log_log(
            axis_name="energy", energy=edges[:, None], fov_lon=lon[None], fov_lat=lat[None]
        )
        result[name] = {
            "edges": edges.value.tolist(),
            "fov_lon": lon.value.tolist(),
            "fov_lat": lat.value.tolist(),
            "values": rate.to_value("s-1 sr-1").tolist(),
        }
    return result


def main():
    """Write the file."""
    king = PSFKing.read(Path(os.environ["GAMMAPY_DATA"]) / "tests/hess_psf_king_023523.fits.gz")
    result = {name: observation(*case) for name, case in CASES.items()}
    result["king"] = many(king, "sr-1")
    result["gammapy"] = gammapy.__version__
    OUTPUT.write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
