"""Notes and logs reach the user, and the logging of the user is left as it was."""

from __future__ import annotations

import logging

import pytest

from gjax.cli.progress import Progress, logging_as, sampling_text
from gjax.cli.schema import Log
from gjax.errors import ConfigError
from gjax.infer.chains import SamplingProgress


def test_log_goes_to_the_file_in_the_format_asked_for(tmp_path):
    path = tmp_path / "run.log"
    settings = Log(level="info", filename=path, filemode="w", format="%(levelname)s|%(message)s")
    with logging_as(settings):
        logging.getLogger("gjax.reduce").info("one")
        logging.getLogger("gjax.reduce").debug("two")
    logging.getLogger("gjax.reduce").error("three")
    assert path.read_text() == "INFO|one\n"


def test_log_goes_to_the_standard_error_by_default(capsys):
    with logging_as(Log(level="warning")):
        logging.getLogger("gjax.reduce").warning("low flux")
        logging.getLogger("gjax.reduce").info("all is well")
    assert capsys.readouterr().err == "WARNING gjax.reduce: low flux\n"


def test_logging_is_left_as_it_was():
    logger = logging.getLogger("gjax")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with logging_as(Log(level="debug")):
        assert logger.level == logging.DEBUG
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_a_log_file_that_cannot_be_is_named(tmp_path):
    with (
        pytest.raises(ConfigError, match=r"general\.log\.filename"),
        logging_as(Log(filename=tmp_path / "no" / "run.log")),
    ):
        pytest.fail("the block must not run")


def test_notes_are_shown_even_when_quiet(capsys):
    with Progress(1, quiet=True) as progress:
        progress.stage("hidden")
        progress.extend(2)
        progress.advance()
        progress.note("seen")
    captured = capsys.readouterr()
    assert captured.err == "gjax: seen\n"
    assert captured.out == ""


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
