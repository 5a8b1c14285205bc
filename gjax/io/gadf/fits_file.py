"""Reading FITS binary tables such that damage is found, and named, once.

A file is read whole, unpacked if compressed, and checked for completeness (astropy only warns about
truncated files). Whatever astropy raises on a damaged file becomes one `FileFormatError` with file,
HDU and column. What the tables mean is the business of the other modules of this package.
"""

from __future__ import annotations

import gzip
import io
import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits

from gjax.errors import FileFormatError

__all__ = ["FitsFile", "FitsTable", "expand_path", "guarded"]


def expand_path(path: str | os.PathLike[str]) -> Path:
    """Expand environment variables and ``~`` in a path.

    Raises
    ------
    FileNotFoundError
        If a variable in the path is not set.
    """
    text = os.path.expanduser(os.path.expandvars(os.fspath(path)))
    if "$" in text and not Path(text).exists():
        raise FileNotFoundError(f"{text}: an environment variable in this path is not set")
    return Path(text)


@contextmanager
def guarded(
    path: str | os.PathLike[str], hdu: str | int | None = None, column: str | None = None
) -> Iterator[None]:
    """Turn whatever goes wrong with a file into one `FileFormatError`, and mute astropy's warnings.

    Damaged headers make astropy raise nearly every exception that Python has, hence the breadth.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except FileFormatError:
            raise
        except MemoryError as error:
            raise FileFormatError(
                "claims to hold more than fits into memory", path=path, hdu=hdu, column=column
            ) from error
        except Exception as error:
            detail = str(error) or type(error).__name__
            raise FileFormatError(
                f"cannot be read, it may be damaged ({detail})", path=path, hdu=hdu, column=column
            ) from error


@lru_cache(maxsize=256)
def _unit(text: str) -> u.UnitBase:
    """Parse a unit, in the spelling of FITS or any other that astropy knows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parse_unit(text)


def _parse_unit(text: str) -> u.UnitBase:
    if text.count("/") > 1 and "(" not in text:
        # "1/s/MeV/sr", as ctools writes it: every factor after a slash divides.
        first, *divisors = text.split("/")
        text = f"{first}/({' '.join(divisors)})"
    for dialect in ("fits", None):
        try:
            return u.Unit(text, format=dialect)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"unit {text!r} is not known")


@lru_cache(maxsize=256)
def _factor(text: str, target: str) -> float:
    return float(_unit(text).to(u.Unit(target)))


class FitsFile:
    """The HDUs of a FITS file, in memory.

    Parameters
    ----------
    path :
        The file, plain or gzip; environment variables are expanded.

    Raises
    ------
    OSError
        If the file cannot be opened.
    FileFormatError
        If it is truncated, or no FITS file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = expand_path(path)
        raw = self.path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            try:
                raw = gzip.decompress(raw)
            except (EOFError, OSError, zlib.error) as error:
                raise FileFormatError(
                    f"the compressed file is truncated or damaged ({error})", path=self.path
                ) from error
        if not raw.startswith(b"SIMPLE  ="):
            raise FileFormatError("this is not a FITS file", path=self.path)
        with guarded(self.path):
            self._hdus = fits.open(io.BytesIO(raw), lazy_load_hdus=False, memmap=False)
            self.names = [str(hdu.name).strip() for hdu in self._hdus]
        self._check_complete(len(raw))

    def _check_complete(self, size: int) -> None:
        """Check that each HDU lies within the file, and that nothing but padding follows."""
        end = 0
        for number, hdu in enumerate(self._hdus):
            name = self.names[number] or number
            with guarded(self.path, name):
                info = hdu.fileinfo()
                need = info["datLoc"] + int(hdu.size)
                end = info["datLoc"] + info["datSpan"]
            if need > size:
                raise FileFormatError(
                    f"the file is truncated: this HDU ends at byte {need}, the file at byte {size}",
                    path=self.path,
                    hdu=name,
                )
        if size - end >= 80:
            raise FileFormatError(
                f"the file is truncated or damaged: {size - end} bytes after HDU "
                f"{self.names[-1] or len(self.names) - 1!r} are no complete HDU",
                path=self.path,
            )

    @property
    def hdus(self) -> fits.HDUList:
        """The HDUs as astropy gives them."""
        return self._hdus

    def __contains__(self, name: str) -> bool:
        return name.strip().upper() in (each.upper() for each in self.names)

    def table(self, name: str | int) -> FitsTable:
        """Give the binary table of that name (or number).

        Raises
        ------
        FileFormatError
            If there is none.
        """
        key = name.strip().upper() if isinstance(name, str) else name
        for number, hdu in enumerate(self._hdus):
            if key in (self.names[number].upper(), number):
                if not isinstance(hdu, fits.BinTableHDU):
                    raise FileFormatError("this HDU is no binary table", path=self.path, hdu=name)
                return FitsTable(self.path, self.names[number] or number, hdu)
        raise FileFormatError(
            f"there is no such HDU, only {', '.join(self.names)}", path=self.path, hdu=name
        )


class FitsTable:
    """One binary table: keywords and columns, converted to internal units, or one clear error."""

    def __init__(self, path: Path, hdu: str | int, table: fits.BinTableHDU) -> None:
        self.path = path
        self.hdu = hdu
        with guarded(path, hdu):
            self.header = table.header
            self._data = table.data
            self._units = {column.name.upper(): column.unit for column in table.columns}
            self._names = {column.name.upper(): column.name for column in table.columns}

    def error(self, problem: str, column: str | None = None) -> FileFormatError:
        """Make the error that names this file, HDU and column."""
        return FileFormatError(problem, path=self.path, hdu=self.hdu, column=column)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in upper case."""
        return tuple(self._names)

    def __len__(self) -> int:
        return 0 if self._data is None else len(self._data)

    def text(self, key: str, default: str = "") -> str:
        """Give a keyword as text without blanks around it."""
        with guarded(self.path, self.hdu, key):
            value = self.header.get(key, default)
            return default if isinstance(value, fits.card.Undefined) else str(value).strip()

    def number(self, key: str, default: float | None = None) -> float | None:
        """Give a keyword as a float; numbers written as text are read too.

        Raises
        ------
        FileFormatError
            If the value is no finite number.
        """
        text = self.text(key)
        if text == "":
            return default
        try:
            value = float(text)
        except ValueError:
            raise self.error(f"keyword is {text!r}, not a number", key) from None
        if not np.isfinite(value):
            raise self.error(f"keyword is {text!r}, not a finite number", key)
        return value

    def required_number(self, key: str) -> float:
        """Give a keyword as a float, or raise a `FileFormatError` if it is missing."""
        value = self.number(key)
        if value is None:
            raise self.error("keyword is missing", key)
        return value

    def raw(self, name: str) -> np.ndarray:
        """Give a column as it is, without its unit.

        Raises
        ------
        FileFormatError
            If it is missing or cannot be read.
        """
        key = name.upper()
        if key not in self._names:
            raise self.error(f"column is missing, there are {', '.join(self.columns)}", name)
        with guarded(self.path, self.hdu, name):
            return np.asarray(self._data.field(self._names[key]))

    def strings(self, name: str) -> list[str]:
        """Give a column of text without blanks."""
        with guarded(self.path, self.hdu, name):
            return [str(value).strip() for value in self.raw(name)]

    def unit(self, name: str) -> u.UnitBase:
        """Give the unit of a column as astropy knows it."""
        return _unit((self._units.get(name.upper()) or "").strip())

    def has_unit(self, name: str) -> bool:
        """Tell whether a column has a unit that is known."""
        try:
            return bool(self.unit(name).bases)
        except (ValueError, TypeError):
            return False

    def factor(self, name: str, unit: str, default: str | None = None) -> float:
        """Give what multiplies a column to express it in ``unit``.

        Parameters
        ----------
        name, unit :
            The column and the unit wanted; an empty unit means that the column is a pure number,
            and whatever is written is ignored.
        default :
            Unit taken where none is written; None means that one is required.

        Raises
        ------
        FileFormatError
            If the unit is missing, not known or of another dimension.
        """
        if unit == "":
            return 1.0
        written = (self._units.get(name.upper()) or "").strip() or default
        if not written:
            raise self.error(f"unit is missing, expected one like {unit!r}", name)
        try:
            return _factor(written, unit)
        except (ValueError, TypeError, u.UnitsError):
            raise self.error(f"unit {written!r} cannot be converted to {unit!r}", name) from None

    def column(self, name: str, unit: str = "", default: str | None = None) -> np.ndarray:
        """Give a column as float64 in ``unit`` (see `factor`)."""
        values = self.raw(name)
        with guarded(self.path, self.hdu, name):
            converted = np.array(values, dtype=np.float64)
        factor = self.factor(name, unit, default)
        return converted if factor == 1.0 else converted * factor

    def cell(self, name: str, unit: str = "", default: str | None = None) -> np.ndarray:
        """Give the first row of a column as float64 in ``unit``, at least 1D.

        Raises
        ------
        FileFormatError
            If the table has no row.
        """
        if not len(self):
            raise self.error("the table has no row", name)
        values = self.raw(name)[:1]
        with guarded(self.path, self.hdu, name):
            converted = np.atleast_1d(np.array(values[0], dtype=np.float64))
        return converted * self.factor(name, unit, default)
