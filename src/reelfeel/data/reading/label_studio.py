"""Reads the JSON export of Label Studio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reelfeel.data.reading.table import Reading


def is_label_studio(item: Mapping[str, Any]) -> bool:
    """Whether an object is a task of Label Studio's JSON export."""
    return isinstance(item.get("data"), dict) and isinstance(item.get("annotations"), list)


def read_task(reading: Reading, item: Mapping[str, Any]) -> dict[str, object]:
    """Returns a task as a row: its data by their names, and the choice as the label.

    Annotators who agree give one label. Those who do not give none that can be trusted: the label
    is then a list, which is refused as every list of several is.

    Example:

    >>> choice = {"result": [{"value": {"choices": ["Good"]}}]}
    >>> from reelfeel.data.options import TableOptions
    >>> reading = Reading.start("a.json", TableOptions(), [])
    >>> read_task(reading, {"data": {"text": "Fun."}, "annotations": [choice]})
    {'text': 'Fun.', 'label': 'Good'}
    """
    choices = {
        choice
        for annotation in item["annotations"]
        if isinstance(annotation, dict) and not annotation.get("was_cancelled")
        for result in annotation.get("result") or ()
        if isinstance(result, dict) and isinstance(result.get("value"), dict)
        for choice in result["value"].get("choices") or ()
        if isinstance(choice, str)
    }
    label: object = sorted(choices) if len(choices) > 1 else next(iter(choices), None)
    return {**item["data"], reading.options.label_column: label}
