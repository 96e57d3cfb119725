import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelfeel.errors import DataError, UsageError
from reelfeel.native.library import load_library
from reelfeel.text.encoder import TextEncoder, count_tokens, describe_cut_texts, token_counts
from reelfeel.text.tokenizer import TextSettings, tokenize, tokenize_with_offsets
from reelfeel.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("good", "bad", "film", "!", "don't"))
any_text = st.text(st.characters(exclude_categories=()))
review_like = st.lists(
    st.sampled_from(["Good", "bad", "film", "!", " ", "don’t", "<br />", "&amp;", "x", "é"])  # noqa: RUF001
).map("".join)
texts = st.lists(any_text | review_like, max_size=6)


@pytest.fixture(params=["compiled", "python"])
def engine(request, monkeypatch):
    """Runs a test with the compiled engine, also for few texts, and without it."""
    if request.param == "python":
        monkeypatch.setenv("REELFEEL_NATIVE", "off")
    elif load_library() is None:
        pytest.skip("the library is not compiled")
    monkeypatch.setattr("reelfeel.text.encoder._FEW_TEXTS", 0)


def ids_one_by_one(text: str, encoder: TextEncoder) -> list[int]:
    known = encoder.vocabulary.tokens
    return [known.index(t) + 2 if t in known else 1 for t in tokenize(text, encoder.settings)]


@pytest.mark.usefixtures("engine")
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts)
def test_bulk_encoding_equals_looking_up_one_token_after_the_other(texts):
    encoder = TextEncoder(VOCABULARY)
    encoded = encoder.encode(texts)
    assert [ids.tolist() for ids in encoded.token_ids] == [
        ids_one_by_one(text, encoder) or [1] for text in texts
    ]
    assert encoded.num_tokens.tolist() == [len(ids_one_by_one(text, encoder)) for text in texts]
    assert count_tokens(texts).tolist() == encoded.num_tokens.tolist()
    assert token_counts(texts) == Counter(token for text in texts for token in tokenize(text))


@pytest.mark.usefixtures("engine")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts, st.integers(1, 5), st.sampled_from(["head", "tail", "head_tail"]))
def test_the_tokens_read_have_the_ids_encoded(texts, max_tokens, keep):
    encoder = TextEncoder(VOCABULARY, TextSettings(max_tokens=max_tokens, keep=keep))
    for text, ids in zip(texts, encoder.encode(texts).token_ids, strict=True):
        read = [token.text for token in encoder.read(text)]
        assert VOCABULARY.encode(read).tolist() == (ids.tolist() if read else [])
        assert len(ids) <= max_tokens


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("keep", "max_tokens", "kept"),
    [
        ("head", 3, "a b c"),
        ("tail", 3, "e f g"),
        ("head_tail", 4, "a b f g"),
        ("head_tail", 3, "a b g"),
        ("head_tail", 1, "a"),
        ("tail", 7, "a b c d e f g"),
    ],
)
def test_the_end_that_was_asked_for_is_kept(keep, max_tokens, kept):
    encoder = TextEncoder(
        Vocabulary(tuple("abcdefg")), TextSettings(max_tokens=max_tokens, keep=keep)
    )
    encoded = encoder.encode(["a b c d e f g"])
    assert encoder.vocabulary.decode(encoded.token_ids[0].tolist()) == kept.split()
    assert encoded.truncated.tolist() == [max_tokens < 7]
    assert [token.text for token in encoder.read("A b c d e f g")] == kept.split()


@pytest.mark.usefixtures("engine")
def test_what_was_read_is_told_for_every_text():
    encoded = TextEncoder(VOCABULARY, TextSettings(max_tokens=4)).encode(
        ["Good film", "", "bad bad worst bad worst", "<br />", "qwertz"]
    )
    assert encoded.num_tokens.tolist() == [2, 0, 5, 0, 1]
    assert encoded.lengths.tolist() == [2, 1, 4, 1, 1]
    assert encoded.truncated.tolist() == [False, False, True, False, False]
    assert encoded.unknown_share.tolist() == [0, 1, 0.25, 1, 1]
    assert {ids.dtype for ids in encoded.token_ids} == {np.dtype(np.int32)}
    assert all(ids.flags.writeable for ids in encoded.token_ids)
    assert len(encoded) == 5


@pytest.mark.usefixtures("engine")
def test_no_texts_encode_to_nothing():
    encoded = TextEncoder(VOCABULARY).encode([])
    assert list(encoded.token_ids) == []
    assert encoded.lengths.shape == encoded.unknown_share.shape == encoded.truncated.shape == (0,)
    assert count_tokens([]).shape == (0,)
    assert describe_cut_texts(encoded) == "None of 0 texts was cut."


@pytest.mark.usefixtures("engine")
def test_the_order_and_the_company_of_texts_do_not_matter():
    encoder = TextEncoder(VOCABULARY)
    together = encoder.encode(["Good film", "bad !", "x"]).token_ids
    alone = [TextEncoder(VOCABULARY).encode([t]).token_ids[0] for t in ("Good film", "bad !", "x")]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.usefixtures("engine")
def test_a_very_long_text_is_read():
    text = "good " * 200_000 + "x" * 1_000_000
    encoded = TextEncoder(VOCABULARY, TextSettings(max_tokens=3)).encode([text])
    assert encoded.num_tokens.tolist() == [200_001]
    assert encoded.token_ids[0].tolist() == [2, 2, 2]


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr("reelfeel.text.reference.MAX_REMEMBERED", 3)
    encoder = TextEncoder(VOCABULARY)
    encoded = encoder.encode(["a b c d e good", "y" * 1000 + " good"])
    assert encoded.token_ids[0].tolist() == [1, 1, 1, 1, 1, 2]
    assert encoded.token_ids[1].tolist() == [1, 2]
    assert len(encoder._reference.remembered) == 3


@pytest.mark.usefixtures("engine")
def test_an_encoder_can_be_sent_to_a_worker():
    encoder = TextEncoder(VOCABULARY, TextSettings(keep="tail"))
    encoder.encode(["good"])
    sent = pickle.loads(pickle.dumps(encoder))  # noqa: S301
    assert sent == encoder
    assert sent.encode(["good"]).token_ids[0].tolist() == [2]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("function", [TextEncoder(VOCABULARY).encode, count_tokens, token_counts])
def test_a_bare_string_is_refused_with_the_fix(function):
    with pytest.raises(UsageError, match=r"\['A good film'\]"):
        function("A good film")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("function", [TextEncoder(VOCABULARY).encode, count_tokens, token_counts])
@pytest.mark.parametrize(
    ("missing", "mend"),
    [
        (None, "leave out missing"),
        (float("nan"), "leave out missing"),
        (3, "into a string"),
        (b"good", "decode"),
    ],
)
def test_what_is_no_string_is_refused_with_its_position(function, missing, mend):
    with pytest.raises(DataError, match=rf"Text 1 .*{mend}"):
        function(["good", missing])


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", [tuple, iter, np.array])
def test_texts_may_come_in_any_container(kind):
    encoded = TextEncoder(VOCABULARY).encode(kind(["good", "bad"]))
    assert [ids.tolist() for ids in encoded.token_ids] == [[2], [3]]


def test_truncation_is_described_in_numbers():
    encoder = TextEncoder(VOCABULARY, TextSettings(max_tokens=2))
    cut = encoder.encode(["good " * 4, "bad " * 4, "film", ""])
    assert describe_cut_texts(cut) == (
        "2 of 4 texts (50.0 %) were cut, and with them 4 of 9 tokens (44.4 %)."
    )
    assert describe_cut_texts(encoder.encode(["film", ""])) == "None of 2 texts was cut."


def test_offsets_of_the_tail_point_into_the_original():
    text = "<b>Bad</b> film, but good"
    encoder = TextEncoder(VOCABULARY, TextSettings(max_tokens=2, keep="tail"))
    assert encoder.read(text) == tokenize_with_offsets(text)[-2:]
    assert [text[t.start : t.end] for t in encoder.read(text)] == ["but", "good"]


@pytest.mark.usefixtures("engine")
def test_many_chunks_make_one_result(monkeypatch):
    texts = [f"good film {'x ' * number}" for number in range(50)]
    whole = TextEncoder(VOCABULARY).encode(texts)
    counts = token_counts(texts)
    monkeypatch.setattr("reelfeel.text.encoder._CHUNK_SIZE", 7)
    parts = TextEncoder(VOCABULARY).encode(iter(texts))
    assert [ids.tolist() for ids in parts.token_ids] == [ids.tolist() for ids in whole.token_ids]
    np.testing.assert_array_equal(parts.unknown_share, whole.unknown_share)
    assert token_counts(iter(texts)) == counts
    assert count_tokens(iter(texts)).tolist() == whole.num_tokens.tolist()


@pytest.mark.usefixtures("engine")
def test_another_token_pattern_is_obeyed():
    encoder = TextEncoder(VOCABULARY, TextSettings(True, "[a-z]+"))
    assert encoder.encode(["good film!"] * 20).token_ids[19].tolist() == [2, 4]


def test_the_compiled_engine_is_used_for_many_texts_and_then_for_few():
    encoder = TextEncoder(VOCABULARY)
    encoder.encode(["good"])
    assert "_bulk" not in encoder.__dict__
    encoder.encode(["good"] * 16)
    assert "_bulk" in encoder.__dict__
    assert encoder.encode(["good"]).token_ids[0].tolist() == [2]


@pytest.mark.parametrize("threads", [0, -1])
def test_no_threads_are_refused(threads):
    with pytest.raises(UsageError, match="threads must be a whole number of at least 1"):
        TextEncoder(VOCABULARY).encode(["good"], threads=threads)
