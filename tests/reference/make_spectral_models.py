"""Write data/spectral_models.json: values of Gammapy's spectral models.

Run in an environment with Gammapy and with GAMMAPY_DATA set: ``python make_spectral_models.py``.
The tests of the registry compare with the file; they do not need Gammapy.
"""

import json
import logging
from pathlib import Path

import astropy.units as u
import gammapy
import numpy as np
from gammapy.maps import MapAxis, RegionNDMap
from gammapy.modeling.models import (
    SPECTRAL_MODEL_REGISTRY,
    EBLAbsorptionNormSpectralModel,
    MeyerCrabSpectralModel,
    PiecewiseNormSpectralModel,
    TemplateNDSpectralModel,
    TemplateSpectralModel,
    create_crab_spectral_model,
)

logging.disable(logging.WARNING)
EDGES = np.geomspace(0.1, 100.0, 7)

#: Two sets of parameters beside the defaults.
PLAIN = [
    ("const", [{"const": 3e-13}]),
    (
        "pl",
        [
            {"index": 1.0, "amplitude": 3e-11, "reference": 0.5},
            {"index": 2.7, "amplitude": 4.7e-11},
        ],
    ),
    ("pl-norm", [{"tilt": -0.06, "norm": 0.96, "reference": 2.0}, {"tilt": 1.0}]),
    (
        "pl-2",
        [{"index": 2.6, "amplitude": 3e-11, "emin": 1.0, "emax": 10.0}, {"index": 0.4}],
    ),
    (
        "bpl",
        [
            {"index1": 1.5, "index2": 2.9, "amplitude": 3e-11, "ebreak": 2.7},
            {"index1": 2.5, "index2": 1.0, "ebreak": 0.4},
        ],
    ),
    (
        "sbpl",
        [
            {"index1": 1.5, "index2": 2.9, "amplitude": 3e-11, "ebreak": 2.7, "beta": 0.3},
            {"index1": 2.5, "index2": 1.7, "ebreak": 0.4, "reference": 3.0},
        ],
    ),
    (
        "ecpl",
        [
            {"index": 2.3, "amplitude": 2.5e-12, "lambda_": 0.05, "alpha": 0.7},
            {"index": 1.8, "reference": 3.0, "lambda_": 0.01, "alpha": 2.0},
        ],
    ),
    ("ecpl-norm", [{"index": 0.3, "norm": 1.2, "lambda_": 0.05, "alpha": 0.7}]),
    ("ecpl-3fgl", [{"index": 2.3, "amplitude": 2.5e-12, "reference": 0.3, "ecut": 4.0}]),
    (
        "secpl-3fgl",
        [{"index_1": 1.2, "index_2": 0.7, "amplitude": 2.5e-12, "reference": 0.3, "ecut": 4.0}],
    ),
    (
        "secpl-4fgl",
        [
            {"index_1": 1.2, "index_2": 0.6667, "amplitude": 2.5e-12, "expfactor": 1e-5},
            {"index_1": 2.2, "index_2": 1.1, "reference": 3.0, "expfactor": 1e-8},
        ],
    ),
    (
        "secpl-4fgl-dr3",
        [
            {"index_1": 2.1, "index_2": 0.6667, "amplitude": 2.5e-12, "expfactor": 0.3},
            {"index_1": 2.1, "index_2": 0.001, "amplitude": 2.5e-12, "expfactor": 0.3},
            {"index_1": 1.7, "index_2": -0.2, "reference": 3.0, "expfactor": 0.1},
        ],
    ),
    ("lp", [{"amplitude": 3e-11, "reference": 1.0, "alpha": 2.3, "beta": 0.1}]),
    ("lp2", [{"amplitude": 3e-11, "reference": 1.0, "alpha": 2.3, "beta": 0.1, "escale": 0.3}]),
    ("lp-norm", [{"norm": 0.7, "reference": 1.0, "alpha": 0.3, "beta": 0.1}]),
    (
        "gauss",
        [
            {"amplitude": 3e-11, "mean": 3.0, "sigma": 0.4},
            {"amplitude": 3e-11, "mean": 1.3, "sigma": 1e-3},
        ],
    ),
]


def describe(tag, model, fields=None):
    """Evaluate and integrate a model in bins of half a decade."""
    energy = EDGES * u.TeV
    names = model.parameters.names
    has_flux = hasattr(model, "evaluate_integral") or tag == "gauss"
    case = {
        "tag": tag,
        "fields": fields or {},
        "names": names,
        "frozen": [par.frozen for par in model.parameters],
        "units": [str(par.unit) for par in model.parameters],
        "parameters": {par.name: par.value for par in model.parameters},
        "dnde": u.Quantity(model(energy)).to_value(unit_of(model)).tolist(),
        "has_closed_form": has_flux,
    }
    # Gammapy integrates the others with 100 trapezia per decade, good to a few 1e-4.
    per_flux = unit_of(model) * u.TeV
    low, high = energy[:-1], energy[1:]
    case["integral"] = model.integral(low, high).to_value(per_flux).tolist()
    return case


def unit_of(model):
    """Give the internal unit of a model's values."""
    unit = u.Quantity(model(EDGES[:1] * u.TeV)).unit
    return u.Unit("") if unit == u.Unit("") else u.Unit("cm-2 s-1 TeV-1")


def plain():
    """Describe the models that have nothing but parameters."""
    for tag, sets in PLAIN:
        for values in [{}, *sets]:
            model = SPECTRAL_MODEL_REGISTRY.get_cls(tag)()
            for name, value in values.items():
                model.parameters[name].value = value
            # Gammapy's own defaults give NaN here: the indices are equal.
            if tag != "sbpl" or values:
                yield describe(tag, model)
    for norm in (1.0, 0.3):
        yield describe("meyer-crab", MeyerCrabSpectralModel(norm=norm))


def tables():
    """Describe the models that interpolate."""
    energy = np.array([0.3, 1.0, 4.0, 20.0])
    for norms in ([1.0, 1.3, 0.7, 2.0], [0.2, 3.0, 0.5, 0.9]):
        for interp in ("log", "lin"):
            model = PiecewiseNormSpectralModel(energy * u.TeV, norms=norms, interp=interp)
            fields = {"energy": energy.tolist(), "norms": norms, "interp": interp}
            yield describe("piecewise-norm", model, fields)
    unit = u.Unit("cm-2 s-1 TeV-1")
    for values in ([1e-10, 1e-11, 3e-13, 1e-15], [1e-10, 3e-11, 3e-12, 0.0]):
        for interp in ("log", "lin"):
            model = TemplateSpectralModel(
                energy * u.TeV, values * unit, interp_kwargs={"values_scale": interp}
            )
            fields = {"energy": energy.tolist(), "values": values, "interp": interp}
            yield describe("template", model, fields)
    model = TemplateSpectralModel([2.0] * u.TeV, [3e-12] * unit)
    yield describe("template", model, {"energy": [2.0], "values": [3e-12]})
    yield from template_nd()
    yield from absorption()


def template_nd():
    """Describe a table over energy and two parameters."""
    energy = MapAxis.from_energy_bounds("0.05 TeV", "200 TeV", nbin=5, name="energy_true")
    norm = MapAxis.from_nodes([0.5, 1.0, 4.0], name="norm", interp="log")
    tilt = MapAxis.from_edges([-1.5, -0.5, 0.5, 2.0], name="tilt")
    axes = [energy, norm, tilt]
    template = RegionNDMap.create("icrs;circle(0, 0, 1)", axes=axes, unit="cm-2 s-1 TeV-1")
    tilts, norms = tilt.center.value[:, None, None], norm.center.value[:, None]
    values = 1e-12 * norms**1.1 * energy.center.value ** (-2.0 - tilts) * (1 + 0.1 * tilts**2)
    template.data = values[..., None, None]
    nodes = {
        "tilt": (tilt.edges.value.tolist(), "", "lin", "edges"),
        "norm": (norm.center.value.tolist(), "", "log", "center"),
        "energy_true": (energy.edges.value.tolist(), "TeV", "log", "edges"),
    }
    for parameters in ({"norm": 0.9, "tilt": 0.2}, {"norm": 2.5, "tilt": -1.4}):
        model = TemplateNDSpectralModel(template, filename="none.fits")
        for name, value in parameters.items():
            model.parameters[name].value = value
        fields = {"values": values.tolist(), "axes": nodes}
        case = describe("templateND", model, fields)
        # Gammapy's axes run backwards, and its parameters with them.
        for key in ("names", "frozen", "units"):
            case[key].reverse()
        yield case


def absorption():
    """Describe a small table of absorption at redshifts inside and outside of it."""
    energy, redshifts = np.geomspace(0.05, 30.0, 12), np.linspace(0.02, 0.5, 9)
    values = np.exp(-12.0 * redshifts[:, None] * energy**0.9)
    for redshift, alpha in ((0.1, 1.0), (0.123, 0.8), (0.61, 1.0), (0.005, 1.3)):
        model = EBLAbsorptionNormSpectralModel(
            energy * u.TeV, redshifts, values, redshift=redshift, alpha_norm=alpha
        )
        fields = {
            "energy": energy.tolist(),
            "redshifts": redshifts.tolist(),
            "values": values.tolist(),
        }
        yield describe("ebl-norm", model, fields)


def builtin_absorption():
    """Evaluate the tables of the Gammapy data."""
    energy = np.geomspace(0.03, 25.0, 8)
    for name in ("dominguez", "finke", "franceschini", "franceschini17", "saldana-lopez21"):
        for redshift, alpha in ((0.116, 1.0), (0.5333, 0.7)):
            model = EBLAbsorptionNormSpectralModel.read_builtin(name, redshift, alpha)
            yield {
                "table": name,
                "redshift": redshift,
                "alpha_norm": alpha,
                "energy": energy.tolist(),
                "values": model(energy * u.TeV).value.tolist(),
            }


def crab():
    """Evaluate the reference spectra of the Crab Nebula."""
    for name in ("meyer", "hegra", "hess_pl", "hess_ecpl", "magic_lp", "magic_ecpl"):
        model = create_crab_spectral_model(name)
        yield {
            "reference": name,
            "dnde": model(EDGES * u.TeV).to_value("cm-2 s-1 TeV-1").tolist(),
        }


if __name__ == "__main__":
    content = {
        "gammapy": gammapy.__version__,
        "edges": EDGES.tolist(),
        "spectral": [*plain(), *tables()],
        "absorption": list(builtin_absorption()),
        "crab": list(crab()),
    }
    path = Path(__file__).with_name("data") / "spectral_models.json"
    path.write_text(json.dumps(content) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, Gammapy {gammapy.__version__}")
