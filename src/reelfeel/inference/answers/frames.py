"""Frames of Polars, pandas and Arrow with a model's answers as columns: kind in, kind out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from reelfeel.errors import SchemaError, UsageError
from reelfeel.files.writing import name_of
from reelfeel.inference.answers.columns import (
    Columns,
    add_columns,
    added_types,
    answer_texts,
    refuse_collisions,
)

if TYPE_CHECKING:
    from reelfeel.inference.classifier import Classifier


def score_frame(classifier: Classifier, frame: Any, *, text: str = "text", prefix: str = "") -> Any:
    """Returns a frame with the model's answers as further columns, of the kind it is given.

    Args:
        classifier: what answers.
        frame: of pandas or Polars (also lazy), or an Arrow table. It is not changed.
        text: the column of texts, a str in every row.
        prefix: of the names of the added columns.

    Raises:
        SchemaError: if there is no such column, a row has no text, or the frame has a column of
            an added name.
        UsageError: if it is no frame.
    """
    kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
    adders: dict[str, Callable[..., Any]] = {
        "polars.DataFrame": _add_to_polars,
        "polars.LazyFrame": _add_to_lazy,
        "pandas.DataFrame": _add_to_pandas,
        "pyarrow.Table": _add_to_arrow,
    }
    if kind not in adders:
        raise UsageError(
            "Expected a frame of pandas or Polars, or an Arrow table; for texts alone there are "
            f"predict and predict_proba. Received {kind}."
        )

    def answer(names: Sequence[str], read: Callable[[], Sequence[object]]) -> Columns:
        if text not in names:
            shown = ", ".join(map(repr, names[:20]))
            raise SchemaError(
                f"The frame has no column {text!r}. Name the column of texts with text=..., one "
                f"of {shown}. Received {text!r}."
            )
        refuse_collisions(names, prefix)
        texts = read()
        _refuse_missing(text, texts)
        answers = answer_texts(classifier, texts)  # type: ignore[arg-type]
        return answers.columns(name_of(classifier.bundle.path), prefix)

    return adders[kind](frame, text, answer, prefix)


def _add_to_polars(frame: Any, text: str, answer: Callable[..., Columns], prefix: str) -> Any:
    columns = answer(frame.columns, lambda: frame[text].to_list())
    return add_columns(frame, columns, prefix)


def _add_to_lazy(frame: Any, text: str, answer: Callable[..., Columns], prefix: str) -> Any:
    schema = frame.collect_schema()
    answer(schema.names(), list)  # what is wrong with the columns is told now, not when it runs
    return frame.map_batches(
        lambda part: _add_to_polars(part, text, answer, prefix),
        schema={**schema, **added_types(prefix)},
        streamable=True,
    )


def _add_to_pandas(frame: Any, text: str, answer: Callable[..., Columns], prefix: str) -> Any:
    names = list(frame.columns)
    if names.count(text) > 1:
        raise SchemaError(f"The frame has several columns {text!r}. Expected one: rename them.")
    return frame.assign(**answer(names, lambda: frame[text].tolist()))


def _add_to_arrow(frame: Any, text: str, answer: Callable[..., Columns], prefix: str) -> Any:
    import pyarrow as pa

    kinds = (pa.string(), pa.float64(), pa.bool_(), pa.bool_(), pa.string())
    columns = answer(frame.column_names, lambda: frame.column(text).to_pylist())
    for (name, values), kind in zip(columns.items(), kinds, strict=True):
        frame = frame.append_column(name, pa.array(values, kind))
    return frame


def _refuse_missing(text: str, texts: Sequence[object]) -> None:
    bad = [place for place, value in enumerate(texts) if not isinstance(value, str)]
    if bad:
        raise SchemaError(
            f"The frame, column {text!r}: {len(bad):,} rows have no text, the first at position "
            f"{bad[0]}. Expected a str in every row; fill them in or drop them, such as with "
            f"frame.dropna(subset=[{text!r}]) in pandas or frame.drop_nulls({text!r}) in Polars. "
            f"Received {texts[bad[0]]!r}."
        )
