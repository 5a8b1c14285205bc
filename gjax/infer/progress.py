"""Where a sampling run stands, in numbers, in words and as a bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tqdm import tqdm

__all__ = ["SamplingProgress", "progress_bar", "sampling_text"]


@dataclass(frozen=True)
class SamplingProgress:
    """Where a run stands.

    Parameters
    ----------
    done, total :
        Steps done and to do, all chains together.
    chain :
        The chain at work, from 0; None if all advance together.
    is_warmup :
        Whether the sampler still adapts.
    divergences :
        Divergent transitions after warm-up until now.
    step_size :
        Step size of the integrator, mean over the chains at work.
    seconds_left :
        Estimated time to go; NaN before the second block.
    """

    done: int
    total: int
    chain: int | None
    is_warmup: bool
    divergences: int
    step_size: float
    seconds_left: float


def sampling_text(state: SamplingProgress) -> str:
    """Say where a sampler stands: divergences, step size and time to go, as far as known."""
    words = ["warming up" if state.is_warmup else "sampling"]
    if state.chain is not None:
        words.append(f"chain {state.chain + 1}")
    words.append(f"step {state.step_size:.2g}")
    if state.divergences:
        words.append(f"{state.divergences} diverged")
    if state.seconds_left >= 60:
        words.append(f"{state.seconds_left / 60:.0f} min left")
    elif state.seconds_left >= 1:
        words.append(f"{state.seconds_left:.0f} s left")
    return ", ".join(words)


@contextmanager
def progress_bar(wanted: bool | None) -> Iterator[Callable[[SamplingProgress], None]]:
    """Show a bar on the standard error, and give what moves it.

    Parameters
    ----------
    wanted :
        Whether to show it; None shows it on a terminal.
    """
    is_shown = sys.stderr.isatty() if wanted is None else wanted
    layout = "{desc}: {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} [{elapsed}]"
    with tqdm(desc="compiling", disable=not is_shown, bar_format=layout, total=0) as bar:

        def move(state: SamplingProgress) -> None:
            bar.total = state.total
            bar.set_description_str(sampling_text(state), refresh=False)
            bar.update(state.done - bar.n)

        yield move
