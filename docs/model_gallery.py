"""Writes the gallery of models: one section, table and picture for each line of the registry."""

import inspect
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from gjax.model.registry import REGISTRY
from gjax.parameters import specs

INTRODUCTION = """# Models

Every model that gjax knows, as the registry lists it. A models file may use any of its names; the
class is what you use in Python. Pictures show the defaults. [How to add one](../add-a-model.md).
"""


def draw_spectral(model, path: Path) -> bool:
    """Draw the spectrum of a model with its default parameters."""
    energy = np.geomspace(0.1, 100, 200)
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    ax.loglog(energy, np.broadcast_to(np.asarray(model(energy)), energy.shape))
    ax.set(xlabel="Energy (TeV)", ylabel="dN/dE", ylim=(max(ax.get_ylim()[0], 1e-20), None))
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return True


def draw_spatial(model, path: Path) -> bool:
    """Draw the morphology of a model with its default parameters; a point has none."""
    if model.is_point:
        return False
    lon, lat = np.meshgrid(np.linspace(-3, 3, 301), np.linspace(-3, 3, 301))
    figure, ax = plt.subplots(figsize=(4, 3.2), layout="constrained")
    image = ax.imshow(np.asarray(model(lon, lat)), origin="lower", extent=(-3, 3, -3, 3))
    figure.colorbar(image, label="sr$^{-1}$")
    ax.set(xlabel="Offset in longitude (deg)", ylabel="Offset in latitude (deg)")
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return True


def parameter_table(cls: type) -> str:
    """List what a model class declares of its parameters."""
    rows = ["| parameter | default | unit | bounds | frozen |", "|---|---|---|---|---|"]
    for name, spec in specs(cls).items():
        low, high = ("" if b is None else f"{b:g}" for b in (spec.min, spec.max))
        bounds = f"{low} to {high}" if low or high else ""
        frozen = "yes" if spec.frozen else ""
        rows.append(f"| `{name}` | {spec.default:g} | {spec.unit} | {bounds} | {frozen} |")
    return "\n".join(rows)


def write_gallery(folder: Path) -> None:
    """Write ``index.md`` and its pictures."""
    folder.mkdir(exist_ok=True)
    parts = [INTRODUCTION]
    for kind, draw in (("spectral", draw_spectral), ("spatial", draw_spatial)):
        parts.append(f"## {kind.capitalize()}\n")
        for tag, entry in REGISTRY[kind].items():
            cls = entry.cls
            picture = folder / f"{kind}-{tag}.png"
            parts += [
                f"### {cls.__name__}\n",
                inspect.getdoc(cls).splitlines()[0] + "\n",
                f"{{py:class}}`{cls.__module__}.{cls.__qualname__}`; "
                f"in models files `{entry.name}` or `{tag}`.\n",
                parameter_table(cls) + "\n",
            ]
            if draw(cls(), picture):
                parts.append(f"![{cls.__name__}]({picture.name})\n")
    (folder / "index.md").write_text("\n".join(parts))
