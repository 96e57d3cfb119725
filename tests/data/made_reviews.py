"""Made-up reviews, all different, and the many ways in which people write them into files."""

import json
import random
import zipfile

POSITIVE = [
    "a warm, funny story", "superb acting throughout", "one of the best of the year",
    "beautifully shot and moving", "a gem from start to finish", "clever and well paced",
]  # fmt: skip
NEGATIVE = [
    "a dull, endless mess", "wooden acting throughout", "one of the worst of the year",
    "badly lit and boring", "a waste of two hours", "lazy and without any pace",
]  # fmt: skip
SUBJECTS = ["This film", "The sequel", "That thriller", "The remake", "The pilot", "The short"]


def make_reviews(number=40, seed=1):
    """Pairs of a text and a label, 1 or 0; both labels in turn."""
    rng = random.Random(seed)
    made = {}
    while len(made) < number:
        label = len(made) % 2
        first, second = rng.sample(POSITIVE if label else NEGATIVE, 2)
        made.setdefault(f"{rng.choice(SUBJECTS)} was {first}, and {second}.", label)
    return list(made.items())


REVIEWS = make_reviews()
TEXTS = [text for text, _ in REVIEWS]
TRUE = [label for _, label in REVIEWS]


def quote(text):
    return '"' + text.replace('"', '""') + '"'


def lines(rows, *, header="text,label", end="\n"):
    return end.join([*([header] if header else []), *rows, ""])


def named(negative, positive, *, third=None, every=10):
    """CSV with labels of these names; every tenth row has the third, if there is one."""
    labels = [(negative, positive)[label] for label in TRUE]
    if third is not None:
        labels[3::every] = [third] * len(labels[3::every])
    return lines(f"{quote(text)},{label}" for text, label in zip(TEXTS, labels, strict=True))


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_label_folder(folder, *, names=("neg", "pos"), reviews=REVIEWS, ending=".txt"):
    for row, (text, label) in enumerate(reviews):
        write(folder, f"{names[label]}/{row}_{(2, 9)[label]}{ending}", text)
    return folder


def stray_quotes():
    """A TSV of a program that knows no quoting; one review begins with a mark, one ends with it."""
    rows = [f"{text}\t{label}" for text, label in REVIEWS]
    rows[10] = '"' + rows[10]
    rows[17] = rows[17].replace("\t", '"\t')
    return lines(rows, header="text\tlabel")


def label_studio():
    return json.dumps(
        [
            {
                "id": row,
                "annotations": [
                    {"result": [{"value": {"choices": [("Negative", "Positive")[label]]}}]}
                ],
                "data": {"text": text},
            }
            for row, (text, label) in enumerate(REVIEWS)
        ]
    )


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
