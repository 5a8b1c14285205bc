"""What a model of a models file has beside its parameters: tables, names of files, options.

One codec for each class that needs one; the others have options only (their static fields). Models
that are made of other models are in `gjax.io.models.blocks`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from astropy import units as u

from gjax.errors import ConfigError
from gjax.io.ebl import read_ebl
from gjax.io.healpix import is_healpix, read_healpix_map
from gjax.io.maps import read_map
from gjax.io.models.place import Place
from gjax.maps.map import Map
from gjax.model import spatial, spectral, temporal

__all__ = ["Codec", "codec_of"]

Build = Callable[[type, Mapping[str, Any], Place, str], Any]

# Static fields that stand in the file under their own name.
_OPTIONS = ("frame", "interp", "normalize", "scale")


class Codec(NamedTuple):
    """How a class is read and written.

    Parameters
    ----------
    keys :
        Keys of the file beside type and parameters.
    build :
        Makes the model with default parameters of the class, the block, the place of the file, and
        the place in it for errors.
    dump :
        Gives the contents of the keys.
    """

    keys: frozenset[str]
    build: Build
    dump: Callable[[Any], dict[str, Any]]


def codec_of(cls: type) -> Codec:
    """Give the codec of a model class."""
    if cls in _CODECS:
        return _CODECS[cls]
    options = [field.name for field in dataclasses.fields(cls) if field.name in _OPTIONS]

    def build(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
        return cls(**{name: block[name] for name in options if name in block})

    def dump(model: Any) -> dict[str, Any]:
        return {name: getattr(model, name) for name in options}

    return Codec(frozenset(options), build, dump)


def _numbers(block: Mapping[str, Any], name: str, unit: str | None, where: str) -> np.ndarray:
    """Read a list of numbers with its unit, in an internal unit (any, if it is None)."""
    entry = block.get(name)
    if not isinstance(entry, Mapping) or "data" not in entry:
        raise ConfigError("should be a mapping with data and unit", key=f"{where}.{name}")
    try:
        given = u.Quantity(np.asarray(entry["data"], float), entry.get("unit") or "")
        if unit is None:
            unit = "" if given.unit.is_equivalent("") else "cm-2 s-1 TeV-1"
        return given.to_value(unit)
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise ConfigError(str(error), key=f"{where}.{name}") from None


def _listed(values: Any, unit: str) -> dict[str, Any]:
    return {"data": np.asarray(values, float).tolist(), "unit": unit}


def _flag(block: Mapping[str, Any], name: str, where: str) -> bool:
    value = block.get(name, True)
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {value!r}, should be true or false", key=where)
    return value


def _build_template(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    energy = _numbers(block, "energy", "TeV", where)
    values = _numbers(block, "values", None, where)
    return cls(energy, values, block.get("interp", "log"))


def _dump_template(model: Any) -> dict[str, Any]:
    data = {
        "energy": _listed(model.energy, "TeV"),
        "values": _listed(model.values, "cm-2 s-1 TeV-1"),
    }
    # Gammapy has the logarithm only, and does not look for the key.
    return data if model.interp == "log" else data | {"interp": model.interp}


def _build_piecewise(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    return cls(_numbers(block, "energy", "TeV", where), None, block.get("interp", "log"))


def _dump_piecewise(model: Any) -> dict[str, Any]:
    return {"energy": _listed(model.energy, "TeV"), "interp": model.interp}


def _build_absorption(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    filename = block.get("filename")
    if filename is not None:
        read = read_ebl(place.find(filename, where))
        return dataclasses.replace(read, filename=str(filename))
    return cls(
        energy=_numbers(block, "energy", "TeV", where),
        redshifts=_numbers(block, "param", "", where),
        values=_numbers(block, "values", "", where),
    )


def _dump_absorption(model: Any) -> dict[str, Any]:
    if model.filename:
        return {"filename": model.filename}
    return {
        "energy": _listed(model.energy, "TeV"),
        "param": _listed(model.redshifts, ""),
        "values": _listed(model.values, ""),
    }


def _build_table(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    found: Map = read_map(place.find(block.get("filename"), where))
    data = np.asarray(found.data).reshape([axis.nbin for axis in found.axes])
    return cls(data, found.axes, filename=str(block["filename"]))


def _build_map(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    path = place.find(block.get("filename"), where)
    found = read_healpix_map(path) if is_healpix(path) else read_map(path)
    normalize = _flag(block, "normalize", where)
    return spatial.TemplateMap.create(found, normalize=normalize, filename=str(block["filename"]))


def _dump_map(model: Any) -> dict[str, Any]:
    return {"frame": model.frame, "filename": model.filename or None, "normalize": model.normalize}


def _build_maps(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    found = read_map(place.find(block.get("filename"), where))
    return spatial.TemplateND.create(found, filename=str(block["filename"]))


def _build_nodes(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    lon, lat = (_numbers(block, name, "deg", where) for name in ("lon", "lat"))
    options = {name: block[name] for name in ("frame", "interp") if name in block}
    return cls(lon=lon, lat=lat, norms=np.ones(len(lon)), **options)


def _dump_nodes(model: Any) -> dict[str, Any]:
    data = {
        "frame": model.frame,
        "lon": _listed(model.lon, "deg"),
        "lat": _listed(model.lat, "deg"),
    }
    # Gammapy's files do not have the key; it takes "lin".
    return data if model.interp == "lin" else data | {"interp": model.interp}


def _build_light_curve(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    if block.get("format", "table") != "table":
        raise ConfigError(
            f"format {block['format']!r} (a light curve that depends on energy) is not supported, "
            "only 'table'",
            key=f"{where}.format",
        )
    # Tables of astropy take long to import, and few models are tables.
    from gjax.io.temporal import read_light_curve_template

    path, scale = place.find(block.get("filename"), where), block.get("scale", "utc")
    return read_light_curve_template(path, scale=scale, filename=str(block["filename"]))


def _dump_light_curve(model: Any) -> dict[str, Any]:
    return {"filename": model.filename, "format": "table", "unit": "", "scale": model.scale}


def _build_phase_curve(cls: type, block: Mapping[str, Any], place: Place, where: str) -> Any:
    from gjax.io.temporal import read_phase_curve

    return read_phase_curve(
        place.find(block.get("filename"), where),
        filename=str(block["filename"]),
        normalize=_flag(block, "normalize", where),
        scale=block.get("scale", "utc"),
    )


def _dump_phase_curve(model: Any) -> dict[str, Any]:
    return {"filename": model.filename, "normalize": model.normalize, "scale": model.scale}


def _keys(*names: str) -> frozenset[str]:
    return frozenset(names)


_CODECS: dict[type, Codec] = {
    spectral.Template: Codec(_keys("energy", "values", "interp"), _build_template, _dump_template),
    spectral.PiecewiseNorm: Codec(_keys("energy", "interp"), _build_piecewise, _dump_piecewise),
    spectral.EBLAbsorptionNorm: Codec(
        _keys("filename", "energy", "param", "values"), _build_absorption, _dump_absorption
    ),
    spectral.TemplateND: Codec(
        _keys("filename", "unit"), _build_table, lambda model: {"filename": model.filename}
    ),
    spatial.TemplateMap: Codec(
        _keys("filename", "normalize", "unit", "frame"), _build_map, _dump_map
    ),
    spatial.TemplateND: Codec(
        _keys("filename", "unit", "frame"),
        _build_maps,
        lambda model: {"frame": model.frame, "filename": model.filename or None},
    ),
    spatial.PiecewiseNormSpatial: Codec(
        _keys("lon", "lat", "frame", "interp"), _build_nodes, _dump_nodes
    ),
    temporal.LightCurveTemplate: Codec(
        _keys("filename", "format", "unit", "scale"), _build_light_curve, _dump_light_curve
    ),
    temporal.TemplatePhaseCurve: Codec(
        _keys("filename", "normalize", "scale"), _build_phase_curve, _dump_phase_curve
    ),
}
