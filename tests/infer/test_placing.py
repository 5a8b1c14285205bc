"""Sources that a fit has lost: where one is missing, which to move, and that a fit finds it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gjax.infer.fit import fit
from gjax.infer.minimize import minimize
from gjax.infer.objective import make_objective
from gjax.infer.placing import place_anew, rank_sources
from gjax.model import FoVBackground, Models, SkyModel
from gjax.model.spatial import Gaussian
from gjax.model.spectral import PowerLaw, PowerLawNorm
from gjax.parameters import Parameters
from gjax.predict import npred
from gjax.simulate import fake
from tests.infer.small_problems import elongated_field

#: Amplitude, longitude, latitude and width of the true sources; the first pixel centres.
TRUTH = {"a": (2e-10, -0.35, 0.05, 0.2), "b": (1.5e-10, 0.45, 0.15, 0.15)}


def two_sources(**parts):
    return Models.create(
        {
            name: SkyModel(PowerLaw(2.0, amplitude), Gaussian(x, y, sigma, frame="galactic"))
            for name, (amplitude, x, y, sigma) in parts.items()
        }
    )


@pytest.fixture(scope="module")
def field():
    empty = elongated_field(5.0)
    return fake(empty, npred(empty, two_sources(**TRUTH)))


def tables(start):
    """Make the parameters of two sources at a start, and with the second without flux."""
    table = Parameters.from_models(start).freeze("*.index")
    return table, table.update({"b.*.amplitude": 0.0})


@pytest.mark.parametrize("copies", [1, 2])
def test_a_missing_source_is_found_where_it_is(field, copies):
    """Counts without noise: the gain is the sum of s^2 / mu, and the amplitude the true one."""
    models = two_sources(a=TRUTH["a"], b=(1.5e-10, 0.0, 0.6, 0.15))
    start, table = tables(models)
    data = [dataclasses.replace(field, name=f"field-{i}") for i in range(copies)]
    place = place_anew(data, models, start, table, "b")
    found = {key: place.table.values[place.table.select(f"b.*.{key}")[0]] for key in KEYS}
    # On the tangent plane a centre lies 1e-5 deg nearer to the middle than on a flat one.
    assert found["lon_0"] % 360 == pytest.approx(0.45, abs=2e-5)
    assert found["lat_0"] == pytest.approx(0.15, abs=2e-5)
    # On the tangent plane a pixel away from the middle is smaller: 1e-4.
    assert found["amplitude"] == pytest.approx(1.5e-10, rel=1e-3)
    image = npred(field, two_sources(b=TRUTH["b"])) - field.background
    rest = npred(field, two_sources(a=TRUTH["a"]))
    assert place.gain == pytest.approx(copies * np.sum(image**2 / rest), rel=1e-3)
    assert found["sigma"] == 0.15


KEYS = ("amplitude", "lon_0", "lat_0", "sigma")


def test_a_source_begins_smaller_where_that_describes_more(field):
    models = two_sources(a=TRUTH["a"], b=(1.5e-10, 0.0, 0.6, 0.45))
    start, table = tables(models)
    place = place_anew([field], models, start, table, "b")
    assert place.table.values[place.table.select("b.*.sigma")[0]] == pytest.approx(0.15)
    fixed = start.freeze("b.*.sigma"), table.freeze("b.*.sigma")
    kept = place_anew([field], models, *fixed, "b")
    assert kept.table.values[kept.table.select("b.*.sigma")[0]] == pytest.approx(0.45)
    assert kept.gain < place.gain


def test_places_are_within_bounds_and_reach(field):
    models = two_sources(a=TRUTH["a"], b=(1.5e-10, 0.0, 0.6, 0.15))
    start, table = tables(models)
    bounded = table.bound("b.*.lon_0", max=0.2)
    place = place_anew([field], models, start, bounded, "b")
    assert place.table.values[place.table.select("b.*.lon_0")[0]] <= 0.2
    # Ten pixels of 0.1 deg and five widths: from 1.2 deg away the missing source is out of reach.
    far = two_sources(a=TRUTH["a"], b=(1.5e-10, -0.75, 0.15, 0.01))
    start, table = tables(far)
    place = place_anew([field], far, start, table, "b")
    lon = place.table.values[place.table.select("b.*.lon_0")[0]]
    assert lon < 0.45 - 0.1
    assert place.gain < 0.5 * place_anew([field], models, *tables(models), "b").gain


def test_nowhere_without_a_map_or_where_nothing_is_missing(field):
    models = two_sources(**TRUTH)
    start, table = tables(models)
    assert place_anew([], models, start, table, "b") is None
    less = dataclasses.replace(field, counts=np.zeros(field.shape))
    assert place_anew([less], models, start, table, "b") is None


def test_maps_of_several_instruments_are_looked_at_together(field):
    """Each has its own background, pixels and name; models of the others are left alone."""
    other = dataclasses.replace(field, name="other")
    members = dict(
        zip(TRUTH, two_sources(a=TRUTH["a"], b=(1.5e-10, 0.0, 0.6, 0.15)).members, strict=True)
    )
    backgrounds = {
        f"{name}-bkg": FoVBackground(name, PowerLawNorm()) for name in ("field", "other")
    }
    models = Models.create(members | backgrounds)
    start, table = tables(models)
    place = place_anew([field, other], models, start, table, "b")
    alone = place_anew([field], *one_map(), "b")
    assert place.gain == pytest.approx(2 * alone.gain, rel=1e-9)


def one_map():
    models = two_sources(a=TRUTH["a"], b=(1.5e-10, 0.0, 0.6, 0.15))
    return models, *tables(models)


def test_what_is_good_for_least_is_moved_first(field):
    models = two_sources(**TRUTH)
    table = Parameters.from_models(models).freeze("*.index")
    objective = make_objective(field, models, table)
    end = minimize(objective, np.asarray(objective.layout.start))
    assert rank_sources(objective, end, table) == ["b", "a"]
    # One that takes back what others have too much comes before all.
    turned = np.where([table.names[i] == "a.spectral.amplitude" for i in table.free], -1, 1)
    end.theta = end.theta * turned
    assert rank_sources(objective, end, table)[0] == "a"
    assert rank_sources(objective, end, table.freeze("b.*.lon_0")) == ["a"]


def test_a_lost_source_is_found_again(field):
    """Both start between the two: one grew to describe both, and the other left the map."""
    best = fit(field, two_sources(**TRUTH), tables(two_sources(**TRUTH))[0])
    start = two_sources(a=(5.09e-11, -0.162, -0.24, 0.528), b=(5.99e-11, 0.0844, 0.203, 0.383))
    found = fit(field, start, tables(start)[0])
    assert found.success
    assert found.stat == pytest.approx(best.stat, abs=1e-4)
