import numpy as np
import pytest

from reelfeel.errors import DataError
from reelfeel.text.encoder import TextEncoder
from reelfeel.text.vocabulary import Vocabulary
from reelfeel.training.language_model.token_stream import TokenTexts, Windows

END_ID = 9


def make_texts(*texts):
    ids = np.concatenate([[*text, END_ID] for text in texts]).astype(np.int32)
    return TokenTexts(ids, np.cumsum([0, *(len(text) + 1 for text in texts)]))


def split_at_end(stream):
    """The texts of a stream, as a set of tuples."""
    texts, current = [], []
    for token_id in stream.tolist():
        if token_id == END_ID:
            texts.append(tuple(current))
            current = []
        else:
            current.append(token_id)
    return sorted(texts)


def test_encoded_texts_are_joined_with_their_end_behind_each():
    encoded = TextEncoder(Vocabulary(("good", "film"))).encode(["Good film!", "", "good"])
    texts = TokenTexts.from_encoded(encoded, end_id=4)
    assert [texts.text(number).tolist() for number in range(3)] == [[2, 3, 1, 4], [1, 4], [2, 4]]


def test_turning_around_keeps_every_text_and_its_end():
    texts = make_texts([2, 3, 4], [5], [6, 7])
    turned = texts.reversed()
    assert turned.ids.tolist() == [4, 3, 2, 9, 5, 9, 7, 6, 9]
    assert turned.reversed().ids.tolist() == texts.ids.tolist()


def test_shuffling_keeps_every_text_whole():
    rng = np.random.default_rng(0)
    texts = make_texts(*(rng.integers(2, 9, rng.integers(1, 7)) for _ in range(50)))
    first, second = (texts.shuffled(np.random.default_rng(seed)) for seed in (0, 1))
    assert split_at_end(first) == split_at_end(second) == split_at_end(texts.ids)
    assert first.tolist() != second.tolist()


def test_windows_read_every_lane_in_its_order():
    stream = np.arange(103, dtype=np.int32)
    windows = Windows.cut(stream, batch_size=4, bptt_length=7)
    steps = list(windows.read(0))
    assert len(steps) == windows.num_steps == 4
    inputs, targets = (np.concatenate(parts, axis=1) for parts in zip(*steps, strict=True))
    assert inputs.tolist() == [list(range(start, start + 24)) for start in (0, 25, 50, 75)]
    assert (targets == inputs + 1).all()
    assert windows.num_tokens == inputs.size


def test_reading_goes_on_at_any_step():
    windows = Windows.cut(np.arange(103, dtype=np.int32), batch_size=4, bptt_length=7)
    whole, rest = list(windows.read(0)), list(windows.read(2))
    assert [ids.tolist() for ids, _ in rest] == [ids.tolist() for ids, _ in whole[2:]]


def test_too_few_tokens_for_the_lanes_are_refused():
    with pytest.raises(DataError, match="too short for a batch_size of 64"):
        Windows.cut(np.arange(100, dtype=np.int32), batch_size=64, bptt_length=80)


def test_texts_come_back_from_a_file(tmp_path):
    texts = make_texts([2, 3], [4])
    loaded = TokenTexts.from_arrays(texts.to_arrays(), num_words=10)
    assert loaded.fingerprint() == texts.fingerprint()
    assert loaded.take(np.array([1])).ids.tolist() == [4, 9]
