"""Writes the gallery of models: a page for each line of the registry, made from its class."""

import dataclasses
import inspect
import re
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import yaml

from gjax.io.models import models_to_dict
from gjax.model import Models, SkyModel
from gjax.model.registry import REGISTRY, Entry
from gjax.model.spectral import PowerLaw
from gjax.parameters import own_values, specs

INTRODUCTION = """# Models

Every model that gjax knows, as the registry lists it. A models file may use any of its names; the
class is what you use in Python. Pictures show the defaults. [How to add one](../add-a-model.md).
"""

KINDS = {"spectral": "Spectral models", "spatial": "Spatial models", "temporal": "Temporal models"}

#: What makes a model that stands in a file, by class (with the kind, where two share a name).
FROM_FILES = {
    "EBLAbsorptionNorm": (
        'from gjax.io.ebl import read_ebl\n\nmodel = read_ebl("dominguez", redshift=0.1)'
    ),
    "LightCurveTemplate": (
        "from gjax.io.temporal import read_light_curve_template\n\n"
        'model = read_light_curve_template("light_curve.fits")'
    ),
    "TemplateMap": (
        "from gjax.io import read_map\nfrom gjax.model.spatial import TemplateMap\n\n"
        'model = TemplateMap.create(read_map("map.fits"), filename="map.fits")'
    ),
    "spectral TemplateND": (
        "from gjax.io import read_map\nfrom gjax.model.spectral import TemplateND\n\n"
        'table = read_map("table.fits")\n'
        'model = TemplateND(table.data[..., 0, 0], table.axes, filename="table.fits")'
    ),
    "spatial TemplateND": (
        "from gjax.io import read_map\nfrom gjax.model.spatial import TemplateND\n\n"
        'model = TemplateND.create(read_map("maps.fits"), filename="maps.fits")'
    ),
    "TemplatePhaseCurve": (
        "from gjax.io.temporal import read_phase_curve\n\n"
        'model = read_phase_curve("phase_curve.fits", t_ref=48442.5, f0=29.946923)'
    ),
}


def draw_spectral(model, path: Path) -> bool:
    """Draw a spectrum."""
    energy = np.geomspace(0.1, 100, 300)
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    values = np.broadcast_to(np.asarray(model(energy)), energy.shape)
    ax.plot(energy, values)
    is_norm = not any("cm-2" in spec.unit for spec in specs(model).values()) and values.max() > 1e-6
    ax.set(xscale="log", xlabel="Energy (TeV)", ylabel="Factor" if is_norm else "dN/dE")
    if np.ptp(np.log(np.maximum(values, 1e-40))) > 1e-6:
        top = values.max()
        ax.set(yscale="log", ylim=(max(0.5 * values.min(), 1e-10 * top), 2 * top))
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return True


def draw_spatial(model, path: Path) -> bool:
    """Draw a morphology; a point has none."""
    if model.is_point:
        return False
    offsets = np.linspace(-3, 3, 241)
    lon, lat = np.meshgrid(offsets, offsets)
    figure, ax = plt.subplots(figsize=(4, 3.2), layout="constrained")
    values = np.broadcast_to(np.asarray(model(lon, lat)), lon.shape)
    image = ax.imshow(values, origin="lower", extent=(-3, 3, -3, 3))
    figure.colorbar(image, label="Factor" if "norm_0" in specs(model) else "sr$^{-1}$")
    ax.set(xlabel="Longitude (deg)", ylabel="Latitude (deg)")
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return True


def draw_temporal(model, path: Path) -> bool:
    """Draw a light curve around its reference time, or two turns of a phase curve."""
    figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
    start = float(getattr(model, "t_ref", 51544.0))
    model = dataclasses.replace(model, scale="tt")
    if hasattr(model, "f0"):
        x = np.linspace(0, 2, 600)
        values, label = model(x / float(model.f0), start), "Turns since the reference time"
    else:
        x = np.linspace(-2, 5, 600)
        values, label = model(86400 * x, start), "Days since the reference time"
    ax.plot(x, np.minimum(np.asarray(values), 6.0))
    ax.set(xlabel=label, ylabel="Factor", ylim=(min(0.0, 1.1 * float(np.min(values))), None))
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return True


DRAW = {"spectral": draw_spectral, "spatial": draw_spatial, "temporal": draw_temporal}


def to_markdown(text: str) -> str:
    """Turn the little reStructuredText of a docstring into Markdown."""
    text = re.sub(r":math:`([^`]*)`", r"$\1$", text)
    return re.sub(r"(?<!`)`([A-Za-z_.]+)`(?!`)", r"`\1`", text).replace("``", "`")


def split_docstring(cls: type) -> tuple[str, list[str], dict[str, str]]:
    """Give the text, the formulas and the description of each parameter of a class."""
    doc = inspect.getdoc(cls) or ""
    head = re.split(r"\n(?:Parameters|Raises|Examples)\n-+\n", doc)[0]
    formulas = []

    def take(match: re.Match) -> str:
        formulas.append(textwrap.dedent(match[1]).strip())
        return f"\n\n$$\n{formulas[-1]}\n$$\n\n"

    formula = r"\.\. math::((?:[^\n]*\n?)(?:[ \t]+[^\n]*\n?)*(?:\n[ \t]+[^\n]*\n?)*)"
    head = re.sub(formula, take, head)
    found = re.search(r"\nParameters\n-+\n(.*?)(?=\n[A-Z][a-z]+\n-+\n|\Z)", doc, re.DOTALL)
    described = {}
    for block in re.split(r"\n(?=\S)", found[1] if found else ""):
        names, _, text = block.partition(":\n") if ":\n" in block else block.partition(" :\n")
        for name in names.strip(" :").split(","):
            described[name.strip()] = to_markdown(" ".join(text.split()))
    return to_markdown(head), formulas, described


def parameter_table(model, described: dict[str, str]) -> str:
    """List what a model declares of its parameters."""
    if not specs(model):
        return "It has no parameters."
    rows = [
        "| parameter | default | unit | bounds | frozen | |",
        "|---|---|---|---|---|---|",
    ]
    values = own_values(model)
    for name, spec in specs(model).items():
        low, high = ("" if b is None else f"{b:g}" for b in (spec.min, spec.max))
        bounds = f"{low} to {high}" if low or high else ""
        frozen = "yes" if spec.frozen else ""
        text = described.get(name, "").replace("|", "\\|")
        value = f"{float(values[name]):.8g}"
        rows.append(f"| `{name}` | {value} | {spec.unit} | {bounds} | {frozen} | {text} |")
    return "\n".join(rows)


def python_code(kind: str, model) -> str:
    """Write the Python that makes a model."""
    cls = type(model)
    for name in (cls.__name__, f"{kind} {cls.__name__}"):
        if name in FROM_FILES:
            return f"```{{code-block}} python\n{FROM_FILES[name]}\n```"
    arguments = []
    for field in dataclasses.fields(model):
        value = getattr(model, field.name)
        if "parameter" in field.metadata:
            unit = field.metadata["parameter"].unit
            number = f"{float(value):.8g}"
            text = f'"{number} {unit}"' if unit else number
            arguments.append(f"{field.name}={text}")
        elif isinstance(value, (np.ndarray, tuple)) and np.ndim(value) == 1 and len(value):
            arguments.append(f"{field.name}={[float(f'{x:.4g}') for x in value]}")
        elif isinstance(value, str) and value != field.default:
            arguments.append(f"{field.name}={value!r}")
    call = f"model = {cls.__name__}({', '.join(arguments)})"
    if len(call) > 88:
        inner = ",\n    ".join(arguments)
        call = f"model = {cls.__name__}(\n    {inner},\n)"
    return f"```python\nfrom gjax.model.{kind} import {cls.__name__}\n\n{call}\n```"


def yaml_block(kind: str, model) -> str:
    """Write a model as it stands in a models file."""
    if "filename" in {field.name for field in dataclasses.fields(model)} and not model.filename:
        named = dataclasses.replace(model, filename=f"{kind}.fits")
        model = model if type(model).__name__ == "EBLAbsorptionNorm" else named
    source = SkyModel(model) if kind == "spectral" else SkyModel(PowerLaw(), **{kind: model})
    block = models_to_dict(Models.create({"source": source}))["components"][0][kind]
    for entry in block.values():
        if isinstance(entry, dict) and len(np.ravel(entry.get("data", []))) > 12:
            entry["data"] = "..."
    text = yaml.safe_dump({kind: block}, sort_keys=False, indent=4, default_flow_style=None)
    return f"```yaml\n{text}```"


def write_page(folder: Path, kind: str, tag: str, entry: Entry) -> str:
    """Write the page of one model and its picture; give its name."""
    cls, model = entry.cls, entry.example()
    name = f"{kind}-{tag}"
    text, _, described = split_docstring(cls)
    parts = [
        f"# {cls.__name__}\n",
        text + "\n",
        f"Class {{py:class}}`{cls.__module__}.{cls.__qualname__}`; "
        f"in models files `{entry.name}` or `{tag}`.\n",
    ]
    picture = folder / f"{name}.png"
    if DRAW[kind](model, picture):
        parts.append(f"![{cls.__name__}]({picture.name})\n")
    parts += ["## Parameters\n", parameter_table(model, described) + "\n"]
    parts += ["## In Python\n", python_code(kind, model) + "\n"]
    parts += ["## In a models file\n", yaml_block(kind, model) + "\n"]
    (folder / f"{name}.md").write_text("\n".join(parts), encoding="utf-8")
    return name


def write_gallery(folder: Path) -> None:
    """Write ``index.md``, a page for each model, and the pictures."""
    folder.mkdir(exist_ok=True)
    parts = [INTRODUCTION]
    for kind, title in KINDS.items():
        names = [write_page(folder, kind, tag, entry) for tag, entry in REGISTRY[kind].items()]
        lines = [
            f"| [{entry.cls.__name__}]({kind}-{tag}.md) | `{tag}` | "
            f"{to_markdown((inspect.getdoc(entry.cls) or '').splitlines()[0])} |"
            for tag, entry in REGISTRY[kind].items()
        ]
        parts += [f"## {title}\n", "| class | tag | |\n|---|---|---|\n" + "\n".join(lines) + "\n"]
        parts.append("```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```\n")
    (folder / "index.md").write_text("\n".join(parts), encoding="utf-8")
