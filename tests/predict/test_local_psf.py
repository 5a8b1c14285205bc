"""The PSF of a map at a position becomes kernels whose width is that of the PSF."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.maps import MapAxis, WcsGeom
from gjax.predict import GAMMAPY, Folding
from gjax.predict.local_psf import LocalPSF, pixel_steps

AT = (83.63, 22.01)
SIGMA = 0.1


def local(gaussian_dataset, binsz, sigma=SIGMA, folding=None):
    geom = WcsGeom.create(AT, binsz=binsz, npix=21, proj="TAN")
    dataset = gaussian_dataset(geom, sigma)
    return LocalPSF(dataset, geom, AT, pixel_steps(geom, AT), folding or Folding())


def width2(kernel, binsz):
    """Find the variance of a kernel along one side, in deg2."""
    x = (np.arange(kernel.shape[-1]) - kernel.shape[-1] // 2) * binsz
    return float((kernel.sum(axis=-2) * x**2).sum() / kernel.sum())


def test_pixel(gaussian_dataset):
    psf = local(gaussian_dataset, 0.05)
    np.testing.assert_allclose(psf.pixel, 0.05, rtol=1e-6)
    assert psf.steps.shape == (2, 3)


@pytest.mark.parametrize("binsz", [0.05, 0.1])
def test_kernel_of_a_point_is_averaged_over_the_pixel(gaussian_dataset, binsz):
    """The variance of a uniform pixel is added; the cut at 99.9% takes 1% of the variance away."""
    reach, kernel = local(gaussian_dataset, binsz).kernel(is_point=True)
    assert kernel.shape == (1, 2 * reach + 1, 2 * reach + 1)
    assert kernel.sum() == pytest.approx(1.0, rel=1e-6)
    assert width2(kernel[0], binsz) == pytest.approx(SIGMA**2 + binsz**2 / 12, rel=0.02)


def test_kernel_of_what_is_averaged_already_is_not_widened(gaussian_dataset):
    _, kernel = local(gaussian_dataset, 0.05).kernel(is_point=False)
    assert width2(kernel[0], 0.05) == pytest.approx(SIGMA**2, rel=0.02)


def test_kernels_of_parts_are_displaced(gaussian_dataset):
    kernels = local(gaussian_dataset, 0.1).part_kernels(2)
    assert kernels.shape[:2] == (4, 1)
    x = (np.arange(kernels.shape[-1]) - kernels.shape[-1] // 2) * 0.1
    means = [(one[0].sum(axis=-2) * x).sum() / one.sum() for one in kernels]
    np.testing.assert_allclose(np.abs(means), 0.025, rtol=0.05)
    assert np.sum(means) == pytest.approx(0.0, abs=1e-6)


def test_no_psf_and_gammapy(gaussian_dataset):
    assert local(gaussian_dataset, 0.05, sigma=None).kernel(is_point=True) == (0, None)
    reach, kernel = local(gaussian_dataset, 0.05, folding=GAMMAPY).kernel(is_point=True)
    assert kernel.shape[-1] == 2 * reach + 1


def test_other_energies_are_refused(gaussian_dataset):
    psf = local(gaussian_dataset, 0.05)
    other = MapAxis.from_energy_bounds(1.0, 10.0, 2, name="energy_true")
    wrong = dataclasses.replace(psf.dataset, exposure=None, energy_true=other, psf=psf.dataset.psf)
    with pytest.raises(ValueError, match="energy bins"):
        dataclasses.replace(psf, dataset=wrong).table()
