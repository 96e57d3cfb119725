"""Default settings by number of labels, for classifiers that start from another model.

Source of the thresholds: docs/few-labels.md, measured on validation reviews.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reelfeel.config.sections import Config, DataConfig, ModelConfig, TrainingConfig

# From so many labels on, the network learns them itself; below, its head's answers, if there are so
# many texts without labels.
FEWEST_LABELS, FEWEST_TEXTS = 1_000, 1_000
# From so many on, it learns as a network from all of IMDB's labels does. Not studied.
MANY_LABELS = 10_000
# Of more texts without labels, so many are drawn: they take minutes, and more were not studied.
MOST_TEXTS = 20_000
# Steps that a network is trained for: few texts are read several times, but not more often.
NUM_STEPS, MOST_EPOCHS = 600, 5


@dataclass(frozen=True)
class LabelPreset:
    """How a classifier is trained from so many labels.

    Attributes:
        head: settings of the first stage: a head on the network as it is.
        tuning: settings of the second, which trains the whole network; None where there is none.
        learns_answers: whether the second learns the first's answers to texts without labels.
        reason: for people.
    """

    head: Config
    tuning: Config | None
    learns_answers: bool
    reason: str


_DATA = DataConfig(max_tokens=1_000, keep="tail")
_FOLDS = replace(_DATA, validation_split="folds")
_MODEL = ModelConfig(
    pooling="last_max_mean",
    direction="both",
    embedding_dropout_rate=0.3,
    weight_precision="float16",
)
_FIXED = TrainingConfig(epochs=0)
# With few validation reviews the epoch with the lowest loss is a matter of chance: the rate falls
# to 0 over a fixed number of epochs, and the last one is kept.
_ANSWERS = TrainingConfig(
    batch_size=32,
    learning_rate=0.0003,
    learning_rate_decay="linear",
    max_gradient_norm=1.0,
    average_decay=0.98,
    label_share=1.0,
    last_epoch_kept=True,
)
_LABELS = replace(_ANSWERS, learning_rate=0.0005, adversarial_norm=0.31)
# Forward, on IMDB's labels, a rate for each layer brings validation loss 0.1709 and not 0.1810.
_MANY = replace(
    _LABELS,
    epochs=4,
    batch_size=64,
    learning_rate=0.0025,
    rate_factor_per_layer=0.4,
    average_decay=0.999,
    last_epoch_kept=False,
)


def choose_label_preset(num_labels: int, num_texts: int) -> LabelPreset:
    """Returns the settings for so many reviews with labels, and texts without.

    Args:
        num_labels: reviews with a label.
        num_texts: texts without one.

    Example:

    >>> choose_label_preset(200, 0).tuning is None
    True
    >>> choose_label_preset(200, 20_000).learns_answers
    True
    """
    given = f"{num_labels:,} labels and {num_texts:,} texts without"
    if num_labels >= FEWEST_LABELS:
        reason = f"{given}: a head is fitted, and then the whole network learns the labels"
        tuning = _MANY if num_labels >= MANY_LABELS else _repeat(_LABELS, num_labels)
        return LabelPreset(_stage(_DATA, _FIXED), _stage(_DATA, tuning), False, reason)
    if num_texts >= FEWEST_TEXTS:
        texts = min(num_texts, MOST_TEXTS)
        reason = (
            f"{given}: a head is fitted to the network as it is, and then the whole network learns "
            f"the head's answers to {texts:,} of the texts"
        )
        tuning = _repeat(_ANSWERS, num_labels + texts)
        return LabelPreset(_stage(_DATA, _FIXED), _stage(_DATA, tuning), True, reason)
    reason = (
        f"{given}: only a head is fitted, and the network stays as it is, because it gains from "
        f"{FEWEST_LABELS:,} labels or {FEWEST_TEXTS:,} texts without labels on"
    )
    return LabelPreset(_stage(_FOLDS, _FIXED), None, False, reason)


def _stage(data: DataConfig, training: TrainingConfig) -> Config:
    return Config(data=data, model=_MODEL, training=training)


def _repeat(training: TrainingConfig, num_texts: int) -> TrainingConfig:
    steps_per_epoch = -(-num_texts // training.batch_size)
    epochs = min(MOST_EPOCHS, max(1, round(NUM_STEPS / steps_per_epoch)))
    return replace(training, epochs=epochs)
