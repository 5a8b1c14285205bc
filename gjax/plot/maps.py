"""Pictures of the sky: one map, or counts beside the model and the residuals.

The numbers in the residual panel come from `gjax.plot.residuals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.visualization.wcsaxes import WCSAxes
from matplotlib import colormaps
from matplotlib import patheffects as effects
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from gjax.dataset.dataset import Dataset
from gjax.irf.psf import DEG2_PER_SR
from gjax.maps.map import Map
from gjax.maps.wcs import WcsGeom
from gjax.plot.residuals import residual_sigma, sum_in_disk
from gjax.plot.style import COUNTS_CMAP, RESIDUAL_CMAP, new_figure, unit_label
from gjax.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_dataset", "plot_map", "plot_positions"]

_LABELS = {
    "icrs": ("Right ascension", "Declination"),
    "galactic": ("Galactic longitude", "Galactic latitude"),
}


def plot_map(
    image: Map | ArrayLike,
    geom: WcsGeom | None = None,
    ax: Axes | None = None,
    *,
    label: str = "",
    title: str = "",
    cmap: str = COUNTS_CMAP,
    norm: Normalize | None = None,
    stretch: str = "auto",
    colorbar: bool = True,
    **kwargs: Any,
) -> Axes:
    """Draw a map on sky axes, with a colour bar.

    Parameters
    ----------
    image :
        A map, or an array of shape ``(..., y, x)``; axes before the last two are summed over. NaN
        is drawn grey.
    geom :
        Geometry of an array; a map brings its own.
    ax :
        Panel with the projection of a sky geometry; None makes a figure.
    label :
        What the colours show, written at the colour bar. A map adds its unit.
    title :
        Written above.
    cmap, norm :
        Colours and their scale.
    stretch :
        ``"sqrt"`` (from zero) or ``"linear"``, used where ``norm`` is not given; ``"auto"`` takes
        the root for images that are not negative and span more than a factor of three.
    colorbar :
        Whether to draw one.
    **kwargs :
        Passed to ``Axes.imshow``.

    Returns
    -------
    ax :
        The panel.

    Raises
    ------
    ValueError
        If the geometry is missing, or is not that of the image.
    """
    if isinstance(image, Map):
        geom = image.geom
        label = unit_label(label or image.name, image.unit)
        image = image.data
    if geom is None:
        raise ValueError("an array needs its sky geometry: give geom")
    data = np.asarray(image, float)
    data = data.reshape(-1, *data.shape[-2:]).sum(axis=0)
    if data.shape != geom.shape:
        raise ValueError(f"the image has shape {data.shape}, its geometry {geom.shape}")
    own = ax is None
    ax = _new_sky_axes(geom) if ax is None else ax
    drawn = ax.imshow(
        data,
        origin="lower",
        interpolation="nearest",
        cmap=colormaps[cmap].with_extremes(bad="0.82"),
        norm=_norm(data, stretch) if norm is None else norm,
        **kwargs,
    )
    _label_sky(ax, geom)
    if colorbar:
        # An inset is as high as the map, whatever its shape; only an own figure has room for it.
        place = {"cax": ax.inset_axes((1.03, 0.0, 0.04, 1.0))} if own else {"ax": ax}
        _colorbar(ax, drawn, data, label, **place)
    if title:
        ax.set_title(title, fontsize="medium")
    return ax


def _norm(data: np.ndarray, stretch: str) -> Normalize:
    """Make the colour scale of an image."""
    if stretch not in ("auto", "sqrt", "linear"):
        raise ValueError(f"stretch is 'auto', 'sqrt' or 'linear', not {stretch!r}")
    finite = data[np.isfinite(data)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if stretch == "auto":
        stretch = "sqrt" if 0 <= 3 * low < high else "linear"
    if stretch == "sqrt":
        return PowerNorm(0.5, vmin=0.0, vmax=high if high > 0 else 1.0)
    return Normalize(low, high if high > low else low + 1.0)


def _height(width: float, geom: WcsGeom) -> float:
    """Give the height of a map of that width, within reason."""
    ny, nx = geom.shape
    return width * float(np.clip(ny / nx, 0.25, 1.6))


def _new_sky_axes(geom: WcsGeom) -> Axes:
    """Make a figure that fits a map, with margins in inches for labels and a colour bar."""
    left, right, bottom, top, width = 0.95, 1.15, 0.7, 0.4, 4.4
    height = _height(width, geom)
    total = left + width + right, bottom + height + top
    figure = new_figure(*total)
    figure.set_layout_engine("none")
    place = left / total[0], bottom / total[1], width / total[0], height / total[1]
    return figure.add_axes(place, projection=geom.wcs)


def _as_sky(ax: Axes) -> Any:
    """Give axes that know the sky; astropy has no types for them."""
    if not isinstance(ax, WCSAxes):
        raise ValueError("a map needs sky axes: add_subplot(projection=geom.wcs)")
    return ax


def _label_sky(ax: Axes, geom: WcsGeom) -> None:
    """Name the sky axes and write degrees as decimals, as the parameters of a model are."""
    sky = _as_sky(ax)
    names = _LABELS.get(geom.frame, ("Longitude", "Latitude"))
    smallest = min(np.multiply(geom.npix, geom.pixel_scale))
    pattern = "d" if smallest > 20 else "d.d" if smallest > 0.8 else "d.dd"
    for coordinate, name in zip((sky.coords[0], sky.coords[1]), names, strict=True):
        coordinate.set_axislabel(name, minpad=0.7)
        coordinate.set_major_formatter(pattern)
        coordinate.set_ticks(number=5)
        coordinate.set_ticklabel(exclude_overlapping=True, size="small")
        coordinate.tick_params(direction="in", color="0.6", length=4)


def _colorbar(panel: Axes, drawn: Any, data: np.ndarray, label: str, **kwargs: Any) -> None:
    norm, finite = drawn.norm, data[np.isfinite(data)]
    below = bool(finite.size) and finite.min() < norm.vmin
    above = bool(finite.size) and finite.max() > norm.vmax
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max"}
    ends = extend.get((below, above), "both")
    figure = panel.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(drawn, extend=ends, label=label, **kwargs)
    if isinstance(formatter := bar.formatter, ScalarFormatter):
        formatter.set_useMathText(True)
    # The root scale crowds ticks at its upper end.
    bar.locator = MaxNLocator(5)
    bar.outline.set_linewidth(0.6)
    bar.ax.tick_params(labelsize="small", direction="in")


def plot_positions(
    ax: Axes, positions: Mapping[str, tuple[float, float]], *, frame: str = "icrs"
) -> Axes:
    """Mark named positions on sky axes with an open circle and the name beside it.

    Parameters
    ----------
    ax :
        Sky axes.
    positions :
        Longitude and latitude in deg by name.
    frame :
        Their frame, ``"icrs"`` or ``"galactic"``.
    """
    wcs = _as_sky(ax).wcs
    outline = [effects.withStroke(linewidth=2.0, foreground="black", alpha=0.7)]
    for name, (lon, lat) in positions.items():
        coord = SkyCoord(float(lon), float(lat), unit="deg", frame=frame)
        x, y = (float(value) for value in wcs.world_to_pixel(coord))
        for color, width in (("black", 2.4), ("white", 1.2)):
            ax.plot(x, y, "o", ms=13, mfc="none", mec=color, mew=width)
        text = ax.annotate(name, (x, y), (9, 7), textcoords="offset points", color="white")
        text.set(fontsize="small", path_effects=outline, clip_on=True)
    return ax


def plot_dataset(
    dataset: Dataset,
    npred: ArrayLike,
    *,
    radius: float = 0.1,
    limit: float = 5.0,
    positions: Mapping[str, tuple[float, float]] | None = None,
    frame: str = "icrs",
) -> Figure:
    """Draw counts, prediction and residuals of a dataset side by side.

    All three panels show sums over the energies in the mask and over a disk about each pixel, so
    that the residual in standard deviations (`gjax.plot.residuals.signed_sqrt_ts`) is that of the
    numbers shown. Counts and prediction share one colour scale. Disks are cut by the border of the
    map and by the mask, so sums drop towards both.

    Parameters
    ----------
    dataset :
        The dataset; it must have counts.
    npred :
        Predicted counts, shape ``(ereco, y, x)``.
    radius :
        Radius of the disk in deg; zero shows single pixels.
    limit :
        End of the colour scale of the residuals, in standard deviations.
    positions, frame :
        Positions to mark, see `plot_positions`.

    Raises
    ------
    ValueError
        If the dataset has no counts or is no map, or the prediction has another shape.
    """
    npred = np.asarray(npred, float)
    if not isinstance(dataset.geom, WcsGeom):
        raise ValueError(
            f"dataset {dataset.name!r} is a spectrum; draw it with plot_counts_spectrum"
        )
    if dataset.counts is None or npred.shape != dataset.shape:
        raise ValueError(
            f"dataset {dataset.name!r} needs counts and a prediction of shape {dataset.shape}, "
            f"got a prediction of shape {npred.shape}"
        )
    geom, mask = dataset.geom, dataset.mask
    # The size of a pixel in the middle of the map: a projection may shrink it with latitude.
    center = geom.solid_angle()[geom.shape[0] // 2, geom.shape[1] // 2] * DEG2_PER_SR
    radius_pix = radius / float(np.sqrt(center))
    cubes = [np.where(mask, cube, 0.0) for cube in (np.asarray(dataset.counts, float), npred)]
    seen = mask.any(axis=0)
    images = [
        np.where(seen, np.clip(sum_in_disk(cube.sum(axis=0), radius_pix), 0, None), np.nan)
        for cube in cubes
    ]
    sigma = residual_sigma(cubes[0], cubes[1], mask, radius_pix)
    peak = max(float(np.nanmax(image, initial=1.0)) for image in images)
    scale = PowerNorm(0.5, vmin=0.0, vmax=peak)
    where = f"within {radius:g}° of a pixel" if radius_pix >= 1 else "per pixel"
    panels = (
        (images[0], f"Counts: {cubes[0].sum():,.0f}", f"Counts {where}", COUNTS_CMAP, scale),
        (images[1], f"Model: {cubes[1].sum():,.1f}", f"Counts {where}", COUNTS_CMAP, scale),
        (sigma, "Residuals", "Standard deviations", RESIDUAL_CMAP, Normalize(-limit, limit)),
    )
    return _draw_panels(dataset, panels, positions or {}, frame)


def _draw_panels(
    dataset: Dataset, panels: tuple, positions: Mapping[str, tuple[float, float]], frame: str
) -> Figure:
    assert isinstance(dataset.geom, WcsGeom)
    figure = new_figure(12.4, 1.5 + _height(3.8, dataset.geom), dpi=100)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0.0, 0.0, 1.0, 1.0 - 0.3 / figure.get_figheight()))
    for column, (image, title, label, cmap, norm) in enumerate(panels):
        ax = figure.add_subplot(1, 3, column + 1, projection=dataset.geom.wcs)
        options = {"title": title, "cmap": cmap, "norm": norm, "colorbar": False}
        plot_map(image, dataset.geom, ax, **options)
        bar = {"ax": ax, "location": "bottom", "shrink": 0.85, "aspect": 32, "pad": 0.02}
        _colorbar(ax, ax.images[0], image, label, **bar)
        if column:
            ax.coords[1].set_axislabel(" ")
            ax.coords[1].set_ticklabel_visible(False)
        if column < 2:
            plot_positions(ax, positions, frame=frame)
    energy = dataset.energy.edges
    used = np.flatnonzero(dataset.mask.any(axis=(1, 2)))
    if used.size:
        span = f"{energy[used[0]]:.3g} – {energy[used[-1] + 1]:.3g} TeV"
        figure.suptitle(f"{dataset.name}, {span}", fontsize="large", y=0.985)
    return figure
