"""A small dataset to draw, and checks of what was drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from gjax.dataset.dataset import Dataset
from gjax.maps.axis import MapAxis
from gjax.maps.wcs import WcsGeom


@pytest.fixture(scope="module")
def npred():
    y, x = np.mgrid[-20:20, -25:25]
    return np.exp(-(x**2 + y**2) / 50)[None] * np.array([9.0, 3.0, 0.5])[:, None, None] + 0.3


@pytest.fixture(scope="module")
def dataset(npred):
    energy = MapAxis.from_energy_bounds(0.1, 30.0, 3)
    true = MapAxis.from_energy_bounds(0.1, 30.0, 5, name="energy_true")
    geom = WcsGeom.create((83.63, 22.01), 0.05, (2.5, 2.0), proj="TAN")
    mask = np.ones((3, 40, 50), bool)
    mask[:, :, :5] = False
    mask[0, :10] = False
    counts = np.random.default_rng(1).poisson(npred)
    return Dataset("toy", geom, energy, true, counts=counts, mask_safe=mask)


def _overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Find pairs of texts that cover each other, among those that are really drawn."""
    boxes, draw = [], Text.draw

    def record(text, renderer, *args):
        if text.get_visible() and text.get_text().strip():
            boxes.append((text.get_text(), text.get_window_extent(renderer).padded(-1)))
        return draw(text, renderer, *args)

    figure.draw_without_rendering()
    # Sky axes draw their labels to measure them: what counts is the drawing after the layout.
    figure.set_layout_engine("none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", record)
        figure.draw_without_rendering()
    assert len(boxes) > 5
    return [
        (one, two)
        for number, (one, box) in enumerate(boxes)
        for two, other in boxes[number + 1 :]
        if box.overlaps(other)
    ]


def _inside(figure: Figure) -> bool:
    """Tell whether everything that is drawn lies on the page."""
    figure.draw_without_rendering()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    return min(box.x0, box.y0) > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02


@pytest.fixture
def check_readable():
    """Check that a figure has nothing off the page and no text on another."""

    def check(figure: Figure) -> None:
        assert _overlaps(figure) == []
        assert _inside(figure)

    return check
