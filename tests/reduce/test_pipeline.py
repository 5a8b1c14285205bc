"""The order of the steps of a reduction."""

import dataclasses

import numpy as np
import pytest

from gjax.dataset.response import EDispKernelMap, EDispMap
from gjax.dataset.stack import stack
from gjax.events.pointing import Pointing
from gjax.maps.wcs import WcsGeom
from gjax.reduce.edisp import MIGRA_AXIS
from gjax.reduce.pipeline import reduce_map_dataset, reduce_observations


@pytest.fixture(scope="module")
def observations(observation):
    """Three pointings; the second half a degree east, the third half a degree north."""
    north = Pointing(83.63, 22.51, location=(16.5, -23.27, 1835.0))
    east = Pointing(84.17, 22.01, location=(16.5, -23.27, 1835.0))
    return [
        observation,
        dataclasses.replace(observation, obs_id=8, pointing=east),
        dataclasses.replace(observation, obs_id=9, pointing=north),
    ]


@pytest.fixture(scope="module")
def options(energy, energy_true):
    return {
        "geom": WcsGeom.create((83.63, 22.01), 0.1, (4.0, 3.0), proj="TAN"),
        "energy": energy,
        "energy_true": energy_true,
        "binsize_irf": 0.5,
        "offset_max": 1.2,
        "safe_mask": ["offset-max", "aeff-default"],
        "safe_mask_parameters": {"offset_max": 1.2},
        "background": "fov_background",
    }


def test_dataset_has_what_was_selected(observation, geom, energy, energy_true):
    full = reduce_map_dataset(observation, geom, energy, energy_true, binsize_irf=0.5)
    assert full.name == "obs-7"
    assert full.counts.sum() == 500
    assert full.obs_ids == (7,)
    assert (full.telescope, full.instrument) == ("TEST", "CAM")
    assert float(full.livetime) == pytest.approx(1350.0)
    assert full.gti is observation.gti
    assert isinstance(full.edisp, EDispKernelMap)
    assert full.psf.geom == geom.to_binsz(0.5)
    part = reduce_map_dataset(
        observation, geom, energy, energy_true, selection=("exposure",), name="part"
    )
    assert part.name == "part"
    assert part.counts.sum() == 0
    assert part.background is part.psf is part.edisp is None


def test_migra_axis_gives_a_map_of_distributions(observation, geom, energy, energy_true):
    dataset = reduce_map_dataset(
        observation, geom, energy, energy_true, selection=("edisp",), migra_axis=MIGRA_AXIS
    )
    assert isinstance(dataset.edisp, EDispMap)


def test_true_energy_is_by_default_the_reconstructed_one(observation, geom, energy):
    dataset = reduce_map_dataset(observation, geom, energy, selection=("exposure",))
    assert dataset.energy_true.name == "energy_true"
    np.testing.assert_array_equal(dataset.energy_true.edges, energy.edges)


def test_stack_is_the_sum_of_the_single_datasets(observations, options):
    single = reduce_observations(observations, **options, stack=False)
    assert [dataset.name for dataset in single] == ["obs-7", "obs-8", "obs-9"]
    assert single[0].geom.shape != options["geom"].shape  # cutouts
    (stacked,) = reduce_observations(observations, **options)
    assert stacked.name == "stacked"
    assert stacked.geom == options["geom"]
    assert stacked.counts.sum() == sum(d.counts[d.mask_safe].sum() for d in single)
    total = sum(d.background[d.mask_safe].sum() for d in single)
    assert stacked.background.sum() == pytest.approx(total, rel=1e-12)
    assert float(stacked.livetime) == pytest.approx(3 * 1350.0)
    assert stacked.obs_ids == (7, 8, 9)
    again = stack(single, reference=stacked)
    np.testing.assert_array_equal(again.exposure, stacked.exposure)


def test_order_of_observations_does_not_matter(observations, options):
    (one,) = reduce_observations(observations, **options)
    (other,) = reduce_observations(observations[::-1], **options)
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_allclose(one.psf.data, other.psf.data, rtol=1e-12)


def test_generator_has_one_observation_in_flight(observations, options):
    log = []

    def read():
        for observation in observations:
            log.append(("read", str(observation.obs_id)))
            yield observation

    def progress(done, total, label):
        assert total is None
        log.append(("reduced", label))

    reduce_observations(read(), **options, progress=progress)
    assert log == [(step, label) for label in "789" for step in ("read", "reduced")]


def test_progress_counts_up_to_the_total(observations, options):
    calls = []
    reduce_observations(observations, **options, progress=lambda *args: calls.append(args))
    assert calls == [(1, 3, "7"), (2, 3, "8"), (3, 3, "9")]


def test_names_can_be_given(observations, options):
    single = reduce_observations(observations, **options, stack=False, names=["a", "b", "c"])
    assert [dataset.name for dataset in single] == ["a", "b", "c"]
    (stacked,) = reduce_observations(observations, **options, names=["all"])
    assert stacked.name == "all"
    with pytest.raises(ValueError, match="2 names for 3 observations"):
        reduce_observations(observations, **options, stack=False, names=["a", "b"])
    with pytest.raises(ValueError, match="a stack has one name"):
        reduce_observations(observations, **options, names=["a", "b"])


def test_failing_observation_is_named(observations, options):
    broken = [*observations[:1], dataclasses.replace(observations[1], psf=None)]
    with pytest.raises(ValueError, match=r"observation 8 cannot be reduced.*no PSF"):
        reduce_observations(broken, **options)


def test_observation_elsewhere_is_left_out_with_a_note(observations, options, caplog):
    far = dataclasses.replace(observations[1], pointing=Pointing(120.0, -30.0))
    single = reduce_observations([observations[0], far], **options, stack=False)
    assert [dataset.name for dataset in single] == ["obs-7"]
    assert "observation 8 lies outside" in caplog.text
    with pytest.raises(ValueError, match="no observation overlaps"):
        reduce_observations([far], **options, stack=False)
    with pytest.raises(ValueError, match="no observation overlaps"):
        reduce_observations([far], **options)


def test_wrong_options_are_refused(observations, options):
    with pytest.raises(ValueError, match=r"unknown selection \['aeff'\]"):
        reduce_observations(observations, **options, selection=["aeff"])
    with pytest.raises(ValueError, match="unknown background 'rings'"):
        reduce_observations(observations, **(options | {"background": "rings"}))
    with pytest.raises(ValueError, match="no observation to reduce"):
        reduce_observations([], **options)
