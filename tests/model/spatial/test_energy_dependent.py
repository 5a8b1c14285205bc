"""Shapes that change with energy."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.model import Models, SkyModel
from gjax.model.spatial import Disk, EnergyDependent, Gaussian
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters


def shrinking() -> EnergyDependent:
    return EnergyDependent(Gaussian(10.0, 20.0, sigma=0.4), {"sigma": PowerLawNorm(tilt=0.5)})


def test_shape_is_that_of_the_energy():
    lon, lat = np.array([10.0, 10.1, 10.5]), np.array([20.0, 20.0, 20.3])
    for energy, sigma in ((1.0, 0.4), (4.0, 0.2), (0.25, 0.8)):
        expected = Gaussian(10.0, 20.0, sigma=sigma)(lon, lat)
        np.testing.assert_allclose(shrinking()(lon, lat, energy=energy), expected, rtol=1e-12)


def test_position_and_size_are_those_of_the_shape():
    model = shrinking()
    assert [float(c) for c in model.position] == [10.0, 20.0]
    assert float(model.evaluation_radius) == 2.0
    assert model.frame == "icrs"
    assert model.is_energy_dependent


def test_all_parameters_are_in_the_table():
    model = EnergyDependent(
        Disk(), {"r_0": PowerLawNorm(tilt=0.1), "edge_width": PowerLawNorm(tilt=0.2)}
    )
    models = Models.create({"snr": SkyModel(PowerLaw(), model)})
    names = Parameters.from_models(models).names
    assert "snr.spatial.model.r_0" in names
    assert "snr.spatial.factors.edge_width.tilt" in names


def test_slope_in_the_index():
    def density(tilt):
        shape = EnergyDependent(Gaussian(sigma=0.4), {"sigma": PowerLawNorm(tilt=tilt)})
        return shape(0.1, 0.2, energy=3.0)

    numeric = (density(0.3 + 1e-5) - density(0.3 - 1e-5)) / 2e-5
    assert float(jax.grad(density)(0.3)) == pytest.approx(float(numeric), rel=1e-7)


def test_what_cannot_depend_on_energy_is_named():
    with pytest.raises(ValueError, match=r"'lon_0' of Gaussian cannot depend on energy.*sigma"):
        EnergyDependent(Gaussian(), {"lon_0": PowerLawNorm()})
    with pytest.raises(ValueError, match="'r_0'"):
        EnergyDependent(Gaussian(), {"r_0": PowerLawNorm()})
    with pytest.raises(ValueError, match="give one"):
        shrinking()(10.0, 20.0)
