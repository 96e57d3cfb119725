"""Made statements: which sentences are taken, what "not" and "but" do to their targets."""

import re

import numpy as np
import pytest

from reelfeel.training.distillation.synthetic_sentences import Lexicon, make_sentences

LEXICON = Lexicon(
    {"dull": -1.5, "bad": -1.1, "superb": 1.6, "moving": 0.8, "waste": -2.0},
    frozenset({"dull", "bad", "superb", "moving"}),
)


def make(*texts, seed=0):
    made = make_sentences(texts, LEXICON, seed=seed)
    assert made.targets.dtype == np.float32
    assert len(made.texts) == len(made.targets)
    return list(zip(made.texts, made.targets.tolist(), strict=True))


PRAISE = "The cast was superb. See it. Excellent, wonderful."
BLAME = "The cast was dull. A waste. Awful, terrible."


def test_a_lexicon_takes_words_by_the_labels_and_predicates_by_their_place():
    labels = np.array([1, 0] * 40, np.int8)
    lexicon = Lexicon.learn([PRAISE, BLAME] * 40, labels)
    assert lexicon.predicates == {"superb", "dull"}
    praise, blame = {"superb", "see", "it", "excellent", "wonderful"}, {"dull", "a", "waste"}
    assert lexicon.sides.keys() == praise | blame | {"awful", "terrible"}
    assert lexicon.sides["superb"] == pytest.approx(np.log(41)) == -lexicon.sides["waste"]
    # Too few reviews, too few sentences: nothing is taken for known.
    assert not Lexicon.learn([PRAISE, BLAME] * 10, labels[:20]).sides


def test_labels_of_something_else_teach_nothing():
    texts, labels = [PRAISE, BLAME] * 40, np.array([1, 0] * 40, np.int8)
    topic = ["The match was lost. Excellent.", "The vote was close. Awful."] * 40
    for lexicon in (Lexicon.learn(texts, 1 - labels), Lexicon.learn(topic, labels)):
        assert lexicon == Lexicon({}, frozenset())
        assert make_sentences(["I loved it. The cast was superb."], lexicon, seed=0).texts == []


def test_not_turns_a_verdict_around():
    for seed in range(20):
        (plain, low), (negated, high) = make("The plot is so dull.", seed=seed)[:2]
        assert (plain, round(low, 2)) == ("The plot is so dull.", 0.03)
        assert negated != plain
        assert "so" not in negated.split()
        assert high > 0.8
    (_, high), (negated, low) = make("It's superb!")[:2]
    assert (round(high, 2), round(low, 2)) == (0.97, 0.08)
    assert negated.startswith("It's ")


def test_every_way_to_negate_leaves_the_rest_as_it_was():
    text = "Their home life is dull and it shows."
    negated = {make(text, seed=seed)[1][0] for seed in range(200)}
    ways = (" is not ", " isn't ", " is never ", " is far from ", " is anything but ")
    assert negated == {text.replace(" is ", way) for way in ways}
    assert {make("It's dull.", seed=seed)[1][0] for seed in range(200)} >= {
        "It's not dull.",
        "It's not dull at all.",
    }


def test_of_two_opposed_the_last_one_counts():
    text, opposed = "The plot is dull. The cast was superb. She's moving!", []
    for seed in range(20):
        made = make(text, seed=seed)
        assert len(made) == 8
        opposed += made[6:]
    for text, target in opposed:
        end = re.split("[,;]", text)[-1]
        praises = ("dull" not in end) != bool(
            re.search("(?i)not|n't|never|far|but (?!the|she)", end)
        )
        assert round(target, 2) == (0.8 if praises else 0.2)


def test_what_people_say_they_like_is_taken_as_it_stands():
    assert [
        (text, round(target, 2)) for text, target in make("I really loved the superb cast!")
    ] == [("I really loved the superb cast.", 0.97)]
    assert round(make("We hated it.")[0][1], 2) == 0.03
    opposed = [
        text for seed in range(40) for text, _ in make("It's dull. I liked it.", seed=seed)[3:]
    ]
    assert "It's dull, but I liked it." in opposed
    for text in (
        "I loved it, a waste.",
        "I liked what is left.",
        "I love and I hate it.",
        "He liked it.",
    ):
        assert make(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The plot is not dull.",
        "The plot isn't dull.",
        "The plot is dull but short.",
        "Is it dull?",
        "It was dull, the cast was superb.",
        "It was dull, a waste.",
        "A dull plot.",
        "The plot is long.",
        "It is a dull plot.",
        "It is dull and " + "long and " * 12 + "slow.",
        "<i>It is dull",
        "Dull.",
        "Der Film ist dull.",
        "",
    ],
)
def test_a_sentence_that_says_more_or_less_than_one_thing_is_left_out(text):
    assert make(text) == []


def test_letters_that_grow_when_small_do_no_harm():
    assert make("\u0130t is dull.") == []


def test_the_seed_decides():
    texts = [f"Part {word} is dull." for word in "abcdefgh"]
    assert make(*texts) == make(*texts)
    assert make(*texts) != make(*texts, seed=1)
