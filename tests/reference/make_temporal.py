"""Write data/temporal.json: values and averages of Gammapy's temporal models.

Run in an environment with Gammapy: ``python make_temporal.py``. The tests of the registry compare
with the file; they do not need Gammapy. Averages are left out where Gammapy's are not those of the
model: the sine's (it subtracts sines where cosines belong), and those that it sums over a hundred
points with both ends.
"""

import json
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from astropy.table import Table
from astropy.time import Time
from gammapy.modeling.models import (
    TEMPORAL_MODEL_REGISTRY,
    LightCurveTemplateTemporalModel,
    TemplatePhaseCurveTemporalModel,
)

REFERENCE = 58000.0  # MJD, TT
TIMES = np.array([0.0, 3000.0, 20000.0, 43000.0, 80000.0, 200000.0])
START = np.array([1000.0, 20000.0, 90000.0])
STOP = np.array([2800.0, 40000.0, 150000.0])
TABLE = ([-0.5, 0.2, 0.7, 3.0], [0.1, 1.0, 0.4, 0.6])
PHASES = ([0.05, 0.3, 0.45, 0.6, 0.9], [0.1, 0.3, 2.0, 0.4, 0.2])
# Tag, time scale, parameters, whether Gammapy's average is one.
CASES = [
    ("const", "utc", {}, True),
    ("linear", "utc", {"alpha": 0.8, "beta": 0.3, "t_ref": 58000.2}, True),
    ("linear", "tt", {"alpha": 0.8, "beta": -0.2, "t_ref": 57999.0}, True),
    ("exp-decay", "utc", {"t0": 0.7, "t_ref": 57999.9}, True),
    ("gauss", "utc", {"t_ref": 58000.3, "sigma": 0.4}, True),
    ("gauss", "tt", {"t_ref": 58000.3, "sigma": 30.0}, True),
    ("gengauss", "utc", {"t_ref": 58000.3, "t_rise": 0.2, "t_decay": 0.6, "eta": 0.7}, False),
    ("gengauss", "tt", {"t_ref": 58000.3, "t_rise": 0.5, "t_decay": 0.3, "eta": 0.2}, False),
    ("powerlaw", "utc", {"alpha": -1.3, "t_ref": 57999.5, "t0": 0.5}, True),
    ("powerlaw", "tt", {"alpha": -1.0, "t_ref": 57999.5, "t0": 0.5}, True),
    ("sinus", "utc", {"amp": 0.4, "omega": 5.0, "t_ref": 58000.1}, False),
    ("template", "utc", {"t_ref": 58000.1}, False),
    ("template-phase", "utc", {"t_ref": 57999.9, "phi_ref": 0.3, "f0": 2e-4}, True),
    (
        "template-phase",
        "utc",
        {"t_ref": 57999.9, "phi_ref": 0.1, "f0": 3e-4, "f1": -2e-11, "f2": 1e-17},
        False,
    ),
]


def make_model(tag, scale, values):
    """Build a model of Gammapy."""
    if tag == "template":
        table = Table({"TIME": TABLE[0] * u.d, "NORM": TABLE[1]})
        table.meta |= {"MJDREFI": 58000, "MJDREFF": 0.1, "TIMESYS": "utc", "TIMEUNIT": "d"}
        return LightCurveTemplateTemporalModel.from_table(table)
    if tag == "template-phase":
        table = Table({"PHASE": PHASES[0], "NORM": PHASES[1]})
        model = TemplatePhaseCurveTemporalModel(table, filename="phase.fits", scale=scale)
    else:
        model = TEMPORAL_MODEL_REGISTRY.get_cls(tag)(scale=scale)
    for name, value in values.items():
        model.parameters[name].value = value
    return model


def make_case(tag, scale, values, has_mean):
    """Evaluate a model, and average it over the intervals."""
    model = make_model(tag, scale, values)
    epoch = Time(REFERENCE, format="mjd", scale="tt")
    found = model(epoch + TIMES * u.s) if tag != "template" else model.evaluate(epoch + TIMES * u.s)
    case = {
        "tag": tag,
        "scale": scale,
        "names": model.parameters.names,
        "frozen": [par.frozen for par in model.parameters],
        "units": [par.unit.to_string("fits") for par in model.parameters],
        "parameters": {par.name: par.value for par in model.parameters},
        "values": np.ravel(u.Quantity(found).value).tolist(),
        "mean": None,
    }
    if has_mean:
        # One interval at a time: the phase curve takes no arrays.
        start, stop = getattr(epoch + START * u.s, scale), getattr(epoch + STOP * u.s, scale)
        each = [
            float(u.Quantity(model.integral(a, b)).to_value("").sum())
            for a, b in zip(start, stop, strict=True)
        ]
        case["mean"] = float(np.average(each, weights=STOP - START))
    return case


if __name__ == "__main__":
    content = {
        "gammapy": gammapy.__version__,
        "reference": REFERENCE,
        "times": TIMES.tolist(),
        "start": START.tolist(),
        "stop": STOP.tolist(),
        "table": TABLE,
        "phases": PHASES,
        "cases": [make_case(*case) for case in CASES],
    }
    path = Path(__file__).with_name("data") / "temporal.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, Gammapy {gammapy.__version__}")
