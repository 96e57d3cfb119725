"""Every mend that a message outside the data room prints, run as it stands there: it works.

Those of the data room are followed in tests/data/test_mends.py, those about objects of Python in
tests/text/test_given_texts.py. A part of each message is looked up in the source.
"""

import io
import re
import shlex
import shutil

import pytest
from test_named_mends import MESSAGES

from reelfeel.cli import running

SENTENCES = [
    f"{start} {row} is {word}, from the first minute to the last."
    for row in range(30)
    for start, word in (("The film", "lovely"), ("The plot of", "awful"))
]
LABELS = ["pos", "neg"] * 30
QUICK = ["--preset", "mini", "--set", "training.epochs=1", "--set", "training.alarm=false"]

QUICK_WORDS = ["--preset", "mini", "--set", "epochs=1"]


def call(*words, stdin=None):
    """Runs a command in this process; returns its exit code, and its words on one line each."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    words = list(map(str, words))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", streams[0])
        patch.setattr("sys.stderr", streams[1])
        patch.setattr("sys.argv", ["reelfeel", *words])
        patch.setenv("COLUMNS", "1000")
        if stdin is not None:
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        code = running._explain_errors(lambda: running._call(words))
    return code, *(stream.buffer.getvalue().decode("utf-8") for stream in streams)


def write_table(path, **columns):
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def here(trained, tmp_path_factory):
    """A folder of what the cases name: models, tables, texts; the working folder meanwhile."""
    folder = tmp_path_factory.mktemp("mends")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        shutil.copytree(trained, "model")
        write_table(folder / "data.csv", text=SENTENCES, label=LABELS)
        write_table(folder / "other.csv", text=[f"{one} Well." for one in SENTENCES], label=LABELS)
        write_table(folder / "third.csv", text=[f"{one} So." for one in SENTENCES], label=LABELS)
        write_table(folder / "learned.csv", text=SENTENCES[::-1], label=LABELS[::-1])
        write_table(folder / "odd.csv", text=SENTENCES, label=LABELS[:-4] + ["pos"] * 4,
                    kind=["a", "b", "c"] * 20)  # fmt: skip
        twice = [*SENTENCES, *SENTENCES]
        write_table(folder / "conflict.csv", text=twice, label=[*LABELS, *LABELS[1:], "pos"])
        sure = [0.9 if label == "pos" else 0.1 for label in LABELS]
        empty = [*sure[:-1], ""]
        write_table(folder / "said.csv", label=LABELS, probability=sure, y=LABELS, p=sure)
        write_table(folder / "empty.csv", label=LABELS, probability=empty)
        write_table(folder / "logits.csv", label=LABELS, probability=[3 * x for x in sure], p=sure)
        write_table(folder / "unnamed.csv", y=LABELS, p=sure)
        (folder / "texts.txt").write_text("\n".join(SENTENCES))
        (folder / "thesis.txt").write_text("mine")
        assert call("train", "data.csv", *QUICK, "-o", "own")[0] == 0
        assert call("errors", "model", "--data", "mini", "-o", "errors.csv")[0] == 0
        made = call("pretrain", "data.csv", "--preset", "mini", "--set", "epochs=1",
                    "--direction", "forward", "-o", "lm")  # fmt: skip
        assert made[0] == 0, made
        yield folder


def drop(*options):
    """Follows "leave it out": of options, and the values behind them."""

    def follow(words, message):
        kept, skipped = [], False
        for word, after in zip(words, [*words[1:], "--"], strict=True):
            if word in options:
                assert word in message
                skipped = not after.startswith("--")
            elif skipped:
                skipped = False
            else:
                kept.append(word)
        return kept

    return follow


def add(*extra):
    """Follows "name it with": every option that is added stands in the message."""

    def follow(words, message):
        for option in extra:
            if "=" in option:
                assert option.partition("=")[0] in message, option
            elif option.startswith("--") and option != "--set":
                assert option in message, option
        return [*words, *extra]

    return follow


def put(old, new):
    """Follows "choose another": what was received gives way to what the message takes."""
    return lambda words, message: [new if word == old else word for word in words]


def typed(pattern, **filled):
    """Follows a whole command in a message; words in capital letters stand for what one has."""

    def follow(words, message):
        command = re.search(pattern, message)
        assert command, message
        parts = shlex.split(command[1])
        return [filled.get(part, part) for part in parts]

    return follow


# How a case is called, a part of its message in the source, the command, and how to follow it.
CASES = {
    "an output that exists": (
        "replace it with --force", "errors model --data mini -o errors.csv", [add("--force")],
    ),
    "an output of the user's own": (
        "replaces only what it wrote", "errors model --data mini -o thesis.txt --force",
        [put("thesis.txt", "thesis2.csv")],
    ),
    "one cost": (
        "Give --cost-false-positive and", "calibrate own --data other.csv --cost-false-positive 2",
        [add("--cost-false-negative", "1")],
    ),
    "a model without data": (
        "Expected a model and --data, or --predictions", "evaluate model",
        [add("--data", "data.csv")],
    ),
    "figures without a model": (
        "or leave --record out", "evaluate --predictions said.csv --record", [drop("--record")],
    ),
    "a model beside predictions": (
        "neither a model nor --data is asked", "evaluate model --predictions said.csv",
        [put("model", None), typed(r"reelfeel (compare MODEL TABLE --data DATA)", MODEL="model",
                                   TABLE="said.csv", DATA="data.csv")],
    ),
    "nothing to explain": (
        "as in: reelfeel explain -m MODEL", "explain -m model",
        [typed(r'reelfeel (explain -m MODEL "A fine film.")', MODEL="model")],
    ),
    "nothing to label": (
        "as in: reelfeel predict", "predict -m small",
        [typed(r'reelfeel (predict "A fine film.")'), add("--data", "data.csv", "--text-column",
                                                         "text")],
    ),
    "the name of a file": (
        "Its content is read with: reelfeel", "predict data.csv",
        [typed(r"reelfeel (predict .*--data data.csv)")],
    ),
    "a text with a dash": (
        "A text that begins so stands behind --", "predict -hello",
        [typed(r"reelfeel (predict -- -hello)")],
    ),
    "a direction that is none": (
        "--direction must be",
        ["pretrain", "data.csv", *QUICK_WORDS, "--direction", "up", "-o", "p1"],
        [put("up", "forward")],
    ),
    "a format that is none": (
        "Give such a name, or another --format", "export model -o a.onnx",
        [put("a.onnx", "a.keras"), add("--format", "onnx")],
    ),
    "a precision of another classifier": (
        "Leave --precision out to take", "predict -m model --backend numpy --precision bfloat16 x",
        [drop("--precision")],
    ),
    "a part of data that is not the model's": (
        "leave --part out to judge all", "check-behaviour own --data other.csv --part validation",
        [drop("--part")],
    ),
    "reviews that were learned": (
        "it is surer of them than of any other", "calibrate own --data learned.csv",
        [put("learned.csv", "other.csv")],
    ),
    "two models without reviews": (
        "Models are compared on labelled reviews", "compare model own", [add("--data", "data.csv")],
    ),
    "predictions beside a model without reviews": (
        "Models are compared on labelled reviews", "compare model said.csv",
        [add("--data", "data.csv")],
    ),
    "predictions with other names": (
        "Name the columns with --label-column", "evaluate --predictions unnamed.csv",
        [add("--label-column", "y", "--probability-column", "p")],
    ),
    "predictions that lack a value": (
        "drop and count such rows with --skip-bad-rows", "evaluate --predictions empty.csv",
        [add("--skip-bad-rows")],
    ),
    "logits": (
        "or name another column with --probability-column", "evaluate --predictions logits.csv",
        [add("--probability-column", "p")],
    ),
    "figures on what was learned": (
        "not recorded. Evaluate it on others", "evaluate own --data data.csv --record",
        [put("data.csv", "third.csv")],
    ),
    "a model of a table without data": (
        "Name a data set, a folder, an archive or a table with --data", "report own --no-baselines",
        [add("--data", "data.csv")],
    ),
    "slices of what has no columns": (
        "Only tables have columns to slice by", "evaluate model --data mini --slice-column kind",
        [drop("--slice-column"), put("mini", "odd.csv")],
    ),
    "labels that contradict each other": (
        "or leave --strict out", ["train", "conflict.csv", *QUICK, "-o", "t1", "--strict"],
        [drop("--strict")],
    ),
    "no epochs": (
        "Without epochs only a head is fitted",
        "train data.csv --preset mini --set training.epochs=0 -o t2",
        [put("training.epochs=0", "training.epochs=1")],
    ),
    "a direction that was not learned": (
        "or set model.direction",
        ["train", "data.csv", *QUICK, "--from", "lm", "--set", "model.direction=backward", "-o",
         "t3"],
        [put("model.direction=backward", "model.direction=forward")],
    ),
    "another direction of a language model": (
        "Choose another with --direction",
        ["pretrain", "data.csv", *QUICK_WORDS, "--from", "lm", "--direction", "backward",
         "-o", "p2"],
        [put("backward", "forward")],
    ),
    "wider than nothing": (
        "Only an earlier language model can be widened",
        "pretrain data.csv --preset mini --set epochs=1 --direction forward --widen -o p3",
        [add("--from", "lm")],
    ),
    "one seed": (
        "leave --seeds out for one", ["train", "data.csv", *QUICK, "-o", "t4", "--seeds", "1"],
        [drop("--seeds")],
    ),
    "texts that teach nothing": (
        "These settings learn nothing from texts without labels",
        ["train", "data.csv", *QUICK, "-o", "t5", "--unlabelled", "texts.txt"],
        [drop("--unlabelled"), add("--set", "training.virtual_adversarial_norm=1")],
    ),
    "a preset that makes its own": (
        "trains a language model of its own", "train data.csv --preset large --from lm -o t6",
        [put("large", "mini")],
    ),
    "no model": (
        "or the name of a model that comes with ReelFeel", "predict -m nowhere x",
        [put("nowhere", "small")],
    ),
    "no model to begin from": (
        "or a name that `reelfeel models` lists", ["train", "data.csv", *QUICK, "--from", "nowhere",
                                                   "-o", "t7"],
        [put("nowhere", "lm"), lambda words, message: ["models"]],
    ),
    "a language model that labels nothing": (
        "is a language model, which labels nothing by itself", "predict -m lm x",
        [typed(r"reelfeel (train DATA --from \S+ --set \S+ --output MODEL)", DATA="data.csv",
               MODEL="t8")],
    ),
    "a table on standard input": (
        "Standard input is a table and no list of texts", "predict -m model -",
        [lambda words, message: ["predict", "-m", "model", *(
            {"FILE": "data.csv", "NAME": "text"}.get(word, word) for word in
            re.search(r"(--data FILE --text-column NAME)", message)[1].split())]],
    ),
    "a model that is no folder": (
        "it is no folder", "info data.csv", [put("data.csv", "own")],
    ),
}  # fmt: skip


# Of Keras, when it saves a network of PyTorch's tensors under NumPy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_each_mend_is_run_and_works(name, here):
    part, command, ways = CASES[name]
    words = command.split() if isinstance(command, str) else list(command)
    assert ways
    code, out, message = call(*words, stdin="text,label\na,b\n" if "-" in words else None)
    assert code in (1, 2, 3), (code, out, message)
    flat = " ".join(message.split())
    assert any(part in text for _, text in MESSAGES), part
    assert part in flat, flat
    for follow in ways:
        for made in here.glob("[tp][0-9]"):
            shutil.rmtree(made)
        typed_words = [word for word in follow(words, flat) if word is not None]
        code, out, message = call(*typed_words)
        assert code == 0, (typed_words, code, message)
        assert "Traceback" not in message
