"""Cubes of predicted counts."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from gjax.maps import Map, MapAxis, WcsGeom
from gjax.model import Models
from gjax.model.spectral import PowerLawNorm
from gjax.model.template_npred import TemplateNPred
from gjax.parameters import Parameters

GEOM = WcsGeom.create(skydir=(0.0, 0.0), binsz=1.0, npix=(3, 2))
AXIS = MapAxis.from_energy_bounds(0.1, 10.0, 2)


def cube(name: str = "energy") -> Map:
    axis = MapAxis.from_energy_bounds(0.1, 10.0, 2, name=name)
    return Map(np.arange(12.0).reshape(2, 2, 3), GEOM, (axis,))


def test_counts_times_the_spectrum_at_the_centres():
    model = TemplateNPred(cube(), PowerLawNorm(tilt=1.0, norm=2.0))
    expected = np.arange(12.0).reshape(2, 2, 3) * 2.0 / AXIS.center[:, None, None]
    np.testing.assert_allclose(model.npred(), expected)
    slope = jax.grad(lambda m: m.npred().sum())(TemplateNPred(cube()))
    assert float(slope.spectral.norm) == 66.0


def test_only_the_spectrum_has_parameters():
    models = Models.create({"counts": TemplateNPred(cube(), datasets_names="a")})
    names = [key[1:] for key in Parameters.from_models(models).keys]
    assert names == [("spectral", n) for n in ("tilt", "norm", "reference")]
    assert models["counts"].applies_to("a")
    assert not models["counts"].applies_to("b")
    assert TemplateNPred(cube()).applies_to("b")


def test_axis_must_be_that_of_reconstructed_energy():
    with pytest.raises(ValueError, match=r"the map has the axes \['energy_true'\]"):
        TemplateNPred(cube("energy_true"))
