"""What a machine cannot go below: how fast it is, and how much work a case is at least.

A floor is the time of the bytes that have to be read or written at the measured bandwidth, of the
multiplications at the measured rate of a matrix product, of the exponentials, of the Fourier
transforms and of the decompression. Everything a program does besides is what it could save.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Work", "measure_speeds"]


@dataclass(frozen=True)
class Work:
    """The least work of a case.

    Parameters
    ----------
    read :
        Bytes that are read or written.
    flops :
        Additions and multiplications.
    exps :
        Exponentials, logarithms and powers.
    transforms :
        Pixels of real Fourier transforms in two dimensions, of images of 128 x 128 pixels.
    inflate :
        Bytes that come out of decompression.
    per_evaluation :
        Whether it is the work of one evaluation of a fit, or that of the whole case.
    """

    read: float = 0.0
    flops: float = 0.0
    exps: float = 0.0
    transforms: float = 0.0
    inflate: float = 0.0
    per_evaluation: bool = True

    def seconds(self, speeds: dict[str, float], evaluations: int | None) -> float:
        """Give the floor in s on a machine of known speeds."""
        one = sum(
            amount / speeds[name]
            for name, amount in (
                ("read_B_s", self.read),
                ("flop_s", self.flops),
                ("exp_s", self.exps),
                ("transform_pixel_s", self.transforms),
                ("inflate_B_s", self.inflate),
            )
        )
        return one * (evaluations or 1) if self.per_evaluation else one


def measure_speeds() -> dict[str, float]:
    """Measure the machine, all cores of the process together, by numpy and zlib."""
    import numpy as np

    rng = np.random.default_rng(0)
    large = rng.normal(size=2**24)
    out = np.empty_like(large)
    square = rng.normal(size=(1024, 1024))
    images = rng.normal(size=(64, 128, 128))
    text = gzip.compress(rng.poisson(3.0, 2**21).astype(np.uint8).tobytes(), 6)
    cores = _cores()
    return {
        # A copy reads and writes.
        "read_B_s": 2 * large.nbytes / _fastest(lambda: np.copyto(out, large)),
        "flop_s": 2 * 1024**3 / _fastest(lambda: square @ square),
        "exp_s": cores * 2**22 / _fastest(lambda: np.exp(large[: 2**22], out=out[: 2**22])),
        "transform_pixel_s": cores * images.size / _fastest(lambda: np.fft.rfft2(images)),
        "inflate_B_s": 2**21 / _fastest(lambda: gzip.decompress(text)),
    }


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fastest(function: Callable[[], Any], repeat: int = 5) -> float:
    """Give the least wall time in s: a floor is what the machine can do."""
    function()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)
