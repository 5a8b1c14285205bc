"""Pictures of the sky."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.plot import plot_dataset, plot_map


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


def test_dataset_picture_is_readable(dataset, npred, check_readable):
    figure = plot_dataset(dataset, npred, positions={"crab": (83.63, 22.01)})
    check_readable(figure)


@pytest.mark.parametrize(("width", "frame"), [((2.0, 2.0), "icrs"), ((10.0, 3.0), "galactic")])
def test_map_picture(width, frame, check_readable):
    geom = WcsGeom.create((0.0, 0.0), 0.1, width, frame=frame)
    data = np.random.default_rng(2).poisson(5.0, geom.shape)
    ax = plot_map(data, geom, label="Counts", title="A map")
    check_readable(ax.get_figure())
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


def test_dataset_needs_counts_and_the_shape(dataset, npred):
    with pytest.raises(ValueError, match="shape"):
        plot_dataset(dataset, npred[:2])
