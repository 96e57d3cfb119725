"""From a saved model and labelled reviews to its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.baselines.baselines import BASELINES
from reelfeel.baselines.cached_scores import score_baseline
from reelfeel.data.loading import DATA_SETS, is_imdb
from reelfeel.data.tables import TableOptions
from reelfeel.evaluation.evaluate import measure_band, slice_reading
from reelfeel.evaluation.labelled_reviews import (
    find_calibration_texts,
    find_trained_source,
    find_training_texts,
    load_labelled,
)
from reelfeel.evaluation.reporting.mistakes import explain_mistakes, list_themes
from reelfeel.evaluation.reporting.provenance import list_provenance, list_warnings, note_conditions
from reelfeel.evaluation.scored_reviews import (
    ScoredReviews,
    count_words,
    find_mistakes,
    read_reviews,
)
from reelfeel.evaluation.truncation_report import measure_truncation
from reelfeel.evaluation.warnings import is_notable, warn_of_calibration, warn_of_swaps
from reelfeel.files.outputs import claim_output
from reelfeel.inference.bundle import SUMMED_FILES, Bundle
from reelfeel.inference.classifier import Classifier, load
from reelfeel.inference.shipped import is_shipped
from reelfeel.metrics.slices import measure_slices
from reelfeel.report.judging import BASELINE_TITLES, measure, measure_baseline
from reelfeel.report.page import write_report
from reelfeel.report.report_data import Costs, Epoch, Mistake, ReportData, ReportRow, Subset
from reelfeel.values import Reviews


@dataclass(frozen=True)
class ReportSettings:
    """What goes into a report.

    Attributes:
        part: of a data set that has parts: the one to judge the model on.
        train_source: what the baselines learn from; None takes the train part of the same data.
        baselines: which ones; none for an empty tuple.
        shows_texts: whether texts and words of the reviews may appear.
        num_mistakes: how many of the most confident mistakes are listed.
        compares_policies: whether cut reviews are read again in every other way.
    """

    part: str = "test"
    train_source: str | Path | Reviews | None = None
    baselines: tuple[str, ...] = BASELINES
    shows_texts: bool = True
    num_mistakes: int = 10
    compares_policies: bool = True


def report(
    model: str | Path | Classifier,
    source: str | Path | Reviews | None = None,
    *,
    output: str | Path | None = None,
    settings: ReportSettings | None = None,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    overwrite: bool = False,
    on_note: Callable[[str], None] = lambda note: None,
) -> Path:
    """Judges a model and its baselines, and writes what came out as one offline page.

    Args:
        model: the folder of a saved model, or a loaded one.
        source: "imdb", "mini", a folder, an archive, a table, or reviews at hand. None takes the
            data set that the model was trained on, where that was "imdb" or "mini".
        output: the folder to write; None takes `report` in the model's folder, or here for a model
            that comes with ReelFeel.
        settings: what goes into the report.
        data_dir: a local copy of "imdb".
        options: column names and the meaning of labels, for tables.
        overwrite: whether an existing `output` may be replaced.
        on_note: is told what happens next, in words.

    Returns:
        The path of the page; `pictures/` beside it has each picture as PNG and SVG.

    Raises:
        UsageError: if an argument is wrong, or `output` exists.
        DataError: if the reviews are refused or have no labels.
        BundleError: if the model is.
        MissingExtraError: if a package of the extra `report` is not installed.
        ReelFeelError: if the disk refuses.
    """
    classifier = model if isinstance(model, Classifier) else load(model)
    folder = Path(output) if output is not None else _choose_folder(classifier.bundle.path)
    with claim_output(folder, overwrite=overwrite):
        settings = settings or ReportSettings()
        source = source if source is not None else find_trained_source(classifier)
        reviews = load_labelled(
            "A report", source, settings.part, data_dir, options, classifier.bundle.label_names
        )
        place = settings.train_source if settings.train_source is not None else _find_train(source)
        train = None
        if settings.baselines and place is not None:
            train = load_labelled(
                "A report",
                place,
                "train",
                data_dir if place == "imdb" else None,
                options,
                classifier.bundle.label_names,
            )
        data = gather(classifier, reviews, train, settings, on_note=on_note)
        on_note("Drawing the pictures.")
        return write_report(data, folder, overwrite=overwrite)


def gather(
    classifier: Classifier,
    reviews: Reviews,
    train: Reviews | None,
    settings: ReportSettings,
    *,
    on_note: Callable[[str], None] = lambda note: None,
) -> ReportData:
    """Computes everything that a report says.

    Args:
        classifier: the model.
        reviews: labelled ones, at least one.
        train: labelled ones that the baselines learn from; None leaves out all that learn.
        settings: what goes into the report.
        on_note: is told what happens next, in words.
    """
    bundle, provenance = classifier.bundle, classifier.bundle.about("provenance") or {}
    threshold = bundle.decision.threshold
    on_note(f"Scoring {len(reviews):,} reviews of {reviews.source}.")
    whole = read_reviews(classifier, reviews)
    tuned = find_calibration_texts(classifier, reviews)
    known = find_training_texts(classifier, reviews) | tuned
    judged, subset = _choose_subset(whole, known, threshold)
    measured = measure(judged.y_true, judged.y_prob, threshold=threshold)
    alarms = warn_of_swaps(measured.metrics.accuracy, classifier, reviews)
    alarms += warn_of_calibration(classifier, int(tuned.sum()), len(reviews))
    on_note("Looking at slices, mistakes and what was cut.")
    right = (judged.y_prob >= threshold) == judged.y_true
    return ReportData(
        model_name=bundle.path.resolve().name,
        data_name=_name_data(reviews, settings.part),
        label_names=bundle.label_names,
        y_true=judged.y_true,
        y_prob=judged.y_prob,
        num_tokens=judged.num_tokens,
        truncated=judged.truncated,
        model=ReportRow("model", "This model", measured, _count_costs(bundle, judged)),
        subset=subset,
        baselines=tuple(_measure_baselines(judged, train, settings, threshold, on_note)),
        history=_read_history(bundle.about("history")),
        best_epoch=provenance.get("best_epoch"),
        words=count_words(classifier, judged.reviews) if settings.shows_texts else None,
        mistakes=_list_mistakes(classifier, judged, train, settings),
        themes=list_themes(classifier, judged) if settings.shows_texts else (),
        slices=tuple(measure_slices(right, slice_reading(judged))),
        truncation=measure_truncation(
            classifier, judged, compares_policies=settings.compares_policies
        ),
        abstention=measure_band(judged.y_true, judged.y_prob, bundle.decision),
        warnings=(*alarms, *list_warnings(reviews, int(known.sum()))),
        notes=note_conditions(provenance, train, settings.baselines),
        provenance=list_provenance(
            classifier, whole, part=settings.part, num_known=int(known.sum())
        ),
        shows_texts=settings.shows_texts,
    )


def _list_mistakes(
    classifier: Classifier, judged: ScoredReviews, train: Reviews | None, settings: ReportSettings
) -> tuple[Mistake, ...]:
    if settings.shows_texts:
        return explain_mistakes(classifier, judged, train, most=settings.num_mistakes)
    threshold = classifier.bundle.decision.threshold
    return find_mistakes(judged, threshold=threshold, most=settings.num_mistakes)


def _choose_folder(model: Path) -> Path:
    return Path("report") if is_shipped(model) else model / "report"


def _find_train(source: str | Path | Reviews) -> str | Path | None:
    """Returns the source itself where it has a train part, else None."""
    if isinstance(source, Reviews):
        return None
    path = Path(source).expanduser()
    has_train = source in DATA_SETS or is_imdb(path) or (path / "train").is_dir()
    return source if has_train else None


def _name_data(reviews: Reviews, part: str) -> str:
    """Returns the name of the reviews, with the part where the source does not say it itself.

    >>> _name_data(Reviews([], np.empty(0, np.int8), [], source="mini"), "test")
    'mini, part test'
    """
    return f"mini, part {part}" if reviews.source == "mini" else reviews.source


def _count_costs(bundle: Bundle, judged: ScoredReviews) -> Costs:
    provenance = bundle.about("provenance") or {}
    return Costs(
        train_s=(provenance.get("seconds") or {}).get("fit"),
        reviews_per_s=judged.reviews_per_s,
        size_bytes=sum((bundle.path / name).stat().st_size for name in SUMMED_FILES),
    )


def _choose_subset(
    whole: ScoredReviews, known: npt.NDArray[np.bool_], threshold: float
) -> tuple[ScoredReviews, Subset | None]:
    """Returns the reviews that the report is about, and the model on the others' side of it."""
    if not known.any() or known.all():
        return whole, None
    unseen = whole.take(~known)
    if is_notable(int(known.sum()), len(whole)):
        judged, other, title = unseen, whole, f"all {len(whole):,}, training texts included"
    else:
        judged, other, title = whole, unseen, f"{len(unseen):,}, without training texts"
    return judged, Subset(title, measure(other.y_true, other.y_prob, threshold=threshold))


def _measure_baselines(
    judged: ScoredReviews,
    train: Reviews | None,
    settings: ReportSettings,
    threshold: float,
    on_note: Callable[[str], None],
) -> Iterator[ReportRow]:
    # The lexicon learns nothing, so one empty review may stand for all that it has not seen.
    texts: Sequence[str] = train.texts if train else [""]
    labels = train.labels if train else [0]
    for name in settings.baselines:
        if train or name == "lexicon":
            on_note(f"Baseline: {BASELINE_TITLES.get(name, name)}.")
            scores = score_baseline(name, texts, labels, judged.reviews.texts)
            yield measure_baseline(scores, judged.y_true, judged.y_prob, threshold=threshold)


def _read_history(history: list[dict[str, Any]] | None) -> tuple[Epoch, ...]:
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    return tuple(Epoch(**{name: record[name] for name in names}) for record in history or ())
