"""Describes the rules of reading texts in words, for implementations in other languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CUTS = {
    "head": "the first {most:,} tokens are read",
    "tail": "the last {most:,} tokens are read",
    "head_tail": "the first {first:,} and the last {last:,} tokens are read",
}


def write_prose(rules: Mapping[str, Any]) -> str:
    """Writes the rules, from `describe_reading`, as Markdown."""
    most, ids = rules["max_tokens"], rules["ids"]
    first = (most + 1) // 2
    cut = _CUTS[rules["keep"]].format(most=most, first=first, last=most - first)
    negative, positive = rules["labels"]
    case = "In lower case, letter by letter, by the table `lower_case`." * rules["lowercase"]
    return f"""# How to read texts for {rules["model"]}

The network, `{rules["model"]}.keras` or `{rules["model"]}.onnx`, takes token ids and gives the
probability of `{positive}`, calibrated: the temperature of {rules["temperature"]["value"]:.4g} is
worked into it. Which ids a text has is said here in words and in `{rules["model"]}.reading.json` as
data; `reelfeel_reader.py` does it in plain Python and is the rule where words are not exact enough.

    python reelfeel_reader.py {rules["model"]}.reading.json --check

reads the examples in the data, with which to try a reader of your own too.

## 1. Cleaning

In rounds, at most {rules["max_rounds"]}. Each round replaces, over the whole text, what each
pattern finds, in this order; patterns are regular expressions over Unicode code points.

1. `surrogates`: half of a UTF-16 pair becomes U+FFFD.
2. `invisible`: soft hyphens, zero-width characters, direction marks and the like are left out.
3. `characters`: curly quotes, dashes, ellipses, bullets, ligatures, full-width ASCII and
   Windows-1252 read as Latin-1 become ASCII, by its `table`.
4. `accents`: what is not ASCII, with the one character before it, is composed (Unicode NFC,
   version {rules["unicode_version"]}). Before and after that, of a run of more than
   {rules["max_combining_marks"]} combining marks the rest is left out.
5. `white_space`: controls and all kinds of spaces, one or several, become one space, and nothing at
   either end of the text.
6. `entities`: `&name;` by the table `names`, an unknown name staying as it is; `&#number;` and
   `&#xnumber;` by the ranges `numbers`, else the character of that number. Only with the semicolon.
7. `markup`: tags of the listed names, comments and doctypes, and spaces behind them, become one
   space. Not `<3`, not `<sarcasm>`.

Where steps 6 and 7 changed nothing, cleaning is done; else another round follows. After
{rules["max_rounds"]} rounds steps 1 to 5 run once more, and then `escapes` puts a space behind each
`&` and `<` that could begin an entity or a tag.

## 2. Tokens

From left to right, what `token_pattern` finds: ratings such as 8/10, numbers, words with their
apostrophes, smileys, up to three of `!?`, up to three dots, stars, dashes, and else any single
character but the space. Where several alternatives fit, the first one does.
{case}

## 3. Ids

Token number i of `tokens`, counted from 0, has the id {ids["first_token"]} + i; every other one has
{ids["unknown"]}. Of a longer text {cut}. A text without tokens is one unknown token.

## 4. The network

{_describe_padding(rules)}

Probabilities of at least {rules["decision"]["threshold"]:g} mean `{positive}`, others `{negative}`.
{_describe_band(rules["decision"])}
"""


def _describe_padding(rules: Mapping[str, Any]) -> str:
    padding, timesteps = rules["ids"]["padding"], rules["padding"]["timesteps"]
    if timesteps is not None:
        width = f"to {timesteps:,} ids"
    elif rules["padding"]["reads_padding"]:
        width = (
            "each text by itself to a multiple of 16, above 256 ids of 32, above 512 of 64, and "
            f"so on, but to no more than {rules['max_tokens']:,}"
        )
    else:
        width = "to the longest text of the batch, or more: it does not matter"
    return f"Rows of ids, padded on the right with {padding}, {width}."


def _describe_band(decision: Mapping[str, Any]) -> str:
    if decision["abstain_lower"] is None:
        return "The model never abstains."
    return (
        f"Between {decision['abstain_lower']:g} and {decision['abstain_upper']:g}, both excluded, "
        "the model abstains: say so in place of a label."
    )
