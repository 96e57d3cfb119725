import numpy as np
import pytest

from reelfeel.native.inference import LayerWeights, NativeTower, has_kernel

FEATURES, UNITS = 16, 256
FEW_WORDS, MANY_WORDS = 500, 140_000  # 140,000 words of 256 units would be a table of 287 MB


def make_layer(rng):
    def draw(*shape):
        return rng.normal(0, 0.1, shape).astype(np.float32)

    return LayerWeights(
        kernel=draw(FEATURES, 4 * UNITS),
        recurrent_kernel=draw(UNITS, 4 * UNITS),
        bias=draw(4 * UNITS),
    )


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(("precision", "allowed"), [("float32", 1e-5), ("bfloat16", 0.02)])
def test_a_vocabulary_too_large_for_a_table_changes_nothing(precision, allowed, is_reversed):
    if not has_kernel(precision):
        pytest.skip(f"this machine has no native kernel in {precision}")
    rng = np.random.default_rng(0)
    layer = make_layer(rng)
    embeddings = rng.normal(0, 1, (MANY_WORDS, FEATURES)).astype(np.float32)
    lengths = np.array([1, 40, 7, 90, 16])
    token_ids = rng.integers(0, FEW_WORDS, lengths.sum()).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    answers = [
        NativeTower(
            words,
            [layer],
            pooling="last_max_mean",
            is_reversed=is_reversed,
            precision=precision,
        ).run(token_ids, offsets, 1)
        for words in (embeddings[:FEW_WORDS], embeddings)
    ]
    np.testing.assert_allclose(*answers, atol=allowed, rtol=0)
    assert np.abs(answers[0]).max() > 0.3


@pytest.mark.usefixtures("bfloat16_kernel")
@pytest.mark.parametrize("units", [16, 48])
def test_each_bfloat16_kernel_sums_rounded_numbers_exactly(units):
    rng = np.random.default_rng(0)
    # Sixteenths: rounding to bfloat16 leaves them as they are.
    embeddings, kernel, recurrent = (
        rng.integers(-16, 17, shape).astype(np.float32) / 16
        for shape in [(FEW_WORDS, 40), (40, 4 * units), (units, 4 * units)]
    )
    bias = np.zeros(4 * units, np.float32)
    towers = [
        NativeTower(
            embeddings,
            [LayerWeights(kernel, recurrent, bias)],
            pooling="last",
            is_reversed=False,
            precision=precision,
        )
        for precision in ("float32", "bfloat16")
    ]
    # More texts than a kernel takes at once, one word each: no state before it is rounded.
    token_ids = np.arange(29, dtype=np.int32)
    offsets = np.arange(30)
    exact, rounded = (tower.run(token_ids, offsets, 1) for tower in towers)
    np.testing.assert_allclose(rounded, exact, atol=0.01, rtol=0)
    two_words = np.repeat(token_ids, 2), 2 * offsets
    exact, rounded = (tower.run(*two_words, 1) for tower in towers)
    np.testing.assert_allclose(rounded, exact, atol=0.03, rtol=0)
    assert (rounded != exact).any()
