"""The histogram of events."""

import numpy as np

from gjax.events.event_list import EventList
from gjax.maps.wcs import WcsGeom
from gjax.reduce.counts import counts_cube


def _events(energy, lon, lat):
    n = len(energy)
    return EventList(energy, lon, lat, np.zeros(n), np.arange(n))


def test_events_land_in_their_bins(geom, energy):
    lon, lat = geom.pix_to_coord([3.4, 3.4, 10.0], [7.0, 7.0, 20.0])
    counts = counts_cube(_events([0.6, 0.7, 15.0], lon, lat), geom, energy)
    assert counts.shape == (4, *geom.shape)
    assert counts[0, 7, 3] == 2
    assert counts[3, 20, 10] == 1
    assert counts.sum() == 3


def test_lower_edge_belongs_to_the_bin_and_upper_edge_does_not(geom, energy):
    lon, lat = geom.center
    edges = energy.edges
    counts = counts_cube(_events(edges, np.full(5, lon), np.full(5, lat)), geom, energy)
    np.testing.assert_array_equal(counts.sum(axis=(1, 2)), np.ones(4))


def test_events_outside_the_map_do_not_count(geom, energy):
    lon, lat = geom.pix_to_coord([-0.6, 39.6, 5.0], [5.0, 5.0, -0.6])
    antipode = (geom.center[0] + 180, -geom.center[1])
    counts = counts_cube(
        _events(np.full(4, 1.0), [*lon, antipode[0]], [*lat, antipode[1]]), geom, energy
    )
    assert counts.sum() == 0


def test_frame_of_the_map_does_not_matter_for_the_total(observation, geom, energy):
    events = observation.events
    image = WcsGeom.create(events.skycoord[0].galactic, 0.2, 12.0, frame="galactic")
    assert counts_cube(events, geom, energy).sum() == 500
    assert counts_cube(events, image, energy).sum() == 500
