import dataclasses
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from small_nets import residual_net

from efficient_ai import models
from efficient_ai.compress import Gradual, Magnitude, prune, sparse_tensor, storage
from efficient_ai.compress.cluster import Cluster, cluster, rounded
from efficient_ai.compress.deep import DeepCompression, deep_compress
from efficient_ai.compress.sparse_tensor import GAP_BITS, Reader, gaps, number, places
from efficient_ai.errors import BadModel
from efficient_ai.train import Recipe

few_values = arrays.arrays(
    np.float32,
    arrays.array_shapes(max_dims=3, max_side=12),
    elements=st.sampled_from([0, 0, 0, 0, 0, 1, -0.5, 2**-30]),
)
any_values = arrays.arrays(np.float32, arrays.array_shapes(max_dims=2, max_side=6), elements=st.floats(-9, 9, width=32))


@given(few_values | any_values, st.sampled_from([None, *GAP_BITS]))
def test_an_array_comes_back_and_its_bytes_add_up(array, gap_bits):
    content, record = sparse_tensor.write(array, gap_bits=gap_bits)
    assert np.array_equal(sparse_tensor.read(Reader(content), array.shape), array)
    assert record.size_bytes == len(content)


@given(st.sets(st.integers(0, 400), max_size=40), st.integers(1, 6))
def test_gaps_lead_back_to_every_place(chosen, bits):
    chosen = np.array(sorted(chosen), np.int64)
    numbers, ends = gaps(chosen, gap_bits=bits)
    assert np.array_equal(places(numbers, gap_bits=bits), chosen)
    assert ends.sum() == len(chosen)
    assert not numbers.size or (numbers.min() >= 0 and numbers.max() < 2**bits)


def test_a_gap_that_is_too_long_takes_several_numbers():
    numbers, ends = gaps(np.array([1, 4, 15]), gap_bits=3)
    assert numbers.tolist() == [1, 2, 7, 3]
    assert ends.tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.float32([np.pi, np.e]), "float32"),
        (np.float32([np.nan, 1]), "float32"),
        (np.float32([0.5, 3, -2]), "float16"),
        (np.float32([0.1, 0.2] * 500), "shared"),
        (np.eye(60, dtype=np.float32) * np.float32(0.1), "sparse"),
    ],
)
def test_each_array_is_stored_in_the_form_that_takes_fewest_bytes(array, kind):
    content, record = sparse_tensor.write(array)
    assert record.kind == kind
    assert np.array_equal(sparse_tensor.read(Reader(content), array.shape), array, equal_nan=True)


def test_huffman_beats_fields_of_equal_width_where_values_are_uneven():
    random = np.random.default_rng(0)
    array = np.where(random.random((300, 300)) < 0.05, random.choice([0.5, 1, 2, 3], p=[0.85, 0.05, 0.05, 0.05]), 0)
    _, record = sparse_tensor.write(array.astype(np.float32))
    assert record.kind == "sparse"
    assert record.size_bytes < record.fixed_bytes


@given(st.integers(0, 2**50))
def test_numbers_come_back_from_as_many_bytes_as_they_need(value):
    content = number(value)
    assert Reader(content).number() == value
    assert len(content) == max(1, -(-value.bit_length() // 7))


@pytest.fixture(scope="module")
def clustered():
    return rounded(cluster(prune(models.build("lenet_300_100"), Magnitude(0.95)), Cluster(dense_bits=3)))


@pytest.fixture(scope="module")
def content(clustered):
    return storage.compress(clustered)[0]


def same(first, second):
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_the_model_comes_back_with_the_same_predictions_to_the_bit(clustered, content):
    again = storage.decompress(content)
    assert same(clustered, again)
    images = np.random.default_rng(0).random((50, 28, 28, 1)).astype(np.float32)
    assert np.array_equal(clustered.predict(images, verbose=0), again.predict(images, verbose=0))


def test_every_byte_of_the_file_is_accounted_for(clustered, content):
    _, report = storage.compress(clustered)
    assert report.size_bytes == len(content) == sum(report.parts.values())
    assert report.dense_bytes == 4 * clustered.count_params()
    assert report.ratio == report.dense_bytes / len(content) > 50


def test_the_best_width_of_gaps_is_no_worse_than_any(clustered):
    sizes = [len(storage.compress(clustered, gap_bits=bits)[0]) for bits in GAP_BITS]
    assert len(storage.compress(clustered)[0]) <= min(sizes)


def test_a_model_that_was_left_alone_is_stored_as_it_is():
    model = models.build("softmax_regression")
    content, report = storage.compress(model)
    assert same(model, storage.decompress(content))
    assert report.tensors[0].kind == "float32"
    assert 0 < report.size_bytes - report.dense_bytes < 100


def test_depthwise_layers_and_normalization_come_back():
    small = rounded(cluster(prune(residual_net(), Magnitude(0.5)), Cluster(conv_bits=3)))
    content, report = storage.compress(small)
    assert same(small, storage.decompress(content, residual_net()))
    kinds = {t.name.split("/")[-1]: t.kind for t in report.tensors}
    assert kinds["kernel"] in ("shared", "sparse")
    assert kinds["moving_variance"] == "float16"
    with pytest.raises(BadModel, match="'residual_net', which is not in the zoo"):
        storage.decompress(content)


@pytest.mark.parametrize("cut", [0, 3, 4, 8, 100, -1])
def test_a_truncated_file_is_one_clear_error(content, cut):
    with pytest.raises(BadModel, match=r"begins with|version|checksum"):
        storage.decompress(content[:cut])


def test_any_changed_byte_is_noticed(content):
    for at in np.random.default_rng(0).integers(0, len(content), 25):
        damaged = bytearray(content)
        damaged[at] ^= 0x10
        with pytest.raises(BadModel):
            storage.decompress(bytes(damaged))


def test_damage_under_a_right_checksum_is_an_error_and_never_a_crash(content):
    random = np.random.default_rng(1)
    noticed = 0
    for _ in range(40):
        damaged = bytearray(content[:-4])
        damaged[random.integers(4, 200)] ^= 1 << int(random.integers(8))
        damaged += zlib.crc32(damaged).to_bytes(4, "little")
        try:
            storage.decompress(bytes(damaged))
        except BadModel:
            noticed += 1
    assert noticed > 10


def test_a_foreign_file_and_another_model_are_refused(content):
    with pytest.raises(BadModel, match="begins with b'EAC', got b'TFL'"):
        storage.decompress(b"TFL3" + bytes(100))
    softmax = storage.compress(models.build("softmax_regression"))[0]
    with pytest.raises(BadModel, match="has the shape"):
        storage.decompress(softmax, narrow())
    with pytest.raises(BadModel, match="with 6 arrays, softmax_regression has 2"):
        storage.decompress(content, models.build("softmax_regression"))


def narrow():
    import keras

    inputs = keras.Input((7,))
    return keras.Model(inputs, keras.layers.Dense(3)(inputs))


def test_a_model_without_weights_or_with_other_types_is_refused():
    import keras

    inputs = keras.Input((4,))
    with pytest.raises(BadModel, match="has no weights to compress"):
        storage.compress(keras.Model(inputs, keras.layers.ReLU()(inputs)))
    with pytest.raises(BadModel, match="float16; only float32"):
        sparse_tensor.write(np.zeros(3, np.float16), name="a")


def test_a_file_is_written_and_read(content, clustered, tmp_path):
    path = storage.save(content, tmp_path / "lenet.eac")
    assert same(storage.load(path), clustered)
    with pytest.raises(BadModel, match="there is no file"):
        storage.load(tmp_path / "other.eac")


def test_deep_compression_in_one_call_gives_a_file_that_is_a_model():
    random = np.random.default_rng(0)
    images, labels = random.random((256, 28, 28, 1)).astype(np.float32), random.integers(0, 10, 256)
    recipe = Recipe(epochs=1, batch_size=64, learning_rate=0.01, augment=False)
    how = DeepCompression(Gradual(0.9, every=1), recipe, Cluster(dense_bits=2), dataclasses.replace(recipe, seed=1))
    model = models.build("lenet_300_100")
    content, report = deep_compress(model, images, labels, how)
    assert report.size_bytes == len(content) < report.dense_bytes / 30
    kernel = np.asarray(storage.decompress(content).layers[2].kernel)
    assert (kernel == 0).mean() > 0.8
    assert len(np.unique(kernel)) <= 5
