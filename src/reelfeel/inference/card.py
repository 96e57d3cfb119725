"""The model card: what a stranger has to know before using a saved model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reelfeel.files.writing import name_of
from reelfeel.inference.bundle import Bundle

About = Mapping[str, Any]

# Said of models that learned from IMDB, whose reviews are these.
_IMDB_LIMITS = (
    "It learned from English film reviews of some hundred words, each by one person about one "
    "film. Reviews of products, tweets, news and other languages were not measured; a high share "
    "of unknown words, which `reelfeel predict --json` shows, is a warning.",
    "Reviews of 5 and 6 stars were not among them: what it says about lukewarm ones is a guess.",
    "Single sentences and texts of a few words are harder than the reviews that it was judged on.",
)
_LIMITS = (
    "There is no neutral class. A probability near 0.5 means that the model does not know, not "
    "that the review is neutral; and a probability is confidence, not strength of feeling.",
    "Sarcasm, quotation and plot summary are often misread.",
)


def write_card(bundle: Bundle, about: About, *, num_parameters: int) -> str:
    """Writes the model card as Markdown with the YAML head that model hubs read.

    Args:
        bundle: the model.
        about: its `provenance` and `metrics`; what they lack is left out of the card.
        num_parameters: how many numbers its weights are.
    """
    name, model = name_of(bundle.path), bundle.config.model
    negative, positive = bundle.label_names
    provenance = about["provenance"]
    sections = (
        ("How to use it", _describe_use(name)),
        ("Training", _as_list(_describe_training(bundle, provenance))),
        ("Evaluation", _as_list(_describe_figures(about["metrics"]))),
        ("Limits", _as_list([*_find_limits(provenance), *_LIMITS])),
        ("Licence", LICENCE),
    )
    layers = " and ".join(f"{units} units" for units in model.units)
    size_mb = num_parameters * np.dtype(model.weight_precision).itemsize / 1e6
    weights = f"{num_parameters:,} parameters, {size_mb:.1f} MB in {model.weight_precision}"
    head = f"""{write_head("text-classification", ["sentiment-analysis", "lstm"])}# {name}

An LSTM that labels a review `{positive}` (class 1) or `{negative}` (class 0).
Preset `{bundle.preset}`: embedding of {model.embedding_dim}, LSTM of {layers}, vocabulary of
{bundle.vocabulary.size:,}; direction: {model.direction}; {weights}.
"""
    return head + "".join(f"\n## {title}\n\n{text}\n" for title, text in sections)


LICENCE = """\
ReelFeel and the models that come with it: MIT. A model holds weights and a list of words, and no
text that it was trained on; what else its training data asks of a user, its source says."""


def write_head(task: str, tags: Sequence[str]) -> str:
    """Writes the YAML head of a card.

    Example:

    >>> print(write_head("text-classification", ["lstm"]), end="")
    ---
    library_name: reelfeel
    pipeline_tag: text-classification
    tags: [lstm]
    ---
    """
    return f"---\nlibrary_name: reelfeel\npipeline_tag: {task}\ntags: [{', '.join(tags)}]\n---\n"


def describe_machine(provenance: About) -> str:
    """Says on what a model was trained."""
    machine = provenance.get("machine") or {}
    return (
        f"Hardware: {machine.get('processor', 'unknown processor')}, {machine.get('cores', '?')} "
        f"cores; LSTM kernel: {provenance.get('kernel', 'unknown')}."
    )


def _as_list(items: Sequence[str] | Iterator[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _describe_use(name: str) -> str:
    return f"""\
    reelfeel predict --model {name} "A slow start, but what an ending."

    import reelfeel
    classifier = reelfeel.load("{name}")
    classifier.predict_proba(["A slow start, but what an ending."])"""


def _describe_training(bundle: Bundle, provenance: About) -> Iterator[str]:
    data, text = provenance["data"], bundle.config.data
    yield f"Command: `{provenance['command']}`"
    yield f"Data: {data['source']}, {data['num_reviews']:,} reviews, SHA-256 `{data['sha256']}`"
    yield provenance["split"]["description"]
    yield (
        f"Text: at most {text.max_tokens} tokens are read ({text.keep} of longer ones). "
        f"{provenance['truncation']}"
    )
    yield from _describe_hygiene(provenance)
    yield from _describe_teachers(provenance.get("distillation") or {})
    yield _describe_epochs(provenance)
    yield from _describe_times(provenance)
    yield describe_machine(provenance)


def _describe_hygiene(provenance: About) -> Iterator[str]:
    origin = provenance
    while origin.get("language_model"):
        # A classifier that another one started from, or at last the language model.
        origin = origin["language_model"].get("provenance") or {}
    if origin.get("hygiene"):
        yield f"Its language model's texts, without labels: {origin['hygiene']}"
    if provenance.get("unlabelled"):
        yield f"Read without labels: {provenance['unlabelled']}"


def _describe_teachers(distillation: About) -> Iterator[str]:
    if not distillation:
        return
    names = " and ".join(
        f"`{teacher['model']}` (SHA-256 `{teacher['sha256']}`)"
        for teacher in distillation["teachers"]
    )
    yield f"Distilled from {names}. {distillation['texts']}"
    yield (
        f"Learned from {distillation['num_labelled']:,} labelled and "
        f"{distillation['num_unlabelled']:,} unlabelled texts and {distillation['num_variants']:,} "
        "short or damaged variants of them, all answered by the teachers."
    )
    if distillation.get("num_statements"):
        yield (
            f"Besides from {distillation['num_statements']:,} made statements: short sentences of "
            "these texts, as they stand, negated and opposed to each other."
        )


def _describe_epochs(provenance: About) -> str:
    best = provenance["best_epoch"]
    epochs = {"": best} if best is not None else provenance["best_epochs"]
    if not any(epochs.values()):
        return "Only its head was fitted; embedding and LSTMs are those that it started from."
    if best is not None:
        return f"The epoch kept is {best}, the one with the lowest validation loss."
    kept = " and ".join(f"{epoch} of the {name} network" for name, epoch in epochs.items())
    return f"The epochs kept are {kept}, those with the lowest validation loss of each."


def _describe_times(provenance: About) -> Iterator[str]:
    for stage in provenance.get("stages") or ():
        yield f"Stage {stage['name']}, {format_seconds(stage['seconds'])}: `{stage['command']}`"
    total = provenance.get("seconds_total") or sum((provenance.get("seconds") or {}).values())
    yield f"Time in all: {format_seconds(total)}."


def format_seconds(seconds: float) -> str:
    """Writes a time so that it can be compared at a glance.

    Example:

    >>> format_seconds(42), format_seconds(600), format_seconds(9_000)
    ('42 seconds', '10.0 minutes', '2.50 hours')
    """
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.1f} minutes" if seconds < 7_200 else f"{seconds / 3_600:.2f} hours"


def _describe_figures(metrics: About) -> Iterator[str]:
    if "test" in metrics:
        yield from _describe_test(metrics["test"])
    validation = metrics["validation"]
    yield (
        f"On the {validation['num_reviews']:,} validation reviews, which chose the epoch and so "
        f"flatter the model a little: accuracy {validation['accuracy']:.4f}, log loss "
        f"{validation['log_loss']:.4f}. `reelfeel evaluate` gives figures on data of your own."
    )


def _describe_test(test: About) -> Iterator[str]:
    data, speed = test["data"], test["speed"]
    lower, upper = test["intervals"]["accuracy"]
    yield (
        f"On {data['source']}, {data['num_reviews']:,} reviews, SHA-256 `{data['sha256']}`: "
        f"accuracy **{test['accuracy']:.4f}** (95 % interval {lower:.4f} to {upper:.4f}), log loss "
        f"{test['log_loss']:.4f}, ECE {test['ece']:.4f}."
    )
    if test["num_training_texts"]:
        yield (
            f"{test['num_training_texts']:,} of these have a text that stands in the training "
            f"reviews too; without them accuracy is {test['accuracy_without_training_texts']:.4f}."
        )
    yield (
        f"Scored at {speed['reviews_per_s']:,.0f} reviews a second, from text to probability: "
        f"{speed['backend']} backend, {speed['precision']}, {speed['threads']} threads, "
        f"{speed['processor']}."
    )


def _find_limits(provenance: About) -> Sequence[str]:
    if str(provenance["data"]["source"]).startswith("IMDB"):
        return _IMDB_LIMITS
    return (
        "It knows the words, the language and the kind of text that it was trained on, and no "
        "others.",
    )
