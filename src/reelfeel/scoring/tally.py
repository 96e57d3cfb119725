"""What came of a job, in numbers: kept a shard, added up at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reelfeel.inference.answers.columns import Answers
from reelfeel.plain_values import to_plain
from reelfeel.scoring.shards import Shard

_BINS = 20


@dataclass(frozen=True)
class Summary:
    """What came of a job.

    Attributes:
        output: where the scored rows are.
        num_rows: rows of the inputs.
        num_scored: rows that were scored.
        labels: how many rows got each label.
        num_abstained: of these, rows on which the model abstains.
        num_truncated: rows of which the model read only a part.
        unknown_share: mean share in [0, 1] of words that the model does not know.
        num_quarantined: rows that could not be scored.
        reasons: how many for each reason.
        quarantine: the file of these rows; None where there are none.
        histogram: rows by probability, in 20 bins of equal width from 0 to 1.
        seconds: from the first row to the last, of this run.
        rows_per_s: rows that this run scored, by these seconds.
    """

    output: str
    num_rows: int
    num_scored: int
    labels: Mapping[str, int]
    num_abstained: int
    num_truncated: int
    unknown_share: float
    num_quarantined: int
    reasons: Mapping[str, int]
    quarantine: str | None
    histogram: Sequence[int]
    seconds: float
    rows_per_s: float

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values, ready for JSON."""
        return dict(to_plain(self))

    def __str__(self) -> str:
        shares = ", ".join(
            f"{count / max(1, self.num_scored):.1%} {label}" for label, count in self.labels.items()
        )
        lines = [
            f"Scored {self.num_scored:,} of {self.num_rows:,} rows into {self.output} "
            f"({self.rows_per_s:,.0f} rows/s).",
            f"Labels: {shares or 'none'}. Abstained: {self.num_abstained:,}. Cut: "
            f"{self.num_truncated:,}. Unknown words: {self.unknown_share:.1%}.",
        ]
        if self.num_quarantined:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.items())
            where = self.quarantine or "no file (name one with --quarantine)"
            lines.append(f"Quarantined: {self.num_quarantined:,} rows ({reasons}), in {where}.")
        return "\n".join(lines)


def tally(shard: Shard, answers: Answers) -> dict[str, Any]:
    """Returns the numbers of one shard, ready for JSON."""
    counts, _ = np.histogram(answers.probabilities, bins=_BINS, range=(0, 1))
    return {
        "num_rows": shard.num_rows,
        "num_scored": len(answers),
        "labels": dict(sorted(Counter(answers.labels).items())),
        "num_abstained": int(answers.abstained.sum()),
        "num_truncated": int(answers.truncated.sum()),
        "unknown_sum": float(answers.unknown_shares.sum()),
        "reasons": dict(sorted(Counter(bad.reason for bad in shard.bad).items())),
        "histogram": counts.tolist(),
    }


def add_up(
    entries: Iterable[Mapping[str, Any]],
    output: str,
    quarantine: str | None,
    seconds: float,
    run: int,
) -> Summary:
    """Returns the summary of all shards.

    Args:
        entries: of each shard, as `tally` gave them.
        output: where the rows are.
        quarantine: where the others are.
        seconds: that this run took.
        run: rows that this run scored.
    """
    entries = list(entries)
    labels: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for entry in entries:
        labels.update(entry["labels"])
        reasons.update(entry["reasons"])
    total = {
        name: sum(entry[name] for entry in entries)
        for name in ("num_rows", "num_scored", "num_abstained", "num_truncated", "unknown_sum")
    }
    num_bad = sum(reasons.values())
    return Summary(
        output=output,
        num_rows=total["num_rows"],
        num_scored=total["num_scored"],
        labels=dict(sorted(labels.items())),
        num_abstained=total["num_abstained"],
        num_truncated=total["num_truncated"],
        unknown_share=total["unknown_sum"] / max(1, total["num_scored"]),
        num_quarantined=num_bad,
        reasons=dict(reasons.most_common()),
        quarantine=quarantine if num_bad else None,
        histogram=np.sum([entry["histogram"] for entry in entries], axis=0, dtype=int).tolist()
        if entries
        else [0] * _BINS,
        seconds=round(seconds, 3),
        rows_per_s=round(run / seconds, 1) if seconds else 0.0,
    )
