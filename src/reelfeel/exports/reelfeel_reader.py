"""Converts texts to token ids for an exported network; needs nothing but Python.

    python reelfeel_reader.py MODEL.reading.json < texts.txt     # one text a line, ids as JSON
    python reelfeel_reader.py MODEL.reading.json --check         # the examples of the file

It needs Python 3.9 or newer and nothing else, so it can stand beside the exported network and be
read by whoever writes another one. The rules are in MODEL.reading.json as data and in
MODEL.reading.md in words.

    reader = Reader.open("MODEL.reading.json")
    batch = reader.pad([reader.read(text) for text in texts])    # for the network
    labels = [reader.label(probability) for probability in answers]
"""

from __future__ import annotations

import functools
import json
import re
import sys
import unicodedata
from typing import Any

_FLAGS = {"ascii": re.ASCII, "ignore case": re.IGNORECASE}


class Reader:
    """Turns texts into the ids that a network was trained on.

    Args:
        rules: what is in the file `MODEL.reading.json`.
    """

    def __init__(self, rules: dict[str, Any]) -> None:
        if (rules.get("format"), rules.get("format_version")) != ("reelfeel-reading", 1):
            raise ValueError("These are no reading rules that this reader knows.")
        self.rules = rules
        self._patterns = {
            step["name"]: _compile(step)
            for step in (*rules["plain_steps"], *rules["uncovering_steps"], rules["last_step"])
        }
        self._token = re.compile(rules["token_pattern"])
        first = rules["ids"]["first_token"]
        self._ids = {token: id_ for id_, token in enumerate(rules["tokens"], first)}

    @classmethod
    def open(cls, path: str) -> Reader:
        """Returns the reader of the rules in a file."""
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return cls(json.load(file))

    def clean(self, text: str) -> str:
        """Returns a text without markup, entities and invisible differences."""
        rules = self.rules
        for _ in range(rules["max_rounds"]):
            text = self._run(rules["plain_steps"], text)
            uncovered = self._run(rules["uncovering_steps"], text)
            if uncovered == text:
                return text
            text = uncovered
        return self._run([*rules["plain_steps"], rules["last_step"]], text)

    def tokenize(self, text: str) -> list[str]:
        """Returns the tokens of a text, in order, before anything is cut."""
        tokens = self._token.findall(self.clean(text))
        if not self.rules["lowercase"]:
            return tokens
        table = self.rules["lower_case"]
        return ["".join(table.get(letter, letter) for letter in token) for token in tokens]

    def read(self, text: str) -> list[int]:
        """Returns the ids of a text, cut as the network was trained; never none."""
        tokens = self._cut(self.tokenize(text))
        unknown = self.rules["ids"]["unknown"]
        return [self._ids.get(token, unknown) for token in tokens] or [unknown]

    def pad(self, rows: list[list[int]]) -> list[list[int]]:
        """Returns the ids of texts as a rectangle, padded on the right.

        Raises:
            ValueError: if the network reads padding, and the texts need different widths.
        """
        widths = {self._find_width(len(ids)) for ids in rows}
        if self.rules["padding"]["reads_padding"] and len(widths) > 1:
            raise ValueError("This network reads padding: give it texts of one width at a time.")
        width, padding = max(widths, default=0), self.rules["ids"]["padding"]
        return [[*ids, *[padding] * (width - len(ids))] for ids in rows]

    def label(self, probability: float) -> str:
        """Returns the name of the class that a probability stands for, or "unsure"."""
        decision, names = self.rules["decision"], self.rules["labels"]
        lower, upper = decision["abstain_lower"], decision["abstain_upper"]
        if lower is not None and lower < probability < upper:
            return "unsure"
        return str(names[probability >= decision["threshold"]])

    def _cut(self, tokens: list[str]) -> list[str]:
        most, keep = self.rules["max_tokens"], self.rules["keep"]
        if len(tokens) <= most:
            return tokens
        first = {"head": most, "tail": 0, "head_tail": (most + 1) // 2}[keep]
        return tokens[:first] + tokens[len(tokens) - (most - first) :]

    def _find_width(self, length: int) -> int:
        padding = self.rules["padding"]
        if padding["timesteps"] is not None:
            return int(padding["timesteps"])
        if not padding["reads_padding"]:
            return length
        step = max(16, 1 << max(0, (length - 1).bit_length() - 4))
        most = max(length, int(self.rules["max_tokens"]))
        return min(-(-length // step) * step, most)

    def _run(self, steps: list[dict[str, Any]], text: str) -> str:
        for step in steps:
            pattern = self._patterns[step["name"]]
            text = pattern.sub(functools.partial(self._do, step), text)
        return text

    def _do(self, step: dict[str, Any], match: re.Match[str]) -> str:
        """Returns what stands in the place of what a step has found."""
        kind, found = step["becomes"], match[0]
        if kind == "text":
            return str(step["text"])
        if kind == "text for each character":
            return str(step["text"] * len(found))
        if kind == "table":
            return str(step["table"][found])
        if kind == "text after it":
            return found + str(step["text"])
        if kind == "space, or nothing at an end":
            return "" if match.start() == 0 or match.end() == len(match.string) else " "
        if kind == "composed":
            return self._compose(found)
        return self._decode(step, found)

    def _compose(self, text: str) -> str:
        return self._shorten(unicodedata.normalize("NFC", self._shorten(text)))

    def _shorten(self, text: str) -> str:
        """Returns a text of which no letter has more accents than are allowed."""
        most = self.rules["max_combining_marks"]
        if len(text) <= most:
            return text
        kept, pile = [], 0
        for character in text:
            pile = pile + 1 if unicodedata.combining(character) else 0
            if pile <= most:
                kept.append(character)
        return "".join(kept)

    def _decode(self, step: dict[str, Any], entity: str) -> str:
        if entity[1] != "#":
            return str(step["names"].get(entity[1:-1], entity))
        digits = entity[2:-1]
        number = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
        for first, last, meant in step["numbers"]:
            if first <= number <= last:
                return str(meant)
        return chr(number)


def _compile(step: dict[str, Any]) -> re.Pattern[str]:
    flags = 0
    for name in step["flags"]:
        flags |= _FLAGS[name]
    return re.compile(step["pattern"], flags)


def _check(reader: Reader) -> int:
    wrong = [one for one in reader.rules["examples"] if reader.read(one["text"]) != one["ids"]]
    print(f"{len(reader.rules['examples'])} examples, {len(wrong)} read otherwise")
    return int(bool(wrong))


def main() -> int:
    """Reads standard input line by line, or checks the examples."""
    reader = Reader.open(sys.argv[1])
    if "--check" in sys.argv:
        return _check(reader)
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    for line in sys.stdin:
        print(json.dumps(reader.read(line.rstrip("\r\n"))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
