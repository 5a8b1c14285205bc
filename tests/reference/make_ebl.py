"""Write data/ebl.json: Gammapy's fits of a blazar whose spectrum is absorbed on the way.

Run in an environment with Gammapy and with GAMMAPY_DATA set: ``python make_ebl.py``. The data are
the H.E.S.S. spectrum of PKS 2155-304 with its few counts, and counts drawn for an exposure 300
times as long, from which the redshift can be told.
"""

import json
from pathlib import Path

import gammapy
import numpy as np
from gammapy.datasets import SpectrumDatasetOnOff
from gammapy.maps import RegionNDMap
from gammapy.modeling import Fit
from gammapy.modeling.models import (
    EBLAbsorptionNormSpectralModel,
    PowerLawSpectralModel,
    SkyModel,
)

DATA = "$GAMMAPY_DATA/PKS2155-steady/pks2155-304_steady.fits.gz"
TRUTH = {"index": 2.5, "amplitude": 1.3e-11, "redshift": 0.116}
FACTOR = 300


def absorbed():
    """Make a power law behind Dominguez et al.'s background light."""
    intrinsic = PowerLawSpectralModel(
        index=TRUTH["index"], amplitude=f"{TRUTH['amplitude']} cm-2 s-1 TeV-1", reference="1 TeV"
    )
    ebl = EBLAbsorptionNormSpectralModel.read_builtin("dominguez", redshift=TRUTH["redshift"])
    return SkyModel(spectral_model=intrinsic * ebl, name="pks"), ebl


def fit(dataset, is_free):
    """Fit index, amplitude and perhaps the redshift."""
    source, ebl = absorbed()
    ebl.redshift.frozen = not is_free
    dataset.models = [source]
    result = Fit().run([dataset])
    names = ["index", "amplitude"] + ["redshift"] * is_free
    return {
        "stat": float(dataset.stat_sum()),
        "success": bool(result.success),
        "values": {name: float(source.parameters[name].value) for name in names},
        "errors": {name: float(source.parameters[name].error) for name in names},
    }


def lengthen(dataset):
    """Draw counts for a longer exposure."""
    dataset = dataset.copy(name="long")
    dataset.exposure.data *= FACTOR
    off = RegionNDMap.from_geom(
        dataset.counts.geom, data=dataset.counts_off.data * FACTOR / dataset.acceptance_off.data
    )
    dataset.models = [absorbed()[0]]
    dataset.fake(npred_background=off * dataset.acceptance, random_state=3)
    return dataset


if __name__ == "__main__":
    measured = SpectrumDatasetOnOff.read(DATA)
    simulated = lengthen(measured)
    content = {
        "gammapy": gammapy.__version__,
        "truth": TRUTH,
        "factor": FACTOR,
        "measured": fit(measured, False),
        "measured_free": fit(measured, True),
        "counts": np.ravel(simulated.counts.data).tolist(),
        "counts_off": np.ravel(simulated.counts_off.data).tolist(),
        "simulated_free": fit(simulated, True),
    }
    path = Path(__file__).with_name("data") / "ebl.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(path.read_text())
