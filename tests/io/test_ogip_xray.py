"""Spectra of X-ray missions, made by hand as OGIP/92-007 and CAL/GEN/92-002 describe them."""

import numpy as np
import pytest
from astropy.io import fits

from gjax.errors import FileFormatError
from gjax.io.ogip import read_ogip

COUNTS = np.array([3, 0, 14, 15, 9, 2], np.int32)
OFF = np.array([1, 2, 7, 4, 0, 1], np.int32)
# Edges in keV of four bins of true energy and six channels.
TRUE = np.array([0.3, 0.8, 1.5, 4.0, 10.0])
RECO = np.array([0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0])
AREA = np.array([120.0, 450.0, 380.0, 60.0])
MATRIX = np.array(
    [
        [0.5, 0.5, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.3, 0.7, 0.0, 0.0, 0.0],
        [0.1, 0.0, 0.2, 0.6, 0.1, 0.0],
        [0.0, 0.0, 0.0, 0.25, 0.5, 0.25],
    ]
)


def table(name, columns, **header):
    columns = [fits.Column(*column[:3], array=column[3]) for column in columns]
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header.update(header)
    return hdu


def spectrum(path, counts=COUNTS, first=1, columns=(), **header):
    """Write a PHA file as of Chandra: channels from one, and no energies."""
    channel = np.arange(first, first + len(counts), dtype=np.int32)
    all_columns = [("CHANNEL", "J", "channel", channel), ("COUNTS", "J", "count", counts), *columns]
    header = {
        "TELESCOP": "CHANDRA",
        "INSTRUME": "ACIS",
        "EXPOSURE": 2e4,
        "BACKFILE": "none",
        "RESPFILE": "acis.rmf",
        "ANCRFILE": "acis.arf",
        "CORRFILE": "none",
        "HDUCLASS": "OGIP",
        "HDUCLAS1": "SPECTRUM",
        "HDUCLAS4": "TYPE:I",
        "CHANTYPE": "PI",
        "DETCHANS": len(counts),
        "BACKSCAL": 2e-6,
        "AREASCAL": 1.0,
        "QUALITY": 0,
        "GROUPING": 0,
    } | header
    hdus = [hdu for hdu in (table("SPECTRUM", all_columns, **header),)]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, overwrite=True)


def response(path, area=AREA, edges=TRUE, unit="cm**2"):
    columns = [
        ("ENERG_LO", "E", "keV", edges[:-1]),
        ("ENERG_HI", "E", "keV", edges[1:]),
        ("SPECRESP", "E", unit, area),
    ]
    fits.HDUList([fits.PrimaryHDU(), table("SPECRESP", columns)]).writeto(path, overwrite=True)


def bounds(first=1, edges=RECO):
    channel = np.arange(first, first + len(edges) - 1, dtype=np.int16)
    columns = [
        ("CHANNEL", "I", None, channel),
        ("E_MIN", "E", "keV", np.minimum(edges[:-1], edges[1:])),
        ("E_MAX", "E", "keV", np.maximum(edges[:-1], edges[1:])),
    ]
    return table("EBOUNDS", columns)


def redistribution(path, matrix=MATRIX, first=1, name="MATRIX", ebounds=None, unit=None, **header):
    """Write a RMF with columns of fixed length: up to two groups, filled up with zeros."""
    n_group, start, length, values = [], [], [], []
    for row in matrix:
        filled = np.flatnonzero(row)
        groups = np.split(filled, np.flatnonzero(np.diff(filled) > 1) + 1)
        n_group.append(len(groups))
        start.append([g[0] + first for g in groups] + [0] * (2 - len(groups)))
        length.append([len(g) for g in groups] + [0] * (2 - len(groups)))
        values.append(np.append(row[filled], np.zeros(6 - len(filled))))
    columns = [
        ("ENERG_LO", "E", "keV", TRUE[:-1]),
        ("ENERG_HI", "E", "keV", TRUE[1:]),
        ("N_GRP", "I", None, n_group),
        ("F_CHAN", "2I", None, start),
        ("N_CHAN", "2I", None, length),
        ("MATRIX", "6E", unit, values),
    ]
    hdu = table(name, columns, **({"TLMIN4": first, "HDUCLAS3": "REDIST"} | header))
    ebounds = bounds(first) if ebounds is None else ebounds
    fits.HDUList([fits.PrimaryHDU(), ebounds, hdu]).writeto(path, overwrite=True)


@pytest.fixture
def folder(tmp_path):
    spectrum(tmp_path / "src.pi")
    response(tmp_path / "acis.arf")
    redistribution(tmp_path / "acis.rmf")
    return tmp_path


def test_spectrum_of_another_mission(folder):
    dataset = read_ogip(folder / "src.pi")
    assert (dataset.name, dataset.telescope, dataset.instrument) == ("src", "CHANDRA", "ACIS")
    assert not dataset.is_onoff
    np.testing.assert_array_equal(dataset.counts.ravel(), COUNTS)
    np.testing.assert_allclose(dataset.energy.edges, 1e-9 * RECO, rtol=1e-6)
    np.testing.assert_allclose(dataset.energy_true.edges, 1e-9 * TRUE, rtol=1e-6)
    np.testing.assert_allclose(dataset.exposure.ravel(), 2e4 * AREA, rtol=1e-6)
    np.testing.assert_allclose(dataset.edisp.data[:, :, 0, 0], MATRIX, rtol=1e-6)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("tlmin", [True, False])
@pytest.mark.parametrize("name", ["MATRIX", "SPECRESP MATRIX"])
def test_channels_may_count_from_zero_or_one(folder, first, tlmin, name):
    redistribution(folder / "acis.rmf", first=first, name=name)
    if not tlmin:
        with fits.open(folder / "acis.rmf", mode="update") as hdus:
            del hdus[name].header["TLMIN4"]
    for start in (0, 1):
        spectrum(folder / "src.pi", first=start)
        kernel = read_ogip(folder / "src.pi").edisp.data[:, :, 0, 0]
        np.testing.assert_allclose(kernel, MATRIX, rtol=1e-6)


def test_single_group_columns_are_numbers(folder):
    """With one group in every row the columns hold a number each."""
    matrix = np.where(np.arange(6) == np.array([[1], [2], [3], [4]]), 1.0, 0.0)
    redistribution(folder / "acis.rmf", matrix)
    with fits.open(folder / "acis.rmf") as hdus:
        old = hdus["MATRIX"]
        columns = [
            ("ENERG_LO", "E", "keV", old.data["ENERG_LO"]),
            ("ENERG_HI", "E", "keV", old.data["ENERG_HI"]),
            ("N_GRP", "I", None, old.data["N_GRP"]),
            ("F_CHAN", "I", None, old.data["F_CHAN"][:, 0]),
            ("N_CHAN", "I", None, old.data["N_CHAN"][:, 0]),
            ("MATRIX", "E", None, old.data["MATRIX"][:, 0]),
        ]
        hdus["MATRIX"] = table("MATRIX", columns, TLMIN4=1)
        hdus.writeto(folder / "other.rmf")
    kernel = read_ogip(folder / "src.pi", rmf=folder / "other.rmf").edisp.data[:, :, 0, 0]
    np.testing.assert_array_equal(kernel, matrix)


def test_all_factors_of_the_background_are_in_alpha(folder):
    areascal = ("AREASCAL", "E", None, np.full(6, 0.5))
    spectrum(folder / "src.pi", BACKFILE="bkg.pi", AREASCAL=0.8)
    spectrum(folder / "bkg.pi", OFF, columns=[areascal], BACKSCAL=3e-5, EXPOSURE=5e4)
    dataset = read_ogip(folder / "src.pi")
    assert dataset.is_onoff
    np.testing.assert_array_equal(dataset.counts_off.ravel(), OFF)
    # B A t of the source over B A t of the background.
    alpha = (2e-6 * 0.8 * 2e4) / (3e-5 * 0.5 * 5e4)
    np.testing.assert_allclose(dataset.alpha.ravel(), alpha, rtol=1e-12)
    # The area of the source is scaled too.
    np.testing.assert_allclose(dataset.exposure.ravel(), 0.8 * 2e4 * AREA, rtol=1e-6)


def test_area_scale_of_each_channel_scales_the_matrix(folder):
    scale = np.array([1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
    columns = [("AREASCAL", "D", None, scale)]
    spectrum(folder / "src.pi", columns=columns)
    dataset = read_ogip(folder / "src.pi")
    predicted = dataset.exposure.ravel() @ dataset.edisp.data[:, :, 0, 0]
    np.testing.assert_allclose(predicted, (2e4 * AREA @ MATRIX) * scale, rtol=1e-6)


def test_quality_and_grouping(folder):
    columns = [
        ("QUALITY", "I", None, np.array([5, 0, 0, 2, 0, 1])),
        ("GROUPING", "I", None, np.array([1, -1, 1, -1, -1, 1])),
    ]
    spectrum(folder / "src.pi", columns=columns)
    dataset = read_ogip(folder / "src.pi")
    assert dataset.mask_safe.ravel().tolist() == [False, True, True, False, True, False]
    np.testing.assert_array_equal(dataset.counts.ravel(), COUNTS)


def test_rates_become_counts(folder):
    with fits.open(folder / "src.pi") as hdus:
        channel = hdus["SPECTRUM"].data["CHANNEL"]
        header = {k: hdus["SPECTRUM"].header[k] for k in ("EXPOSURE", "RESPFILE", "ANCRFILE")}
    rate = ("RATE", "E", "count/s", (COUNTS / 2e4).astype(np.float32))
    hdu = table("SPECTRUM", [("CHANNEL", "J", None, channel), rate], **header)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(folder / "rate.pi")
    np.testing.assert_array_equal(read_ogip(folder / "rate.pi").counts.ravel(), COUNTS)


def test_falling_energies_are_turned_around(folder):
    """Gratings count channels in wavelength."""
    ebounds = bounds(edges=RECO[::-1])
    redistribution(folder / "acis.rmf", MATRIX[:, ::-1], ebounds=ebounds)
    quality = [("QUALITY", "I", None, np.array([1, 0, 0, 0, 0, 0]))]
    spectrum(folder / "src.pi", COUNTS[::-1], columns=quality, BACKFILE="bkg.pi")
    spectrum(folder / "bkg.pi", OFF[::-1])
    dataset = read_ogip(folder / "src.pi")
    np.testing.assert_allclose(dataset.energy.edges, 1e-9 * RECO, rtol=1e-6)
    np.testing.assert_allclose(dataset.edisp.data[:, :, 0, 0], MATRIX, rtol=1e-6)
    np.testing.assert_array_equal(dataset.counts.ravel(), COUNTS)
    np.testing.assert_array_equal(dataset.counts_off.ravel(), OFF)
    assert dataset.mask_safe.ravel().tolist() == [True] * 5 + [False]


def test_lowest_energy_of_zero_becomes_small(folder):
    edges = np.append(0.0, RECO[1:])
    redistribution(folder / "acis.rmf", ebounds=bounds(edges=edges))
    energy = read_ogip(folder / "src.pi").energy.edges
    np.testing.assert_allclose(energy[:3], [0.5e-12, 0.5e-9, 1e-9], rtol=1e-6)


def test_response_that_includes_the_area(folder):
    """As of proportional counters: one file, and no ARF."""
    spectrum(folder / "src.pi", RESPFILE="pca.rsp", ANCRFILE="NONE")
    for unit, scale in (("cm2", 1.0), ("m2", 1e4), (None, 1.0)):
        matrix = AREA[:, None] * MATRIX / scale
        redistribution(folder / "pca.rsp", matrix, unit=unit, HDUCLAS3="FULL")
        dataset = read_ogip(folder / "src.pi")
        folded = dataset.exposure.ravel()[:, None] * dataset.edisp.data[:, :, 0, 0]
        np.testing.assert_allclose(folded, 2e4 * AREA[:, None] * MATRIX, rtol=1e-5)
    with pytest.raises(FileFormatError, match=r"pca\.rsp.*too, acis\.arf"):
        read_ogip(folder / "src.pi", arf=folder / "acis.arf")


def test_names_of_files_may_say_the_extension(folder):
    spectrum(folder / "src.pi", RESPFILE="acis.rmf[MATRIX]", ANCRFILE="acis.arf{1}")
    assert read_ogip(folder / "src.pi").edisp is not None
    (folder / "elsewhere").mkdir()
    spectrum(folder / "elsewhere" / "src.pi", RESPFILE="", ANCRFILE="unknown")
    again = read_ogip(
        folder / "elsewhere" / "src.pi", rmf=folder / "acis.rmf", arf=folder / "acis.arf"
    )
    assert again.edisp is not None


def test_spectrum_without_redistribution_needs_energies(folder):
    spectrum(folder / "src.pi", RESPFILE="none")
    with pytest.raises(FileFormatError, match=r"src\.pi.*RESPFILE.*pass rmf"):
        read_ogip(folder / "src.pi")
    with fits.open(folder / "src.pi", mode="append") as hdus:
        hdus.append(bounds())
    dataset = read_ogip(folder / "src.pi")
    assert dataset.edisp is None
    np.testing.assert_allclose(dataset.energy.edges, 1e-9 * RECO, rtol=1e-6)
