"""Write data/models/gallery_*.yaml: every model of Gammapy's gallery, as Gammapy writes it.

Run in an environment with Gammapy, with GAMMAPY_DATA set: ``python make_models_gallery.py``. Values
of the models at a few points go into data/models/gallery.json.
"""

import json
import os
import warnings
from pathlib import Path

import astropy.units as u
import gammapy
import gammapy.modeling.models as m
import numpy as np
from astropy.time import Time
from gammapy.maps import MapCoord

DATA = "$GAMMAPY_DATA"
FOLDER = Path(__file__).parent / "data" / "models"
ENERGY = np.array([0.05, 0.3, 1.0, 7.0, 40.0])
TIME = np.array([0.0, 0.5, 3.0])


def absorbed(redshift=0.5):
    """Give a blazar's spectrum behind the extragalactic background light."""
    model = m.PowerLawSpectralModel(index=2.0, amplitude="1e-11 cm-2 s-1 TeV-1")
    return model * m.EBLAbsorptionNormSpectralModel.read_builtin("dominguez", redshift=redshift)


def template():
    """Give a table with a shape."""
    energy = np.geomspace(0.01, 100, 9) * u.TeV
    values = energy.value**-2.2 * np.exp(-energy.value / 20) * u.Unit("1e-11 / (cm2 s TeV)")
    return m.TemplateSpectralModel(energy=energy, values=values)


def spectral():
    """Give the spectral models with the arguments of the gallery."""
    amplitude, reference = "1e-12 cm-2 s-1 TeV-1", "1 TeV"
    common = {"amplitude": amplitude, "reference": reference}
    flux = "1e-12 cm-2 s-1"
    piecewise = m.PiecewiseNormSpectralModel([0.1, 0.32, 1.0, 3.2, 10.0] * u.TeV, [1, 3, 8, 10, 7])
    return {
        "absorbed": absorbed(),
        "bpl": m.BrokenPowerLawSpectralModel(index1=1.5, index2=2.5, ebreak=reference),
        "compound": m.PowerLawSpectralModel(index=2, **common)
        + m.LogParabolaSpectralModel(amplitude=amplitude, reference="10 TeV", alpha=2, beta=1),
        "const": m.ConstantSpectralModel(const="1e-12 TeV-1 s-1 cm-2"),
        "ecpl": m.ExpCutoffPowerLawSpectralModel(**common, index=2, lambda_="0.1 TeV-1", alpha=1),
        "ecpl-3fgl": m.ExpCutoffPowerLaw3FGLSpectralModel(**common, index=2.3, ecut="10 TeV"),
        "ecpl-norm": m.ExpCutoffPowerLawNormSpectralModel(norm=0.8, lambda_="0.1 TeV-1")
        * m.PowerLawSpectralModel(index=2.0),
        "gauss": m.GaussianSpectralModel(amplitude=flux, mean="5 TeV", sigma="2 TeV"),
        "lp": m.LogParabolaSpectralModel(**common, alpha=2.3, beta=0.5),
        "lp2": m.LogParabola2SpectralModel(**common, alpha=2.3, beta=0.5, escale="1 TeV"),
        "lp-norm": m.LogParabolaNormSpectralModel(norm=1.5, reference=reference)
        * m.PowerLawSpectralModel(),
        "piecewise": piecewise * m.PowerLawSpectralModel(),
        "pl": m.PowerLawSpectralModel(index=2, **common),
        "pl-2": m.PowerLaw2SpectralModel(amplitude=flux, index=2, emin="1 TeV", emax="10 TeV"),
        "pl-norm": m.PowerLawNormSpectralModel(norm=5, reference=reference) * template(),
        "sbpl": m.SmoothBrokenPowerLawSpectralModel(
            index1=1.5, index2=2.5, **common, ebreak="1 TeV", beta=1
        ),
        "secpl-3fgl": m.SuperExpCutoffPowerLaw3FGLSpectralModel(
            index_1=1, index_2=2, **common, ecut="20 TeV"
        ),
        "secpl-4fgl": m.SuperExpCutoffPowerLaw4FGLSpectralModel(
            index_1=1.5, index_2=2, amplitude=amplitude, reference="0.1 TeV", expfactor=1e-14
        ),
        "secpl-4fgl-dr3": m.SuperExpCutoffPowerLaw4FGLDR3SpectralModel(
            index_1=1.5, index_2=0.7, amplitude=amplitude, reference="0.1 TeV", expfactor=0.4
        ),
        "template": template(),
    }


def spatial():
    """Give the spatial models with the arguments of the gallery."""
    place = {"lon_0": "2 deg", "lat_0": "2 deg", "frame": "galactic"}
    diffuse = f"{DATA}/fermi-3fhl-gc/gll_iem_v06_gc.fits.gz"
    return {
        "const": m.ConstantSpatialModel(value="42 sr-1"),
        "const-flux": m.ConstantFluxSpatialModel(),
        "disk": m.DiskSpatialModel(**place, r_0="1 deg", e=0.8, phi="30 deg", edge_width=0.1),
        "gauss": m.GaussianSpatialModel(**place, sigma="1 deg", e=0.7, phi="30 deg"),
        "gauss-general": m.GeneralizedGaussianSpatialModel(
            **place, eta=0.5, r_0="1 deg", e=0.7, phi="30 deg"
        ),
        "point": m.PointSpatialModel(lon_0="0.01 deg", lat_0="0.01 deg", frame="galactic"),
        "shell": m.ShellSpatialModel(**place, radius="1 deg", width="0.5 deg"),
        "shell2": m.Shell2SpatialModel(**place, r_0="2 deg", eta=0.5),
        "template-diffuse": m.TemplateSpatialModel.read(diffuse, normalize=False),
    }


def temporal():
    """Give the temporal models with the arguments of the gallery."""
    day = 46301 * u.d
    curve = f"{DATA}/tests/models/light_curve/lightcrv_PKSB1222+216.fits"
    phase = f"{DATA}/tests/phasecurve_LSI_DC.fits"
    solution = {"t_ref": 43366.275 * u.d, "f0": 1 / (26.7 * u.d)}
    return {
        "const": m.ConstantTemporalModel(),
        "exp-decay": m.ExpDecayTemporalModel(t0="5 h", t_ref=day, scale="tt"),
        "gauss": m.GaussianTemporalModel(t_ref=day, sigma="3 h"),
        "gengauss": m.GeneralizedGaussianTemporalModel(
            t_ref=day, t_rise=0.1 * u.d, t_decay=1 * u.d, eta=2 / 3
        ),
        "linear": m.LinearTemporalModel(alpha=1.0, beta="1 d-1", t_ref=day),
        "powerlaw": m.PowerLawTemporalModel(alpha=-2.0, t_ref=46300 * u.d, t0="1 d"),
        "sinus": m.SineTemporalModel(amp=0.5, omega="3.14 rad/day", t_ref=day),
        "template": m.LightCurveTemplateTemporalModel.read(curve),
        "template-phase": m.TemplatePhaseCurveTemporalModel.read(phase, **solution),
    }


def evaluate(kind, name, model):
    """Evaluate a model at a few points."""
    if kind == "spectral":
        value = model(ENERGY * u.TeV)
        return u.Quantity(value).to_value("cm-2 s-1 TeV-1").tolist()
    if kind == "spatial":
        return None
    epoch = Time(59100.0 if name == "template" else 46301.2, format="mjd", scale="tt")
    time = epoch + TIME * u.d
    value = model.evaluate(time) if name == "template" else model(time)
    return np.ravel(u.Quantity(value).to_value("")).tolist()


def choices():
    """Give a file with priors, links, bounds and a light curve."""
    first = m.SkyModel(m.PowerLawSpectralModel(), m.PointSpatialModel(), name="first")
    second = m.SkyModel(m.LogParabolaSpectralModel(), m.GaussianSpatialModel(), name="second")
    second.spectral_model.amplitude = first.spectral_model.amplitude
    first.parameters["index"].prior = m.GaussianPrior(mu=2.2, sigma=0.3, weight=2.0)
    first.parameters["lon_0"].prior = m.GeneralizedGaussianPrior(mu=0.1, sigma=0.2, eta=0.8)
    second.parameters["alpha"].prior = m.UniformPrior(min=1, max=3)
    second.parameters["sigma"].prior = m.LogUniformPrior(min=1e-2, max=10)
    second.parameters["beta"].scan_n_sigma = 3
    coords = MapCoord.create(
        {"lon": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0] * u.deg, "lat": [1, 1, 1, 3, 3, 3] * u.deg},
        frame="galactic",
    )
    background = m.FoVBackgroundModel(
        spatial_model=m.PiecewiseNormSpatialModel(
            coords, [0.5, 3, 2, 1, 1, 1] * u.one, frame="galactic"
        ),
        spectral_model=m.PiecewiseNormSpectralModel([0.1, 1.0, 10.0] * u.TeV, [1, 1.1, 0.9]),
        dataset_name="stacked",
    )
    return m.Models([first, second, background])


def write(kind, parts):
    """Write the models of one kind, and return their values."""
    models = []
    for name, part in parts.items():
        args = {f"{kind}_model": part}
        if kind != "spectral":
            norm = name == "template-diffuse"
            spectrum = m.PowerLawNormSpectralModel() if norm else m.PowerLawSpectralModel()
            args["spectral_model"] = spectrum
        models.append(m.SkyModel(**args, name=name))
    path = FOLDER / f"gallery_{kind}.yaml"
    m.Models(models).write(path, overwrite=True, write_covariance=False, checksum=True)
    # No path of this machine: as written, the checksum is of the file with the variable in it.
    text = path.read_text().replace(os.environ["GAMMAPY_DATA"], DATA)
    path.write_text(text[: text.index("metadata:")] if "metadata:" in text else text)
    return {name: evaluate(kind, name, part) for name, part in parts.items()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    content = {"gammapy": gammapy.__version__, "energy": ENERGY.tolist(), "time": TIME.tolist()}
    for kind, parts in (("spectral", spectral()), ("spatial", spatial()), ("temporal", temporal())):
        content[kind] = write(kind, parts)
    choices().write(FOLDER / "choices.yaml", overwrite=True, write_covariance=False, checksum=True)
    (FOLDER / "gallery.json").write_text(json.dumps(content, indent=1) + "\n")
