"""Convolution by transforms is the convolution."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.signal import convolve2d

from gjax.numerics.convolve import convolve_transformed, good_size, transform_kernel

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(32, 32), (24, 40), (40, 25)])
@pytest.mark.parametrize("size", [1, 5, 7])
def test_convolution_is_that_of_scipy(shape, size):
    kernel = RNG.uniform(size=(3, size, size))
    image = np.zeros(shape)
    # Where the image grown by the kernel fits in the window, nothing wraps around.
    image[4:-4, 4:-4] = RNG.uniform(size=(shape[0] - 8, shape[1] - 8))
    found = convolve_transformed(image[None], transform_kernel(kernel, shape))
    expected = np.stack([convolve2d(image, k, mode="same") for k in kernel])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_point_gives_the_kernel_in_its_place():
    kernel = np.arange(9.0).reshape(1, 3, 3)
    image = np.zeros((16, 24))
    image[5, 20] = 1.0
    found = np.asarray(convolve_transformed(image, transform_kernel(kernel, image.shape)))[0]
    np.testing.assert_allclose(found[4:7, 19:22], kernel[0], atol=1e-13)


def test_sum_is_kept():
    image = RNG.uniform(size=(16, 16))
    kernel = RNG.uniform(size=(1, 5, 5))
    found = convolve_transformed(image, transform_kernel(kernel / kernel.sum(), (16, 16)))
    assert float(found.sum()) == pytest.approx(image.sum(), rel=1e-13)


def test_gradient_is_the_correlation():
    kernel, weight = RNG.uniform(size=(1, 3, 3)), np.zeros((16, 16))
    weight[8, 8] = 1.0
    transform = transform_kernel(kernel, (16, 16))
    slope = jax.grad(lambda image: (weight * convolve_transformed(image, transform)).sum())(weight)
    np.testing.assert_allclose(slope[7:10, 7:10], kernel[0, ::-1, ::-1], atol=1e-13)


def test_good_sizes_are_smooth_and_few():
    sizes = [good_size(n) for n in range(1, 700)]
    assert all(size >= n for n, size in zip(range(1, 700), sizes, strict=True))
    assert sizes[0] == 16
    assert max(size / n for n, size in zip(range(33, 700), sizes[32:], strict=True)) < 1.31
    for size in set(sizes):
        assert size % 8 == 0
        rest = size
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        assert rest == 1
    assert len(set(sizes)) < 40
