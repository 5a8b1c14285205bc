"""Write errors, asymmetric errors, profiles and contours of Gammapy for an on/off spectrum.

Run this in an environment that has Gammapy and iminuit, with ``GAMMAPY_DATA`` set::

    python tests/reference/make_intervals.py

It writes ``data/intervals.json``: a log parabola fitted to one H.E.S.S. observation of the Crab
nebula. Minuit's Hesse is run explicitly, because Gammapy reports Migrad's estimate.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import gammapy
import iminuit
import numpy as np
from gammapy.datasets import Datasets, SpectrumDatasetOnOff
from gammapy.modeling import Fit
from gammapy.modeling.models import LogParabolaSpectralModel, SkyModel

OUTPUT = Path(__file__).parent / "data" / "intervals.json"
SPECTRUM = "joint-crab/spectra/hess/pha_obs23523.fits"
NAMES = ("amplitude", "alpha", "beta")
UNITS = {"amplitude": "TeV-1 s-1 cm-2", "alpha": "", "beta": ""}


def main() -> None:
    """Fit, and write all numbers in internal units."""
    dataset = SpectrumDatasetOnOff.read(Path(os.environ["GAMMAPY_DATA"]) / SPECTRUM)
    model = SkyModel(
        LogParabolaSpectralModel(
            amplitude="3e-11 cm-2 s-1 TeV-1", alpha=2.4, beta=0.2, reference="1 TeV"
        ),
        name="crab",
    )
    datasets = Datasets([dataset])
    datasets.models = [model]
    fit = Fit(optimize_opts={"tol": 1e-4, "strategy": 2})
    result = fit.run(datasets)
    assert result.success
    parameters = [getattr(model.spectral_model, name) for name in NAMES]
    free = [p for p in datasets.parameters.free_parameters]
    order = [free.index(p) for p in parameters]
    minuit = fit._minuit
    minuit.hesse()
    scale = np.array([p.scale for p in free])
    covariance = np.asarray(minuit.covariance) * np.outer(scale, scale)
    reported = np.asarray(datasets.models.covariance.get_subcovariance(parameters).data)
    out = {
        "gammapy": gammapy.__version__,
        "iminuit": iminuit.__version__,
        "spectrum": SPECTRUM,
        "names": NAMES,
        "stat": float(result.total_stat),
        "values": [float(p.quantity.to_value(UNITS[p.name])) for p in parameters],
        "covariance_hesse": covariance[np.ix_(order, order)].tolist(),
        "covariance_migrad": reported.tolist(),
    }
    for n_sigma in (1, 2):
        found = [fit.confidence(datasets, p, sigma=n_sigma) for p in parameters]
        assert all(one["success"] for one in found)
        out[f"minos_{n_sigma}"] = [[float(one["errn"]), float(one["errp"])] for one in found]
    index = parameters[1]
    index.scan_values = index.value + np.linspace(-0.5, 0.5, 7)
    profile = fit.stat_profile(datasets, index, reoptimize=True)
    out["profile"] = {
        "values": index.scan_values.tolist(),
        "stat": np.asarray(profile["stat_scan"]).tolist(),
    }
    contour = fit.stat_contour(datasets, parameters[1], parameters[0], numpoints=40, sigma=1)
    out["contour"] = {k: np.asarray(v).tolist() for k, v in contour.items() if "crab" in k}
    OUTPUT.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
