"""DS-CNN in other sizes."""

import pytest

from efficient_ai import cost, models
from efficient_ai.models.narrow_ds_cnn import narrow_ds_cnn


def test_with_ds_cnns_sizes_it_is_ds_cnn_without_dropout():
    narrow, whole = narrow_ds_cnn(seed=0, filters=64, blocks=4), models.build("ds_cnn")
    assert cost.count(narrow).macs == cost.count(whole).macs
    assert [w.shape for w in narrow.get_weights()] == [w.shape for w in whole.get_weights()]


def test_a_tenth_of_the_arithmetic_is_counted_by_hand():
    positions, filters, blocks = 13 * 5, 24, 3
    by_hand = positions * (40 * filters + blocks * filters * (9 + filters)) + filters * 12
    counted = cost.count(narrow_ds_cnn(seed=0, filters=filters, blocks=blocks, time_stride=4)).macs
    assert counted == pytest.approx(by_hand, rel=0.01)


@pytest.mark.parametrize("sizes", [{"filters": 0, "blocks": 1}, {"filters": 8, "blocks": 1, "time_stride": 0}])
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(ValueError, match="sizes of at least 1"):
        narrow_ds_cnn(seed=0, **sizes)
