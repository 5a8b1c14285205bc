"""The Crab Nebula seen by five instruments, against Gammapy and the publication.

L. Nigro et al., A&A 625 (2019) A10 (arXiv:1903.06181) fitted these spectra together: Fermi-LAT,
MAGIC, VERITAS, FACT and H.E.S.S., without and with systematic errors of the energy scales.
"""

from __future__ import annotations

import numpy as np
import numpyro.distributions as dist
import pytest

import gjax
from gjax.dataset import Datasets, with_mask_fit
from gjax.io import read_ogip
from gjax.model import Models, ResponseModifier, SkyModel
from gjax.model.spectral import LogParabola, PowerLawNorm
from tests.reference.minuit_errors import assert_errors_of_minuit

#: Energies in TeV that are fitted, and the systematic error of the energy scale.
INSTRUMENTS = {
    "fermi": (0.03, 2.0, 0.05),
    "magic": (0.08, 30.0, 0.15),
    "veritas": (0.15, 30.0, 0.15),
    "fact": (0.4, 30.0, 0.15),
    "hess": (0.66, 30.0, 0.15),
}
#: On and off counts in these ranges, as Gammapy 2.1 selects them.
COUNTS = {
    "fermi": (578, 39),
    "magic": (730, 732),
    "veritas": (288, 192),
    "fact": (691, 2455),
    "hess": (458, 640),
}
#: Value and error from Gammapy 2.1.
GAMMAPY = {
    "amplitude": (3.84857e-11, 0.11431e-11),
    "alpha": (2.50541, 0.02551),
    "beta": (0.102598, 0.010650),
}
#: The published fits, from the files that come with the publication
#: (github.com/open-gamma-ray-astro/joint-crab, results/fit). Their curvature is that of the decimal
#: logarithm.
PUBLISHED = {
    "amplitude": (3.84913e-11, 0.11435e-11),
    "alpha": (2.505374, 0.025495),
    "beta": (0.236211 / np.log(10), 0.024509 / np.log(10)),
}
PUBLISHED_WITH_SCALES = {
    "crab.spectral.amplitude": (3.880975e-11, 0.353929e-11),
    "crab.spectral.alpha": (2.510858, 0.037645),
    "crab.spectral.beta": (0.242422 / np.log(10), 0.027580 / np.log(10)),
    "fermi-scale.energy.norm": (1.004306, 0.044950),
    "magic-scale.energy.norm": (0.997063, 0.060489),
    "veritas-scale.energy.norm": (0.944186, 0.063782),
    "fact-scale.energy.norm": (0.897039, 0.065239),
    "hess-scale.energy.norm": (1.099110, 0.072149),
}
CRAB = SkyModel(LogParabola(amplitude=4e-11, reference=1.0, alpha=2.5, beta=0.1))


@pytest.fixture(scope="module")
def spectra(gammapy_data) -> Datasets:
    folder = gammapy_data / "joint-crab" / "spectra"
    return Datasets(
        [
            with_mask_fit(read_ogip(path, name=f"{name}-{path.stem[4:]}"), *ends)
            for name, (*ends, _) in INSTRUMENTS.items()
            for path in sorted((folder / name).glob("pha_*.fits"))
        ]
    )


def with_energy_scales(datasets: Datasets) -> tuple[Models, gjax.Parameters]:
    """Give each instrument an energy scale, as uncertain as its systematic error says."""
    models: dict[str, SkyModel | ResponseModifier] = {"crab": CRAB}
    widths = {}
    for name, (*_, error) in INSTRUMENTS.items():
        seen = [one for one in datasets.names if one.startswith(name)]
        models[f"{name}-scale"] = ResponseModifier(seen, energy=PowerLawNorm())
        widths[f"{name}-scale.energy.norm"] = error
    table = gjax.Parameters.from_models(Models.create(models))
    for name, error in widths.items():
        table = table.prior(name, dist.Normal(1.0, error))
    return Models.create(models), table


@pytest.fixture(scope="module")
def joint(spectra):
    return gjax.fit(spectra, Models.create({"crab": CRAB}))


@pytest.fixture(scope="module")
def with_scales(spectra):
    return gjax.fit(spectra, *with_energy_scales(spectra))


def test_spectra_are_complete(spectra):
    assert len(spectra) == 10
    assert all(spectrum.is_onoff for spectrum in spectra)
    for name, expected in COUNTS.items():
        chosen = [one for one in spectra if one.name.startswith(name)]
        for field, number in zip(("counts", "counts_off"), expected, strict=True):
            assert sum(getattr(one, field)[one.mask].sum() for one in chosen) == number, name


def test_joint_fit_is_that_of_gammapy(joint):
    assert joint.success, joint.message
    assert joint.stat == pytest.approx(460.2945, abs=1e-3)
    for name, (value, error) in GAMMAPY.items():
        assert abs(joint.value(f"crab.spectral.{name}") - value) < 1e-3 * error, name
        assert joint.error(f"crab.spectral.{name}") == pytest.approx(error, rel=1e-3), name


def test_errors_are_those_of_minuit(joint):
    """The covariance of Hesse and the asymmetric errors of Minos."""
    assert_errors_of_minuit(joint, "joint")


def test_joint_fit_is_the_published_one(joint):
    for name, (value, error) in PUBLISHED.items():
        assert abs(joint.value(f"crab.spectral.{name}") - value) < 0.02 * error, name
        assert joint.error(f"crab.spectral.{name}") == pytest.approx(error, rel=0.01), name


def test_energy_scales_give_the_published_fit(with_scales):
    assert with_scales.success, with_scales.message
    for name, (value, error) in PUBLISHED_WITH_SCALES.items():
        assert abs(with_scales.value(name) - value) < 0.02 * error, name
        assert with_scales.error(name) == pytest.approx(error, rel=0.02), name
    # The published statistic counts priors as squares, without their normalisation.
    pulls = [
        (with_scales.value(f"{name}-scale.energy.norm") - 1.0) / error
        for name, (*_, error) in INSTRUMENTS.items()
    ]
    stat = sum(with_scales.stat_datasets.values()) + np.sum(np.square(pulls))
    assert stat == pytest.approx(441.2305, abs=0.01)


def test_energy_scales_are_within_their_errors(with_scales, joint):
    """The scales pull the instruments together, and none by more than two systematic errors."""
    assert sum(with_scales.stat_datasets.values()) < joint.stat - 20
    for name, (*_, error) in INSTRUMENTS.items():
        pattern = f"{name}-scale.energy.norm"
        assert abs(with_scales.value(pattern) - 1.0) < 2 * error, name
        assert 0.2 * error < with_scales.error(pattern) < error, name


def test_warm_fits_compile_nothing(spectra, joint, with_scales):
    for fitted in (joint, with_scales):
        gjax.fit(spectra, fitted.models, fitted.parameters)
        again = gjax.fit(spectra, fitted.models, fitted.parameters)
        assert again.timing["compile"] == 0.0
        assert again.evaluations <= 2
        assert again.stat == pytest.approx(fitted.stat, abs=1e-6)


def test_other_systematic_errors_compile_nothing(spectra, with_scales):
    models, table = with_energy_scales(spectra)
    for name in INSTRUMENTS:
        table = table.prior(f"{name}-scale.energy.norm", dist.Normal(1.0, 1e-4))
    gjax.fit(spectra, with_scales.models, with_scales.parameters)
    held = gjax.fit(spectra, models, table)
    assert held.timing["compile"] == 0.0
    # Scales that are known leave the fit without them.
    for name, (value, error) in GAMMAPY.items():
        assert abs(held.value(f"crab.spectral.{name}") - value) < 5e-3 * error, name
        assert held.error(f"crab.spectral.{name}") == pytest.approx(error, rel=5e-3), name
