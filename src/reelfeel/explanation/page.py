"""Explanations as one offline web page: no script, no request, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from reelfeel.explanation.layout import Piece, lay_out, list_strongest
from reelfeel.values import Attribution, Explanation

# Parts listed below a text.
_NUM_LISTED = 12

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="ReelFeel">
<title>Why the model said so</title>
<style>
:root { color-scheme: light dark; --for: 22 130 70; --against: 190 50 40; }
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.text b { font-weight: 400; border-radius: .2em; }
.text b.for { background: rgb(var(--for) / var(--weight));
  border-bottom: 2px solid rgb(var(--for)); }
.text b.against { background: rgb(var(--against) / var(--weight));
  border-bottom: 2px dotted rgb(var(--against)); }
.text .unread { opacity: .75; font-size: .85em; }
.text s { text-decoration-thickness: 2px; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
</style>
<h1>Why the model said so</h1>
<p>Underlined words moved the verdict: a solid line and green for {positive}, a dotted line and red
for {negative}; the stronger the colour, the more. Numbers are log-odds: 0.69 doubles the odds.</p>
"""


def render_explanations(
    explanations: Sequence[Explanation], *, label_names: tuple[str, str]
) -> str:
    """Returns a self-contained HTML page.

    Args:
        explanations: any number of them.
        label_names: the names of class 0 and class 1.

    Example:

    >>> from reelfeel.values import Prediction
    >>> said = Prediction("pos", 0.9, 0, False, 0.0)
    >>> page = render_explanations([Explanation("<script>", said, (), (), "occlusion")],
    ...                    label_names=("neg", "pos"))
    >>> "&lt;script&gt;" in page, "<script" in page
    (True, False)
    """
    negative, positive = map(_safe, label_names)
    head = _HEAD.replace("{positive}", positive).replace("{negative}", negative)
    return head + "".join(map(_render_one, explanations)) + "</html>\n"


def _render_one(explanation: Explanation) -> str:
    said = explanation.prediction
    return (
        f"<section><h2>{_safe(said.label)}: {said.probability:.1%} positive</h2>\n"
        f"<p>{_safe(describe_explanation(explanation))}</p>\n"
        f'<p class="text">{"".join(map(_render_piece, lay_out(explanation)))}</p>\n'
        f"{_render_table('Words', explanation.words)}"
        f"{_render_table('Sentences', explanation.sentences)}"
        f"{_render_flip(explanation)}</section>\n"
    )


def describe_explanation(explanation: Explanation) -> str:
    """Says in a sentence or two how the text was read and the scores were found."""
    said, parts = explanation.prediction, [f"By {explanation.method.replace('-', ' ')}."]
    if not said.num_tokens:
        parts.append("The text has no words: the verdict is the model's answer to nothing.")
    elif said.unknown_share == 1:
        parts.append("The model knows none of these words.")
    if said.abstained:
        parts.append("The model abstains: it is not sure enough of the label.")
    if said.truncated:
        parts.append(f"Only a part of its {said.num_tokens:,} words was read.")
    if explanation.convergence_error is not None:
        parts.append(f"The scores miss their sum by {explanation.convergence_error:.3f}.")
    return " ".join(parts)


def _render_piece(piece: Piece) -> str:
    text = _safe(piece.text)
    if piece.weight is None or piece.score is None:
        return f'<span class="unread">{text}</span>' if piece.text.strip() else text
    if not piece.sign:
        return text
    side = "for" if piece.weight > 0 else "against"
    weight = f"--weight:{abs(piece.weight) * 0.6:.2f}"
    return f'<b class="{side}" style="{weight}" title="{piece.score:+.2f}">{text}</b>'


def _render_table(title: str, units: tuple[Attribution, ...]) -> str:
    if not units:
        return ""
    rows = "".join(
        f'<tr><td class="number">{unit.score:+.2f}</td><td>{_safe(unit.text)}</td></tr>\n'
        for unit in list_strongest(units, _NUM_LISTED)
    )
    return (
        f"<h3>{title}, the strongest first</h3>\n"
        f'<table><tr><th scope="col">log-odds</th><th scope="col">text</th></tr>\n{rows}</table>\n'
    )


def _render_flip(explanation: Explanation) -> str:
    flip = explanation.flip
    if flip is None:
        return ""
    removed = ", ".join(f"<s>{_safe(part.text)}</s>" for part in flip.removed)
    return (
        f'<h3>What would turn it around</h3>\n<p class="text">Without {removed}: '
        f"{_safe(flip.prediction.label)}, {flip.prediction.probability:.1%} positive.</p>\n"
    )


def _safe(text: str) -> str:
    # Half characters, which UTF-8 cannot hold, become question marks.
    return escape(text.encode("utf-8", "replace").decode("utf-8"))
