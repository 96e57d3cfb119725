"""Terminal tables of `evaluate`, `compare` and `calibrate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from reelfeel.terminal.tables import open_console


def print_evaluation(result: Mapping[str, Any]) -> None:
    """Prints what `evaluate` found: metrics, slices, what was cut, abstention, gates."""
    console = open_console()
    console.print(_tabulate_metrics(result))
    console.print(_tabulate_slices(result))
    for line in (*_describe_abstention(result), *_describe_truncation(result)):
        console.print(Text(line))
    if result["truncation"] and result["truncation"]["policies"]:
        console.print(_tabulate_policies(result["truncation"]["policies"]))
    if result["gates"]:
        console.print(_tabulate_gates(result["gates"]))


def print_comparison(result: Mapping[str, Any]) -> None:
    """Prints what `compare` found: the sentence, and every difference with its interval."""
    console = open_console()
    console.print(Text(result["sentence"]))
    table = Table()
    for title in ("metric", "A", "B", "A less B", "95 % interval"):
        table.add_column(title, justify="left" if title == "metric" else "right")
    for name, one in result["differences"].items():
        values = [_number(one[field]) for field in ("a", "b")]
        table.add_row(name, *values, _signed(one["difference"]), _signed_range(one["interval"]))
    console.print(table)


def print_calibration(result: Mapping[str, Any]) -> None:
    """Prints what `calibrate` stored, and what it changes."""
    console, decision = open_console(), result["decision"]
    table = Table(title=f"{result['model']}, measured in folds it was not fitted on")
    table.add_column("")
    for title in ("before", "after"):
        table.add_column(title, justify="right")
    for name in ("accuracy", "log_loss", "ece"):
        table.add_row(name, *(_number(result[when][name]) for when in ("before", "after")))
    console.print(table)
    line = f"Temperature {decision['temperature']:.3f}, positive from {decision['threshold']:.3f}"
    if decision["abstain_lower"] is not None:
        line += (
            f", abstains between {decision['abstain_lower']:.3f} and "
            f"{decision['abstain_upper']:.3f}: {result['after']['coverage']:.1%} get a verdict, "
            f"{_share(result['after']['answered_accuracy'])} of these are right "
            f"({_range(result['after']['answered_interval'])})"
        )
    console.print(Text(f"{line}."))


def _tabulate_metrics(result: Mapping[str, Any]) -> Table:
    data, unseen = result["data"], result["without_training_texts"]
    table = Table(title=Text(f"{result['model']} on {data['source']}"), title_justify="left")
    table.add_column("metric")
    table.add_column(f"all {data['num_reviews']:,} reviews", justify="right")
    table.add_column("95 % interval", justify="right")
    if unseen:
        num_known = data["num_reviews"] - unseen["num_reviews"]
        table.add_column(f"without {num_known:,} known texts", justify="right")
    columns = [result["all"]] + ([unseen] if unseen else [])
    for name, value in columns[0].items():
        if isinstance(value, float) or value is None:
            first, *others = (_number(column[name]) for column in columns)
            table.add_row(name, first, _range(result["intervals"].get(name)), *others)
    for name in columns[0]["confusion"]:
        first, *others = (f"{column['confusion'][name]:,}" for column in columns)
        table.add_row(name, first, "", *others)
    return table


def _tabulate_slices(result: Mapping[str, Any]) -> Table:
    table = Table(
        title="Slices: reviews ...; ! is worse than the rest, beyond luck", title_justify="left"
    )
    table.add_column("slice")
    for title in ("count", "accuracy", "95 % interval", "p, corrected"):
        table.add_column(title, justify="right")
    for one in result["slices"]:
        corrected = one["adjusted_p_value"]
        table.add_row(
            Text(f"{'! ' if one['is_worse'] else '  '}{one['name'].removeprefix('reviews ')}"),
            f"{one['count']:,}",
            _share(one["accuracy"]),
            _range(one["interval"]),
            "" if corrected is None else f"{corrected:.3f}",
        )
    return table


def _tabulate_policies(policies: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Cut reviews, read in other ways", title_justify="left")
    table.add_column("policy")
    for title in ("accuracy", "95 % interval", "p against own"):
        table.add_column(title, justify="right")
    for one in policies:
        test = one["against_own"]
        table.add_row(
            one["policy"],
            _share(one["accuracy"]),
            _range(one["interval"]),
            f"{test['p_value']:.3f}" if test else "own",
        )
    return table


def _tabulate_gates(gates: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Gates", title_justify="left")
    for title in ("gate", "", "found"):
        table.add_column(title)
    for one in gates:
        verdict = "passed" if one["passed"] else "failed"
        table.add_row(Text(one["name"]), verdict, Text(one["message"]))
    return table


def _describe_abstention(result: Mapping[str, Any]) -> list[str]:
    one = result["abstention"]
    if not one:
        return []
    return [
        f"Abstains between {one['lower']:.3f} and {one['upper']:.3f}: {one['coverage']:.1%} get a "
        f"verdict, {_share(one['accuracy'])} of these are right ({_range(one['interval'])})."
    ]


def _describe_truncation(result: Mapping[str, Any]) -> list[str]:
    one = result["truncation"]
    if not one:
        return []
    if not one["num_cut"]:
        return [f"No review is longer than the {one['max_tokens']:,} tokens that the model reads."]
    return [
        f"Read in part ({one['keep']}, {one['max_tokens']:,} tokens): {one['num_cut']:,} of "
        f"{one['num_reviews']:,} reviews, {one['num_tokens_cut'] / one['num_tokens']:.1%} of all "
        f"tokens. Accuracy on these {_share(one['accuracy_cut'])} "
        f"({_range(one['interval_cut'])}), on the others {_share(one['accuracy_whole'])}."
    ]


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "undefined" if value is None else f"{value:+.4f}"


def _range(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:.4f} to {interval[1]:.4f}" if interval else ""


def _signed_range(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:+.4f} to {interval[1]:+.4f}" if interval else ""
