"""What a dataset checks and tells about itself."""

import dataclasses

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("field", "axes"),
    [("counts", "ereco"), ("background", "ereco"), ("mask_safe", "ereco"), ("exposure", "etrue")],
)
def test_wrong_shape_names_dataset_field_and_axes(make, field, axes):
    with pytest.raises(ValueError, match=rf"'d1': {field} has shape \(2, 2, 2\).*\({axes}, y, x\)"):
        make(1, **{field: np.ones((2, 2, 2))})


def test_responses_check_their_shapes(make):
    dataset = make(1)
    with pytest.raises(ValueError, match=r"psf has shape .* expected \(etrue, rad, y, x\)"):
        dataclasses.replace(dataset.psf, data=dataset.psf.data[:, 1:])
    with pytest.raises(ValueError, match="edisp exposure has shape"):
        dataclasses.replace(dataset.edisp, exposure=dataset.edisp.exposure[1:])


def test_mask_joins_both_masks(make):
    dataset = make(1)
    np.testing.assert_array_equal(dataset.mask, dataset.mask_safe)
    fit = np.zeros(dataset.shape, bool)
    fit[2] = True
    both = dataclasses.replace(dataset, mask_fit=fit)
    np.testing.assert_array_equal(both.mask, fit & dataset.mask_safe)
    assert dataclasses.replace(dataset, mask_safe=None).mask.all()


def test_counts_off_make_an_on_off_dataset(make):
    assert not make(1).is_onoff
    assert make(1, counts_off=np.ones((4, 10, 12))).is_onoff
