"""Notes and logs reach the user, and the logging of the user is left as it was."""

from __future__ import annotations

import logging

import pytest

from gjax.cli.progress import Progress, logging_as
from gjax.cli.schema import Log
from gjax.errors import ConfigError


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
