"""Files appear whole or not at all."""

from __future__ import annotations

import pytest

from gjax.io.atomic import atomic_write


def test_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "map.fits.gz"
    with atomic_write(path) as temporary:
        assert temporary.name.endswith(".fits.gz")
        assert temporary.parent == path.parent
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")

    def fail():
        with atomic_write(path, overwrite=True) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_existing_file_is_kept_unless_told(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with pytest.raises(FileExistsError, match=r"result\.json"), atomic_write(path):
        pytest.fail("the block must not run")
    assert path.read_text() == "old"


def test_existing_file_is_replaced_when_told(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with atomic_write(path, overwrite=True) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_nothing_written_is_an_error(tmp_path):
    path = tmp_path / "result.json"
    with pytest.raises(FileNotFoundError, match="nothing was written"), atomic_write(path):
        pass
    assert not list(tmp_path.iterdir())
