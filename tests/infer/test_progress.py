"""A run says where it stands, in words and as a bar."""

from __future__ import annotations

import pytest

from gjax.infer.progress import SamplingProgress, progress_bar, sampling_text


@pytest.mark.parametrize(
    ("chain", "is_warmup", "divergences", "seconds", "text"),
    [
        (None, True, 0, float("nan"), "warming up, step 0.73"),
        (1, False, 3, 12.3, "sampling, chain 2, step 0.73, 3 diverged, 12 s left"),
        (None, False, 0, 300.0, "sampling, step 0.73, 5 min left"),
        (None, False, 0, 0.0, "sampling, step 0.73"),
    ],
)
def test_sampling_text(chain, is_warmup, divergences, seconds, text):
    state = SamplingProgress(25, 100, chain, is_warmup, divergences, 0.7312, seconds)
    assert sampling_text(state) == text


def test_bar(capsys):
    nan = float("nan")
    with progress_bar(True) as move:
        move(SamplingProgress(25, 100, 0, True, 0, 0.7, nan))
        move(SamplingProgress(100, 100, 1, False, 2, 0.8, 0.0))
    shown = capsys.readouterr().err
    assert "compiling" in shown
    assert "sampling, chain 2, step 0.8, 2 diverged: 100%" in shown
    assert "100/100" in shown


def test_no_bar(capsys):
    """Not where nobody looks: neither into a file nor when it is not wanted."""
    for wanted in (None, False):
        with progress_bar(wanted) as move:
            move(SamplingProgress(25, 100, 0, True, 0, 0.7, 1.0))
    assert capsys.readouterr().err == ""
