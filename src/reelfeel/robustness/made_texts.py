"""Short texts from templates with an undisputed label, for behavioural tests.

Each kind asks for one thing: that "not" turns a word around, that what follows "but" counts.
Accuracy on reviews hides it, because a review says its verdict many times over.

Sarcasm is left out: its words say the opposite of its verdict, what gives it away is the voice or
what one knows of the film, and readers of a bare sentence disagree.

Source: Ribeiro, Wu, Guestrin and Singh, 2020, ACL (CheckList: minimum functionality tests).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

# No word begins with a vowel, so that "a" fits before each.
WORDS: Mapping[str, tuple[str, ...]] = {
    "good": ("great", "wonderful", "brilliant", "superb", "charming", "moving", "funny", "lovely"),
    "bad": ("terrible", "dull", "boring", "poor", "weak", "dreadful", "tedious", "bad"),
    "film": ("film", "movie"),
    "part": ("acting", "music", "plot", "script", "direction", "dialogue", "camera work", "cast"),
    "other": ("story", "ending", "pacing", "humour"),
    "like": ("like", "enjoy", "love"),
    "liked": ("liked", "enjoyed", "loved"),
    "loved": ("loved", "adored", "really enjoyed"),
    "hated": ("hated", "disliked", "could not stand"),
    "very": ("very", "really", "truly", "extremely"),
}

# Kind -> templates of negative verdict, templates of positive verdict.
TEMPLATES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # Without anything hard: what the other kinds are to be compared with.
    "plain": (
        (
            "The {film} is {bad}.",
            "I {hated} this {film}.",
            "A {bad} {film} with a {bad} script.",
            "The {part} is {bad} and so is the {other}.",
        ),
        (
            "The {film} is {good}.",
            "I {loved} this {film}.",
            "A {good} {film} with a {good} script.",
            "The {part} is {good} and so is the {other}.",
        ),
    ),
    "negated praise": (
        (
            "I did not {like} this {film}.",
            "I didn't {like} the {film} at all.",
            "The {film} is not {good}.",
            "This is not a {good} {film}.",
            "Nothing about this {film} is {good}.",
            "I cannot say that the {part} is {good}.",
            "There is not a single {good} moment in this {film}.",
            "Nobody I know {liked} this {film}.",
            "The {film} isn't {good}, and the {part} isn't either.",
            "I would not recommend this {film} to anyone.",
        ),
        (),
    ),
    "negated blame": (
        (),
        (
            "The {film} is not {bad} at all.",
            "There is nothing {bad} about this {film}.",
            "I could not find anything {bad} in this {film}.",
            "I was never bored for a moment.",
            "Not one scene of this {film} is {bad}.",
            "You won't regret seeing this {film}.",
            "I have no complaints about the {part} or the {other}.",
            "I wouldn't have missed this {film} for anything.",
            "Don't let anyone tell you that this {film} is {bad}.",
            "The {part} is never {bad}, not for a minute.",
        ),
    ),
    "contrast": (
        (
            "The {part} is {good}, but the {film} as a whole is {bad}.",
            "The {part} is {good}, but the {other} is {bad} and the rest is a mess.",
            "Although the {part} is {good}, I {hated} this {film}.",
            "Despite the {good} {part}, this {film} is {bad}.",
            "The beginning is {good}, yet in the end the {film} is {bad}.",
            "I {liked} the {part}. However, the rest is {bad}, and I cannot recommend it.",
        ),
        (
            "The {part} is {bad}, but the {film} as a whole is {good}.",
            "The {part} is {bad}, but the {other} is {good} and the rest is a joy.",
            "Although the {part} is {bad}, I {loved} this {film}.",
            "Despite the {bad} {part}, this {film} is {good}.",
            "The beginning is {bad}, yet in the end the {film} is {good}.",
            "I {hated} the {part}. However, the rest is {good}, and I can only recommend it.",
        ),
    ),
    "expectation": (
        (
            "I expected a {good} {film} and got a {bad} one.",
            "I thought it would be {good}, but it is {bad}.",
            "I used to {like} this {film}, but now I find it {bad}.",
            "The trailer is {good}; the {film} is {bad}.",
            "This should have been a {good} {film}.",
        ),
        (
            "I expected a {bad} {film} and got a {good} one.",
            "I thought it would be {bad}, but it is {good}.",
            "I used to find this {film} {bad}, but now I {like} it.",
            "The trailer is {bad}; the {film} is {good}.",
            "This could have been a {bad} {film}, and it is anything but.",
        ),
    ),
    "opinions of others": (
        (
            "My friends say it is {good}, but I {hated} it.",
            "The critics called it {good}. They are wrong.",
            "Some people find this {film} {good}; I think it is {bad}.",
        ),
        (
            "My friends say it is {bad}, but I {loved} it.",
            "The critics called it {bad}. They are wrong.",
            "Some people find this {film} {bad}; I think it is {good}.",
        ),
    ),
    "intensifiers": (
        (
            "The {film} is {very} {bad}.",
            "What a {bad} {film}!!!",
            "I {hated} every single minute of it.",
            "This is by far the worst {film} of the year.",
            "The {part} could not be worse.",
            "I have rarely seen a {film} this {bad}.",
        ),
        (
            "The {film} is {very} {good}.",
            "What a {good} {film}!!!",
            "I {loved} every single minute of it.",
            "This is by far the best {film} of the year.",
            "The {part} could not be better.",
            "I have rarely seen a {film} this {good}.",
        ),
    ),
    "short verdicts": (
        (
            "A {bad} {film}. Avoid it.",
            "Two hours of my life that I will never get back.",
            "I want my money back.",
            "Worst {film} in years.",
            "Would I watch it again? Never.",
            "I fell asleep halfway through.",
            "I walked out after half an hour.",
            "Don't waste your time.",
            "Skip it.",
            "One out of ten.",
        ),
        (
            "A {good} {film}. Go and see it.",
            "Two hours that I would not have missed.",
            "Worth every penny.",
            "Best {film} in years.",
            "Would I watch it again? Any time.",
            "I was glued to the screen.",
            "I laughed until it hurt.",
            "Don't miss it.",
            "A must see.",
            "Ten out of ten.",
        ),
    ),
    "comparisons": (
        (
            "This {film} is far worse than the first one.",
            "Much worse than I had hoped.",
            "The book is {good}; the {film} is not.",
            "I have seen many {good} films, and this is not one of them.",
            "I would rather watch paint dry than see this {film} again.",
            "The first part was {good}; this one is a letdown.",
            "Next to this {film}, everything else this year looks {good}.",
        ),
        (
            "This {film} is far better than the first one.",
            "Much better than I had feared.",
            "The book is {bad}; the {film} is not.",
            "I have seen many {bad} films, and this is not one of them.",
            "I would rather see this {film} again than any other.",
            "The first part was {bad}; this one makes up for it.",
            "Next to this {film}, everything else this year looks {bad}.",
        ),
    ),
}
KINDS = tuple(TEMPLATES)


@dataclass(frozen=True, slots=True)
class MadeText:
    """A text with its verdict.

    Attributes:
        kind: one of `KINDS`.
        template: what it was made from.
        text: the text.
        label: 1 positive, 0 negative.
    """

    kind: str
    template: str
    text: str
    label: int


def make_texts() -> list[MadeText]:
    """Fills every template with words, up to eight times; the same texts every time.

    Returns:
        Several hundred different texts, in the order of the templates. A slot's words take turns,
        each slot of a template from another one on, so that every word stands in some text.

    Example:

    >>> made = make_texts()
    >>> made[0].text, made[1].text, made[0].label
    ('The film is dull.', 'The movie is boring.', 0)
    """
    return [
        MadeText(kind, template, text, label)
        for kind, by_label in TEMPLATES.items()
        for label, templates in enumerate(by_label)
        for template in templates
        for text in fill_template(template)
    ]


def fill_template(template: str) -> list[str]:
    """Returns the texts of one template, without repetition.

    >>> fill_template("I {like} it, and I {like} you.")
    ['I like it, and I enjoy you.', 'I enjoy it, and I love you.', 'I love it, and I like you.']
    """
    pieces = [(before, name) for before, name, _, _ in Formatter().parse(template)]
    texts = []
    for turn in range(max(len(words) for words in WORDS.values())):
        filled = ""
        for place, (before, name) in enumerate(pieces):
            words = WORDS[name] if name else ("",)
            filled += before + words[(turn + place) % len(words)]
        texts.append(filled)
    return list(dict.fromkeys(texts))
