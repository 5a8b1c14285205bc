"""Pictures: what is drawn, that labels are there, and that no text lies on another."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from gjax.dataset.dataset import Dataset
from gjax.maps.axis import MapAxis
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.plot import plot_corner, plot_counts_spectrum, plot_dataset, plot_map, save
from gjax.plot.corner import density_levels


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


def overlaps(figure: Figure) -> list[tuple[str, str]]:
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


def inside(figure: Figure) -> bool:
    """Tell whether everything that is drawn lies on the page."""
    figure.draw_without_rendering()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    return min(box.x0, box.y0) > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02


def test_dataset_panels_show_the_masked_sums(dataset, npred):
    figure = plot_dataset(dataset, npred, radius=0.0, positions={"crab": (83.63, 22.01)})
    panels = [ax for ax in figure.axes if hasattr(ax, "coords")]
    counts, model, residual = (ax.images[0].get_array() for ax in panels)
    expected = np.where(dataset.mask, dataset.counts, 0).sum(axis=0)
    np.testing.assert_allclose(np.ma.filled(counts, 0.0), expected, atol=1e-9)
    assert f"{expected.sum():,.0f}" in panels[0].get_title()
    assert f"{np.where(dataset.mask, npred, 0).sum():,.1f}" in panels[1].get_title()
    assert panels[0].images[0].norm.vmax == panels[1].images[0].norm.vmax
    assert panels[2].images[0].norm.vmin == -panels[2].images[0].norm.vmax
    assert np.ma.getmaskarray(residual)[:, :5].all()
    assert np.nanstd(np.ma.filled(residual, np.nan)) == pytest.approx(1.0, abs=0.15)
    assert model.shape == (40, 50)


def test_dataset_picture_is_readable(dataset, npred):
    figure = plot_dataset(dataset, npred, positions={"crab": (83.63, 22.01)})
    assert overlaps(figure) == []
    assert inside(figure)


def test_dataset_needs_counts_and_the_shape(dataset, npred):
    with pytest.raises(ValueError, match="shape"):
        plot_dataset(dataset, npred[:2])
    with pytest.raises(ValueError, match="shape"):
        plot_counts_spectrum(dataset, npred[:, :3])


@pytest.mark.parametrize(("width", "frame"), [((2.0, 2.0), "icrs"), ((10.0, 3.0), "galactic")])
def test_map_picture(width, frame):
    geom = WcsGeom.create((0.0, 0.0), 0.1, width, frame=frame)
    data = np.random.default_rng(2).poisson(5.0, geom.shape)
    ax = plot_map(data, geom, label="Counts", title="A map")
    assert overlaps(ax.get_figure()) == []
    assert inside(ax.get_figure())
    name = "Right ascension" if frame == "icrs" else "Galactic longitude"
    assert ax.coords[0].get_axislabel() == name
    np.testing.assert_array_equal(ax.images[0].get_array(), data)


def test_map_brings_its_geometry_and_unit():
    geom = WcsGeom.create((0.0, 0.0), 0.1, (1.0, 2.0))
    ax = plot_map(Map(np.ones((20, 10)), geom, unit="s cm2", name="exposure"))
    assert ax.child_axes[0].get_ylabel() == "exposure [s cm$^{2}$]"


def test_map_sums_over_leading_axes_and_checks_the_shape():
    geom = WcsGeom.create((0.0, 0.0), 0.1, (1.0, 2.0))
    ax = plot_map(np.ones((4, 20, 10)), geom, colorbar=False)
    assert (ax.images[0].get_array() == 4).all()
    with pytest.raises(ValueError, match="shape"):
        plot_map(np.ones((10, 20)), geom)
    with pytest.raises(ValueError, match="geometry"):
        plot_map(np.ones((10, 20)))
    with pytest.raises(ValueError, match="sky axes"):
        plot_map(np.ones((20, 10)), geom, Figure().add_subplot())


def test_counts_spectrum(dataset, npred):
    parts = {"background": np.full(dataset.shape, 0.3), "crab": npred - 0.3}
    figure = plot_counts_spectrum(dataset, npred, components=parts)
    upper, lower = figure.axes
    counts = np.where(dataset.mask, dataset.counts, 0).sum(axis=(1, 2))
    np.testing.assert_allclose(upper.lines[0].get_ydata(), counts)
    assert [text.get_text() for text in upper.get_legend().get_texts()] == [
        "background",
        "crab",
        "Model",
        "Counts",
    ]
    assert np.abs(lower.lines[1].get_ydata()).max() < 4
    assert overlaps(figure) == []
    region = np.zeros((40, 50), bool)
    region[20, 25] = True
    single = plot_counts_spectrum(dataset, npred, region=region).axes[0]
    np.testing.assert_allclose(single.lines[0].get_ydata(), dataset.counts[:, 20, 25])


def test_corner_names_limits_and_truth():
    rng = np.random.default_rng(3)
    samples = {
        "index": rng.normal(2.3, 0.05, (4, 500)),
        "amplitude": rng.normal(3, 0.1, 2000) * 1e-11,
    }
    figure = plot_corner(
        samples, truths={"index": 2.3}, labels={"amplitude": "amplitude [cm$^{-2}$]"}
    )
    grid = np.array(figure.axes).reshape(2, 2)
    assert not grid[0, 1].axison
    assert grid[1, 0].get_xlabel() == "index"
    assert grid[1, 0].get_ylabel() == "amplitude [cm$^{-2}$]"
    assert r"\times10^{-11}" in grid[1, 1].get_title()
    assert "2.30" in grid[0, 0].get_title()
    low, high = grid[0, 0].get_xlim()
    assert low < 2.2 < 2.4 < high
    assert overlaps(figure) == []
    table = np.stack([np.ravel(values) for values in samples.values()], axis=1)
    again = plot_corner(table, ["index", "amplitude"], truths=[2.3, 3e-11])
    assert np.array(again.axes).reshape(2, 2)[0, 0].get_title() == grid[0, 0].get_title()


def test_corner_refuses_unknown_names():
    with pytest.raises(ValueError, match="gamma"):
        plot_corner({"index": np.arange(9.0)}, ["gamma"])
    with pytest.raises(ValueError, match="columns"):
        plot_corner(np.ones((9, 2)), ["index"])
    with pytest.raises(ValueError, match="samples"):
        plot_corner({})


def test_density_levels_hold_their_share():
    x = np.linspace(-5, 5, 401)
    density = np.exp(-0.5 * (x[:, None] ** 2 + x**2))
    one, two = density_levels(density)
    assert one == pytest.approx(np.exp(-0.5), rel=0.01)
    assert two == pytest.approx(np.exp(-2.0), rel=0.01)


def test_save_is_complete_or_absent(tmp_path):
    geom = WcsGeom.create((0.0, 0.0), 0.1, (1.0, 1.0))
    path = save(plot_map(np.ones(geom.shape), geom), tmp_path / "map.png")
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert [file.name for file in tmp_path.iterdir()] == ["map.png"]


def test_no_global_state():
    code = "import sys, gjax.plot; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
