"""Random tables with all that goes wrong in them, and what is truly in each."""

import csv
import io
import json
import random
from dataclasses import dataclass, field

FRAGMENTS = [
    "good", "bad", "film", "caf\u00e9", " ", "  ", ", ", ";", "|", "'", '"', '""', '" ', ' "',
    "\\", '\\"', ".", "!", "5\" nail", "1", "0", "\u2603", "\u00a0", "<br />", "#", "sep=;",
]  # fmt: skip
LINE_ENDS = ["\n", "\r\n", "\r"]
DELIMITERS = {"csv": [",", ",", ";", "|"], "tsv": ["\t"]}


@dataclass
class Made:
    """A file: its name and bytes, its true rows, and the options with which there is no doubt."""

    name: str
    content: bytes
    rows: list[tuple[str, str]]
    options: dict = field(default_factory=dict)
    num_bad: int = 0


def make_text(rng, extra=()):
    text = "".join(rng.choices([*FRAGMENTS, *extra], k=rng.randrange(1, 12)))
    return text if text.strip() else f"x{text}"


def make_written(seed):
    """A file as a CSV library writes it: quotes doubled, line ends inside quotes."""
    rng = random.Random(seed)
    kind = rng.choice(["csv", "tsv"])
    delimiter, end = rng.choice(DELIMITERS[kind]), rng.choice(LINE_ENDS)
    inside = [one for one in ("\n", "\r", "\r\n") if rng.random() < 0.4] + ["\t"]
    rows = [(make_text(rng, inside), rng.choice("01")) for _ in range(rng.randrange(1, 40))]
    buffer = io.StringIO(newline="")
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([("text", "label"), *rows])
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
    content = buffer.getvalue().encode(encoding)
    return Made(f"a.{kind}", content, rows, {"quoting": "double", "delimiter": delimiter})


def make_raw(seed, num_rows=None):
    """A file as a program writes it that knows no quoting; some rows are too short or too long."""
    rng = random.Random(seed)
    delimiter, end = "\t", rng.choice(LINE_ENDS)
    share = rng.choice([0.0, 0.01, 0.1])
    rows, lines, num_bad = [], [], 0
    for _ in range(num_rows or rng.randrange(1, 60)):
        text, label = make_text(rng) if rng.random() < share else "a fine film", rng.choice("01")
        text = ('"' if rng.random() < share else "") + text + ('"' if rng.random() < share else "")
        line = delimiter.join([text, label])
        if rng.random() < share:
            line = rng.choice([text, delimiter.join([text, label, "more"])])
            num_bad += 1
        else:
            rows.append((text, label))
        lines += [line, ""] if rng.random() < share else [line]
    content = end.join([delimiter.join(["text", "label"]), *lines, ""])
    return Made("a.tsv", content.encode(), rows, {"quoting": "none"}, num_bad)


def make_json(seed):
    """JSON Lines, some of them broken."""
    rng = random.Random(seed)
    rows, lines, num_bad = [], [], 0
    for _ in range(rng.randrange(1, 40)):
        text, label = make_text(rng, ["\n", "\r", "\u2028"]), rng.choice("01")
        line = json.dumps({"text": text, "label": int(label)}, ensure_ascii=rng.random() < 0.5)
        if rng.random() < 0.05:
            line = rng.choice([line[:-1], "[1]", "NaN", line + "}", '{"text": 1, "text": 2}'])
            num_bad += 1
        else:
            rows.append((text, label))
        lines += [line, rng.choice(["", "  "])] if rng.random() < 0.1 else [line]
    content = rng.choice(["\n", "\r\n"]).join([*lines, ""])
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
    return Made("a.jsonl", content.encode(encoding), rows, num_bad=num_bad)
