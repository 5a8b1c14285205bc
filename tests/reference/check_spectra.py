"""Check that Gammapy reads the spectra and on/off maps that gjax writes.

The files are made by gjax, in its environment, with what it holds in them::

    python tests/reference/check_spectra.py write FOLDER

and read in an environment that has Gammapy::

    python tests/reference/check_spectra.py read FOLDER

which prints the largest relative deviation of each quantity, and fails if one is above 1e-6 (the
single precision of Gammapy's matrices and exposures).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "spectra"
KEYS = ("counts", "counts_off", "acceptance", "acceptance_off", "background", "exposure", "edisp")
LARGEST = 1e-6


def write(folder: Path) -> None:
    """Write each of Gammapy's files again, by gjax."""
    import dataclasses

    from gjax.io import read_dataset, write_dataset, write_ogip

    record = {}
    for name in ("onoff", "spectrum", "map_onoff"):
        dataset = read_dataset(DATA / f"{name}.fits.gz")
        dataset = dataclasses.replace(dataset, livetime=np.array(1500.25), name=f"my {name}")
        numbers = {key: getattr(dataset, key) for key in KEYS if getattr(dataset, key) is not None}
        numbers["edisp"] = dataset.edisp.data
        numbers["mask_safe"] = dataset.mask_safe
        record[name] = {key: np.asarray(value, float).tolist() for key, value in numbers.items()}
        write_dataset(dataset, folder / f"{name}.fits", overwrite=True)
        if name == "onoff":
            for form in ("ogip", "ogip-sherpa"):
                record[form] = {k: v for k, v in record[name].items() if k != "background"}
                write_ogip(dataset, folder / f"{form}.fits", format=form, overwrite=True)
    (folder / "record.json").write_text(json.dumps(record))


def read(folder: Path) -> int:
    """Read them by Gammapy, and compare."""
    import gammapy
    from gammapy.datasets import MapDatasetOnOff, SpectrumDataset, SpectrumDatasetOnOff

    classes = {"spectrum": SpectrumDataset, "map_onoff": MapDatasetOnOff}
    print(f"Gammapy {gammapy.__version__}")
    worst = 0.0
    for name, numbers in json.loads((folder / "record.json").read_text()).items():
        dataset = classes.get(name, SpectrumDatasetOnOff).read(folder / f"{name}.fits")
        for key, written in numbers.items():
            found = dataset.edisp.edisp_map if key == "edisp" else getattr(dataset, key)
            unit = "cm2 s" if key == "exposure" else ""
            values, expected = found.quantity.to_value(unit).astype(float), np.array(written)
            scale = np.maximum(np.abs(expected), 1e-6 * np.abs(expected).max())
            deviation = float(np.max(np.abs(values - expected) / scale))
            worst = max(worst, deviation)
            print(f"{name:12} {key:15} {deviation:.1e}")
        if name not in classes:
            print(f"{name:12} name {dataset.name!r}, region {type(dataset.counts.geom.region)}")
    print(f"largest deviation {worst:.1e}")
    return int(worst > LARGEST)


if __name__ == "__main__":
    task, where = sys.argv[1], Path(sys.argv[2])
    sys.exit(write(where) if task == "write" else read(where))
