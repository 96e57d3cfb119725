"""Every float32 kernel against the equations in NumPy, in shapes that leave rests everywhere."""

import threading

import numpy as np
import pytest

from reelfeel.inference.backends.in_numpy import pool_outputs
from reelfeel.inference.network import HeadArrays, TowerArrays
from reelfeel.native.inference import LayerWeights, NativeTower

pytestmark = pytest.mark.usefixtures("float32_kernel")

NUM_WORDS = 300
MOST_ROWS = 13
# Features, units of each layer, pooling, whether reversed, type of the weights, longest text.
# 528 units have float16 weights beside the float32 ones, for few rows.
SHAPES = [
    (1, (16,), "last", False, "float32", 300),
    (7, (16, 32), "last_max_mean", True, "float16", 60),
    (40, (24,), "last_max_mean", False, "float32", 90),
    (16, (64,), "last_max_mean", False, "float16", 300),
    (33, (100, 48), "last", True, "float32", 40),
    (13, (176,), "last", True, "float16", 30),
    (20, (528,), "last_max_mean", True, "float16", 12),
    (20, (16, 528), "last_max_mean", False, "float16", 9),
]


def make_tower(features, units, pooling, is_reversed, dtype, *, num_words=NUM_WORDS):
    rng = np.random.default_rng(0)

    def draw(*shape, scale):
        return rng.normal(0, scale, shape).astype(dtype)

    layers = []
    sizes = (features, *units)
    for size, width in zip(sizes, units, strict=False):
        kernel = draw(size, 4 * width, scale=1 / np.sqrt(size))
        recurrent = draw(width, 4 * width, scale=1 / np.sqrt(width))
        layers.append(LayerWeights(kernel, recurrent, draw(4 * width, scale=0.5)))
    return TowerArrays(
        draw(num_words, features, scale=1),
        tuple(layers),
        pooling,
        is_reversed,
        HeadArrays(None, ()),
    )


def open_tower(arrays):
    return NativeTower(
        arrays.embeddings,
        arrays.layers,
        pooling=arrays.pooling,
        is_reversed=arrays.is_reversed,
        precision="float32",
    )


def as_float32(arrays):
    """The same tower with weights that NumPy multiplies in float32."""
    layers = [
        LayerWeights(
            *(
                matrix.astype(np.float32)
                for matrix in (layer.kernel, layer.recurrent_kernel, layer.bias)
            )
        )
        for layer in arrays.layers
    ]
    embeddings = arrays.embeddings.astype(np.float32)
    return TowerArrays(embeddings, tuple(layers), arrays.pooling, arrays.is_reversed, arrays.head)


def draw_texts(longest, *, num_words=NUM_WORDS):
    """Thirteen texts, among them the shortest, the longest, and two of the same length."""
    rng = np.random.default_rng(1)
    lengths = [longest, 1, longest, 2, *rng.integers(1, longest + 1, MOST_ROWS - 4)]
    return [rng.integers(0, num_words, length).astype(np.int32) for length in lengths]


def run(tower, texts, num_threads=1):
    offsets = np.cumsum([0, *(len(text) for text in texts)])
    return tower.run(np.concatenate(texts), offsets, num_threads)


def run_witness(arrays, texts):
    lengths = np.array([len(text) for text in texts])
    padded = np.zeros((len(texts), lengths.max()), np.int32)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = text
    return pool_outputs(as_float32(arrays), padded, lengths)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_number_of_texts_is_read_as_the_equations_say(shape):
    *shape, longest = shape
    arrays, texts = make_tower(*shape), draw_texts(longest)
    tower, expected = open_tower(arrays), run_witness(arrays, texts)
    assert np.ptp(expected) > 0.5
    for count in range(1, MOST_ROWS + 1):
        np.testing.assert_allclose(run(tower, texts[:count]), expected[:count], atol=5e-6, rtol=0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_company_threads_and_words_met_before_change_no_bit(shape):
    *shape, longest = shape
    arrays, texts = make_tower(*shape), draw_texts(longest)
    tower = open_tower(arrays)
    alone = np.concatenate([run(tower, [text]) for text in texts])
    for count in (2, 5, 6, 7, MOST_ROWS):
        # A tower that has met no word makes their products anew, many at a time.
        assert (run(open_tower(arrays), texts[:count]) == alone[:count]).all()
    many = texts * 12
    for num_threads in (1, 2, 5):
        assert (run(tower, many, num_threads).reshape(12, *alone.shape) == alone).all()


def test_a_vocabulary_too_large_for_a_product_of_each_word_changes_nothing():
    """With 200,000 words of 400 units the products would take 1.3 GB: none is kept."""
    shape = (12, (400,), "last_max_mean", False, "float16")
    kept, multiplied = (make_tower(*shape, num_words=count) for count in (NUM_WORDS, 200_000))
    multiplied.embeddings[:NUM_WORDS] = kept.embeddings
    multiplied = TowerArrays(
        multiplied.embeddings, kept.layers, kept.pooling, kept.is_reversed, kept.head
    )
    texts = draw_texts(20)
    answers = run(open_tower(multiplied), texts)
    np.testing.assert_allclose(answers, run(open_tower(kept), texts), atol=5e-6, rtol=0)
    alone = np.concatenate([run(open_tower(multiplied), [text]) for text in texts[:3]])
    assert (answers[:3] == alone).all()


def test_threads_that_meet_the_same_words_at_once_get_the_same_bits():
    arrays = make_tower(16, (64,), "last_max_mean", False, "float16")
    texts = draw_texts(80)
    expected = run(open_tower(arrays), texts)
    for _ in range(5):
        tower, answers = open_tower(arrays), [None] * 8
        barrier = threading.Barrier(8)

        def work(number, tower=tower, answers=answers, barrier=barrier):
            barrier.wait()
            answers[number] = run(tower, texts[number:] + texts[:number], 2)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, answer in enumerate(answers):
            assert (np.roll(answer, number, axis=0) == expected).all()


@pytest.mark.parametrize("scale", [2.0**14, 1.0, 2.0**-13])
def test_every_float16_number_is_read_as_what_it_is(scale):
    """One word for each of them, also the subnormal and infinite ones and those that are none."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)[:, None]
    layer = LayerWeights(
        np.full((1, 64), scale, np.float16),
        np.zeros((16, 64), np.float16),
        np.zeros(64, np.float16),
    )
    arrays = TowerArrays(every, (layer,), "last", False, HeadArrays(None, ()))
    texts = list(np.arange(1 << 16, dtype=np.int32)[:, None])
    answers = run(open_tower(arrays), texts)
    np.testing.assert_array_equal(answers, run(open_tower(as_float32(arrays)), texts))
    assert len(np.unique(answers[:, 0])) > 5_000


@pytest.mark.parametrize("place", ["embeddings", "recurrent_kernel", "bias"])
def test_no_number_stays_no_number(place):
    arrays = make_tower(16, (64,), "last_max_mean", False, "float32")
    if place == "embeddings":
        arrays.embeddings[7] = np.nan
    else:
        getattr(arrays.layers[0], place)[..., 3] = np.nan
    answers = run(open_tower(arrays), [np.array([7, 8, 9], np.int32), np.array([8], np.int32)])
    assert np.isnan(answers[0]).any()
    # An embedding that is not met reaches nothing.
    assert np.isnan(answers[1]).any() == (place != "embeddings")


def test_gates_far_beyond_their_range_are_open_or_shut():
    """Infinite and huge sums: a power of 2 must neither overflow nor become no number."""
    arrays = make_tower(16, (16,), "last", False, "float32")
    bias = arrays.layers[0].bias
    for value in (1e4, -1e4, 3e38, -3e38, np.inf, -np.inf):
        bias[:] = value
        answers = run(open_tower(arrays), [np.array([1, 2, 3], np.int32)])
        expected = np.tanh(3.0) if value > 0 else 0.0
        np.testing.assert_allclose(answers, expected, atol=1e-6)
