"""What a user sees of a training, whatever it is made of inside: by the public functions alone."""

import gc
import subprocess
import sys
from contextlib import nullcontext

import keras
import numpy as np
import pytest
from word_salad import TINY, make_reviews

import reelfeel
from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.errors import NotLearningError, ReelFeelError
from reelfeel.native.cores import available_cores


class Saboteur:
    """Follows a training, and spoils its network so that it gives one answer to everything.

    Args:
        after: so many epochs.
    """

    def __init__(self, after):
        self.after, self.num_epochs = after, 0

    def __getattr__(self, name):
        return lambda *args, **kwargs: self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def on_start(self, *args, **kwargs):
        self.spoil_in_time()

    def on_epoch(self, *args, **kwargs):
        self.num_epochs += 1
        self.spoil_in_time()

    def spoil_in_time(self):
        if self.num_epochs != self.after:
            return
        for model in [one for one in gc.get_objects() if issubclass(type(one), keras.Model)]:
            for layer in model.layers:
                if isinstance(layer, keras.layers.Dense):
                    layer.bias.assign(np.full(layer.bias.shape, 50.0, np.float32))


def train_sabotaged(reviews, output, after):
    # 48 steps an epoch: the alarm looks from the seventh epoch on.
    training = {**TINY["training"], "epochs": 8, "batch_size": 4, "patience": 0}
    return reelfeel.train(
        reviews.texts,
        reviews.labels,
        output=output,
        settings={**TINY, "training": training},
        observer=Saboteur(after),
    )


def test_a_run_that_has_learned_outlives_a_bad_epoch(reviews, home, tmp_path):
    classifier = train_sabotaged(reviews, tmp_path / "model", after=6)
    accuracies = [epoch["validation_accuracy"] for epoch in classifier.bundle.about("history")]
    assert len(accuracies) == 8
    assert max(accuracies[:6]) > 0.9
    assert accuracies[6] < 0.7
    assert classifier.bundle.about("metrics")["validation"]["accuracy"] == max(accuracies)


def test_a_run_that_never_learned_does_not(reviews, home, tmp_path):
    with pytest.raises(NotLearningError, match="does not learn"):
        train_sabotaged(reviews, tmp_path / "model", after=0)


@pytest.mark.parametrize(("num_positive", "lowest", "highest"), [(24, 0.4, 0.6), (72, 0.2, 0.4)])
def test_a_rare_class_counts_as_much_as_the_other(num_positive, lowest, highest, home, tmp_path):
    # Texts that say nothing of their labels: what is learned is how often each class counts. Where
    # neither is rare, each review counts once.
    texts = make_reviews(240).texts
    labels = np.random.default_rng(0).permutation(np.arange(240) < num_positive)
    training = {**TINY["training"], "epochs": 10, "alarm": False, "learning_rate": 0.02}
    model = {**TINY["model"], "dropout_rate": 0.0}
    classifier = reelfeel.train(
        # Always the same words: nothing to learn by heart.
        [f"film {number}" for number in range(len(texts))],
        labels,
        output=tmp_path / "model",
        settings={**TINY, "model": model, "training": training},
    )
    assert lowest < classifier.predict_proba(["film"])[0] < highest


class BrokenWorker(subprocess.Popen):
    """A process that ends at once, with a failure."""

    started = 0

    def __init__(self, arguments, **kwargs):
        if arguments[:2] == [sys.executable, "-m"]:
            BrokenWorker.started += 1
            arguments = [sys.executable, "-c", "raise SystemExit(7)"]
        super().__init__(arguments, **kwargs)


@pytest.mark.parametrize("cores", [{0}, {0, 1}], ids=len)
def test_two_directions_train_in_a_process_each_where_there_are_two_cores(
    cores, home, tmp_path, monkeypatch
):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: cores, raising=False)
    if available_cores() != len(cores):
        pytest.skip("a quota of this container decides")
    monkeypatch.setattr(subprocess, "Popen", BrokenWorker)
    monkeypatch.setattr(BrokenWorker, "started", 0)
    (tmp_path / "texts.txt").write_text("\n".join(make_reviews(120).texts))
    config = PretrainingConfig(
        vocabulary_size=40, embedding_dim=8, units=(8,), epochs=1, batch_size=4, bptt_length=20,
        num_negatives=10,
    )  # fmt: skip
    ends = nullcontext() if len(cores) == 1 else pytest.raises(ReelFeelError, match="code 7")
    with ends:
        reelfeel.pretrain([tmp_path / "texts.txt"], output=tmp_path / "lm", config=config)
    # Both are there before one is waited for.
    assert BrokenWorker.started == (0 if len(cores) == 1 else 2)


def make_columns(texts, labels):
    """Returns the same texts and labels as each kind of column a program may hold."""
    import pandas
    import polars
    import pyarrow

    frame = pandas.DataFrame({"text": texts, "label": labels}, index=range(5, 5 + len(texts)))
    return {
        "lists": (list(texts), list(labels)),
        "NumPy": (np.array(texts), np.array(labels)),
        "pandas": (frame["text"], frame["label"]),
        "Polars": (polars.Series(texts), polars.Series(labels)),
        "Arrow": (pyarrow.array(texts), pyarrow.chunked_array([labels])),
        "a generator and bools": ((text for text in texts), [label == 1 for label in labels]),
    }


def test_texts_and_labels_of_any_kind_train_as_the_table_of_them(home, tmp_path):
    reviews = make_reviews(120)
    texts, labels = list(reviews.texts), reviews.labels.tolist()
    settings = {**TINY, "training": {**TINY["training"], "epochs": 1, "alarm": False}}
    rows = "".join(f'"{text}",{label}\n' for text, label in zip(texts, labels, strict=True))
    (tmp_path / "reviews.csv").write_text(f"text,label\n{rows}")
    table = reelfeel.train(
        tmp_path / "reviews.csv", output=tmp_path / "table", settings=settings
    ).bundle
    for number, columns in enumerate(make_columns(texts, labels).values()):
        bundle = reelfeel.train(*columns, output=tmp_path / str(number), settings=settings).bundle
        assert bundle.about("provenance")["split"] == table.about("provenance")["split"]
        for name, array in table.weights().items():
            assert np.array_equal(bundle.weights()[name], array), name


REFUSED = {
    "fewer labels": ((["A gem.", "A bore."], [1]), "one label for each of the 2 texts"),
    "words": ((["A gem.", "A bore."], ["pos", "neg"]), "neither 1"),
    "one text": (("A gem.", [1]), "Put it in a list"),
    "a frame": (({"text": ["A gem."]}, [1]), "list"),
    "a missing text": ((["A gem.", None], [1, 0]), "no string"),
    "one class": ((["A gem.", "A bore."], [1, 1]), "holds no review labelled 'negative'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_are_no_texts_and_labels_is_refused_before_anything_is_written(name, home, tmp_path):
    columns, words = REFUSED[name]
    with pytest.raises((reelfeel.errors.UsageError, reelfeel.errors.DataError), match=words):
        reelfeel.train(*columns, output=tmp_path / "model")
    assert not (tmp_path / "model").exists()
