"""Every Python block of README and docs runs, and the tutorials do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    if "```python\n" in page.read_text(encoding="utf-8")
    and not {"_build", "notebooks"} & set(page.relative_to(ROOT).parts)
]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.md"))


@pytest.fixture(autouse=True)
def clean_folder(tmp_path, monkeypatch):
    """Run where nothing is in the way, and close the figures afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_python_blocks_run(page, execute):
    execute(page, "python")


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_tutorial_runs(notebook, execute, gammapy_data):
    execute(notebook, "{code-cell}")


def test_there_is_something_to_run():
    assert ROOT / "README.md" in PAGES
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_tutorials_hold_no_outputs(notebook):
    text = notebook.read_text(encoding="utf-8")
    assert "format_name: myst" in text
    assert "{code-cell-output}" not in text
    assert "data:image" not in text
