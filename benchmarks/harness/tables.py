"""Results as Markdown, put between the marks of `docs/benchmarks.md`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.machine import KINDS

Record = Mapping[str, Any]
# Of one suite, by the kind of processor.
Records = Mapping[str, Record]


def render(page: str, records: Mapping[str, Records]) -> str:
    """Replaces what stands between the marks of each suite that has a record.

    Args:
        page: Markdown with `<!-- NAME:begin -->` and `<!-- NAME:end -->` for the suites it shows.
        records: by the suite's name, one for each kind of processor.

    Example:

    >>> render("a <!-- x:begin --> old <!-- x:end --> b", {})
    'a <!-- x:begin --> old <!-- x:end --> b'
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name not in records:
            return match[0]
        return f"<!-- {name}:begin -->\n{section(records[name])}\n<!-- {name}:end -->"

    return re.sub(r"<!-- ([a-z0-9_]+):begin -->.*?<!-- \1:end -->", fill, page, flags=re.DOTALL)


def render_records(page: Path, results: Path) -> None:
    """Puts every record below a folder into a page, in place."""
    records: dict[str, dict[str, Record]] = {}
    for path in sorted(results.glob("*/*.json")):
        record = json.loads(path.read_text("utf-8"))
        if "suite" in record:
            records.setdefault(record["suite"], {})[record["kind"]] = record
    page.write_text(render(page.read_text("utf-8"), records), "utf-8")


def section(records: Records) -> str:
    """Returns the figures of one suite on all kinds of processors, then the tables of each.

    Args:
        records: by the kind of processor.
    """
    kinds = sorted(records, key=_place_of)
    parts = [figures_table({kind: records[kind] for kind in kinds})]
    return "\n\n".join(part for part in [*parts, *(_details(records[k]) for k in kinds)] if part)


def _place_of(kind: str) -> tuple[int, str]:
    own = kind.partition("-on-")[0]
    return (list(KINDS).index(own) if own in KINDS else len(KINDS), kind)


def _details(record: Record) -> str:
    table = sweep_table(record) if record["sweep"] else contestants_table(record)
    parts = [f"On `{record['kind']}`:", table, left_out(record), conditions(record)]
    return "\n\n".join(part for part in parts if part)


def contestants_table(record: Record) -> str:
    """Returns a row for each contestant: the median, and the range where there are rounds."""
    columns = record["columns"]
    rows = [["", *(column["header"] for column in columns)]]
    for contestant in _took_part(record).values():
        cells = [_cell(contestant, column["key"], column["decimals"]) for column in columns]
        rows.append([contestant["label"], *cells])
    return _markdown(rows)


def sweep_table(record: Record) -> str:
    """Returns a row for each size and a column for each contestant."""
    contestants = _took_part(record)
    sizes = {key: None for c in contestants.values() for key in c["median"] if key.isdigit()}
    rows = [[record["sweep"], *(contestant["label"] for contestant in contestants.values())]]
    for size in sizes:
        cells = [
            f"{c['median'][size]:,.4g}" if size in c["median"] else "" for c in contestants.values()
        ]
        rows.append([f"{int(size):,}", *cells])
    return _markdown(rows)


def figures_table(records: Records) -> str:
    """Returns the numbers the suite is run for: a column for each kind, and what is asked."""
    figures = {name: None for record in records.values() for name in record["figures"]}
    if not figures:
        return ""
    rows = [["figure", *(f"`{kind}`" for kind in records), "asked for", "aim"]]
    for name in figures:
        found = [record["figures"].get(name) for record in records.values()]
        known = next(figure for figure in found if figure)
        asked = [_bound(known, known[key]) for key in ("floor", "aim")]
        rows.append([name, *(_measured(figure) for figure in found), *asked])
    return _markdown(rows)


def _measured(figure: Mapping[str, Any] | None) -> str:
    if not figure:
        return ""
    value, least, greatest = (
        f"{figure[key]:,.{figure['decimals']}f}" for key in ("value", "least", "greatest")
    )
    return f"**{value}**" if least == greatest else f"**{value}** ({least} to {greatest})"


def left_out(record: Record) -> str:
    """Returns a line for each contestant that did not take part."""
    lines = [
        f"Left out: {contestant['label']}: {contestant['left_out']}"
        for contestant in record["contestants"].values()
        if "left_out" in contestant
    ]
    return "\n".join(lines)


def conditions(record: Record) -> str:
    """Returns the lines without which the numbers mean nothing."""
    machine = record["machine"]
    state = "quiet" if record["quiet"] else "**not quiet: read the ratios with care**"
    changed = " with changes" if record["changed"] else ""
    sets = ", ".join(
        name for name in machine["instruction_sets"] if name in ("avx512f", *KINDS.values())
    )
    cores = "1 core" if record["cores"] == 1 else f"{record['cores']} cores"
    lines = [
        *record["conditions"],
        f"{record['date']}, commit {str(record['commit'])[:10]}{changed}, {machine['processor']}, "
        f"{cores}, {sets}, {machine['memory_gib']:g} GiB; the machine was {state}.",
        f"Command: `{record['command']}`",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _took_part(record: Record) -> dict[str, Any]:
    return {name: c for name, c in record["contestants"].items() if "median" in c}


def _cell(contestant: Mapping[str, Any], key: str, decimals: int) -> str:
    if key not in contestant["median"]:
        return ""
    values = [result[key] for result in contestant["rounds"]]
    text = f"{contestant['median'][key]:,.{decimals}f}"
    if min(values) == max(values):
        return text
    return f"{text} ({min(values):,.{decimals}f} to {max(values):,.{decimals}f})"


def _bound(figure: Mapping[str, Any], value: float | None) -> str:
    if value is None:
        return ""
    return f"{'at least' if figure['higher_is_better'] else 'at most'} {value:,g}"


def _markdown(rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = "| --- " + "| ---: " * (len(rows[0]) - 1) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
