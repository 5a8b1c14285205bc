"""What moves during a fit: how far steps may lead, what was lost, when responses no longer hold."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from gjax.infer.covariance import Inverse
from gjax.infer.fit import fit
from gjax.infer.minimize import minimize
from gjax.infer.moving import (
    choose_pinned,
    find_negative,
    find_shrunk,
    find_unplaced,
    has_drifted,
    is_position,
    is_size,
    reach_in_degrees,
    reach_of_steps,
)
from gjax.infer.problem import Status
from gjax.maps import WcsGeom
from gjax.parameters import Parameters
from gjax.simulate import fake
from tests.infer.small_problems import ellipse, elongated_field, elongated_models


@pytest.fixture(scope="module")
def problem():
    return ellipse(20.0, start=(0.9, 20.0), free="*.*_0")


def table_at(lon, lat, sigma=0.3):
    models = elongated_models(0.9, 20.0, (lon, lat), sigma)
    return models, Parameters.from_models(models).freeze("*").thaw("*.*_0", "*.amplitude")


def test_only_longitudes_and_latitudes_are_positions():
    _, table = table_at(0.0, 0.0)
    names = [table.names[i].rsplit(".", 1)[1] for i in table.free]
    assert dict(zip(names, is_position(table), strict=True)) == {
        "amplitude": False,
        "lon_0": True,
        "lat_0": True,
    }


@pytest.mark.parametrize("lat", [0.0, 60.0])
def test_reach_is_ten_pixels_and_the_radius_of_the_source(problem, lat):
    """In degrees on the sky: of longitude it is more, far from the equator."""
    models, table = table_at(0.0, lat)
    layout = table.layout(models)
    objective = dataclasses.replace(problem, layout=layout)
    reach = reach_of_steps(objective, table, [elongated_field(1.0)]) * np.asarray(layout.scale)
    radius = float(models["pwn"].spatial.evaluation_radius)
    known = {"amplitude": np.inf, "lat_0": 1.0 + radius}
    known["lon_0"] = known["lat_0"] / np.cos(np.radians(lat))
    for i, size in zip(table.free, reach, strict=True):
        assert size == pytest.approx(known[table.keys[i][-1]], rel=1e-6)


def test_drift_is_a_small_part_of_a_response_pixel_or_of_the_size():
    data = [elongated_field(1.0)]
    pixel = float(np.min(data[0].psf.geom.pixel_scale))
    here, _ = table_at(0.0, 0.0)
    for shift, sigma, drifted in ((0.002, 0.3, False), (0.003, 0.3, True), (0.0, 0.36, True)):
        there, _ = table_at(0.0, shift * pixel, sigma)
        assert has_drifted(here, there, data) is drifted


def test_what_stays_in_a_second_try(problem):
    """Positions of sources that left or were lost; all of a shape where there is no minimum."""
    models, start = table_at(0.0, 0.0)
    start = start.thaw("*.sigma")
    objective = dataclasses.replace(problem, layout=start.layout(models))
    found = minimize(objective, np.asarray(objective.layout.start))
    assert found.status is Status.CONVERGED
    names = [start.names[i].rsplit(".", 1)[1] for i in start.free]
    moved = dataclasses.replace(start, values=start.values + 7.0)
    dark = moved.update({"*.amplitude": 0.0})

    def stays(status, table, effect=True):
        end = dataclasses.replace(
            found, status=status, without_effect=np.full(len(names), not effect)
        )
        pinned = choose_pinned(objective, end, start, table, [elongated_field(1.0)])
        return {name for name, stay in zip(names, pinned, strict=True) if stay}

    assert stays(Status.CONVERGED, start) == set()
    assert stays(Status.CONVERGED, moved) == set()
    assert stays(Status.CONVERGED, dark) == {"lon_0", "lat_0"}
    assert stays(Status.LEFT, moved, effect=False) == {"lon_0", "lat_0"}
    assert stays(Status.LEFT, start, effect=False) == set()
    for status in (Status.MAX_EVALUATIONS, Status.STALLED, Status.NOT_CONVEX):
        assert stays(status, start) == {"lon_0", "lat_0", "sigma"}
    assert stays(Status.NOT_FINITE, start) == set()


def test_a_position_is_known_if_it_is_within_reach(problem):
    models, table = table_at(0.0, 0.0)
    objective = dataclasses.replace(problem, layout=table.layout(models))
    data = [elongated_field(1.0)]
    reach = reach_of_steps(objective, table, data)
    size = np.where(np.isfinite(reach), reach, 1e9)
    for part, known in ((0.9, True), (1.1, False)):
        inverse = Inverse(np.diag((part * size) ** 2), 1.0)
        found = find_unplaced(inverse, objective, table, data)
        assert list(found) == [not known and place for place in is_position(table)]


def test_a_negative_source_is_suspect_if_it_moves_and_is_significant(problem):
    _, table = table_at(0.0, 0.0)
    names = [table.names[i].rsplit(".", 1)[1] for i in table.free]
    amplitude = np.array([name == "amplitude" for name in names])
    inverse = Inverse(np.eye(len(names)), 1.0)
    for value, suspect in ((-2.9, False), (-3.1, True), (3.1, False)):
        end = SimpleNamespace(theta=np.where(amplitude, value, -9.0))
        assert list(find_negative(inverse, end, table)) == list(amplitude & suspect)
    still = table.freeze("*.*_0")
    end = SimpleNamespace(theta=np.array([-9.0]))
    assert not find_negative(Inverse(np.eye(1), 1.0), end, still).any()


def test_a_weak_source_that_shrank_is_suspect():
    _, start = table_at(0.0, 0.0)
    start = start.thaw("*.sigma")
    names = [start.names[i].rsplit(".", 1)[1] for i in start.free]
    size = np.array([name == "sigma" for name in names])
    assert list(is_size(start)) == list(size)
    shrunk = start.update({"*.sigma": 0.0})
    inverse = Inverse(np.eye(len(names)), 1.0)

    def suspects(value, end):
        theta = np.where(np.array(names) == "amplitude", value, 0.0)
        return find_shrunk(inverse, SimpleNamespace(theta=theta), start, end)

    assert list(suspects(19.0, shrunk)) == list(size)
    assert not suspects(21.0, shrunk).any(), "strong"
    assert not suspects(19.0, start).any(), "not on the bound"
    minimum = SimpleNamespace(theta=np.zeros(len(names)))
    assert not find_shrunk(inverse, minimum, shrunk, shrunk).any(), "was a point at the start"


def test_reach_is_unlimited_without_a_map():
    models, _ = table_at(0.0, 0.0)
    spatial = models["pwn"].spatial
    assert reach_in_degrees(spatial, []) == np.inf
    pixels = [elongated_field(1.0), onto_larger_pixels(elongated_field(1.0))]
    radius = float(spatial.evaluation_radius)
    assert reach_in_degrees(spatial, pixels) == pytest.approx(10 * 0.2 + radius)


def onto_larger_pixels(field):
    geom = WcsGeom.create(field.geom.center, binsz=0.2, npix=24, proj="TAN", frame="galactic")
    return dataclasses.replace(field, geom=geom)


def test_a_fit_of_a_source_that_is_not_there_says_so():
    """Nearly the background: the best flux is next to nothing, and any place is as good."""
    field = elongated_field(1.0)
    counts = np.asarray(field.background).copy()
    counts[:, 12, 12] += 0.02
    models, table = table_at(0.0, 0.0)
    result = fit(fake(field, counts), models, table)
    assert result.status is Status.UNPLACED
    assert {key[-1] for key in result.unplaced} == {"lon_0", "lat_0"}
    assert result.message.endswith("pwn.spatial.lon_0, pwn.spatial.lat_0")
    placed = fit(fake(field, counts), models, table.freeze("*.*_0"))
    assert placed.success
