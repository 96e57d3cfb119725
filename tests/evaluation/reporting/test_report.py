import hashlib
import json
import re
from html import unescape

import numpy as np
import pytest

from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import DataError, UsageError
from reelfeel.evaluation.reporting.mistakes import explain_mistakes
from reelfeel.evaluation.reporting.report import ReportSettings, gather, report
from reelfeel.evaluation.scored_reviews import count_words, find_mistakes, read_reviews
from reelfeel.inference.classifier import load
from reelfeel.metrics.table import evaluate_binary
from reelfeel.report import page as page_module
from reelfeel.values import UNLABELLED, Reviews

NO_BASELINES = ReportSettings(baselines=())


def read(path):
    """The text of a page, as a person reads it."""
    html = path.read_text("utf-8").replace("\xa0", " ")
    html = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.fixture(scope="module")
def classifier(trained):
    return load(trained)


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    """The report on `mini` with all baselines, and what was said while it was made."""
    folder, notes = tmp_path_factory.mktemp("report"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(folder / "home"))
        page = report(trained, output=folder / "report", on_note=notes.append)
        again = report(trained, output=folder / "again")
    return page, again, notes


def test_the_data_set_of_the_training_is_judged_with_the_library_s_own_numbers(written, classifier):
    page, _, notes = written
    test = load_mini("test")
    metrics = evaluate_binary(test.labels, classifier.predict_proba(test.texts))
    text = read(page)
    assert f"{100 * metrics.accuracy:.1f} % of 60 reviews rightly" in text
    for name in ("accuracy", "roc_auc", "log_loss", "brier", "ece"):
        assert f"{getattr(metrics, name):.3f}" in text
    assert notes[0] == "Scoring 60 reviews of mini."
    assert len(notes) == 7


def test_baselines_learn_from_what_the_model_learned_from(written):
    text = read(written[0])
    for title in ("Majority", "Lexicon (VADER)", "TF-IDF + logistic regression", "NB-SVM"):
        assert title in text
    assert "learned from 140 reviews of mini, the same as those given to the model" in text


def test_provenance_names_data_seed_command_and_versions(written, trained):
    text = read(written[0])
    provenance = json.loads((trained / "provenance.json").read_text())
    sums = hashlib.sha256((trained / "SHA256SUMS").read_bytes()).hexdigest()
    for value in (
        sums,
        provenance["data"]["sha256"],
        load_mini("test").fingerprint(),
        provenance["split"]["description"],
        f"keras {provenance['versions']['keras']}",
        "1,000 bootstrap resamples",
    ):
        assert value in text


def test_two_runs_draw_the_same_bytes(written):
    page, again, _ = written
    names = sorted(path.name for path in (page.parent / "pictures").iterdir())
    assert len(names) == 22
    for name in names:
        pictures = [(folder.parent / "pictures" / name).read_bytes() for folder in (page, again)]
        assert pictures[0] == pictures[1], name


def test_no_text_of_any_review_is_shown_when_texts_are_private(classifier, tmp_path):
    test = load_mini("test")
    settings = ReportSettings(baselines=(), shows_texts=False)
    html = report(classifier, test, output=tmp_path / "report", settings=settings).read_text(
        "utf-8"
    )
    assert not any(text[:20] in unescape(html) for text in test.texts)
    assert "words-" not in html


def test_many_known_texts_are_left_out_of_all_but_one_column(classifier):
    everything = load_mini("all")
    data = gather(classifier, everything, None, NO_BASELINES)
    assert len(data.y_true) == 60
    assert data.subset.title == "all 200, training texts included"
    assert data.subset.measured.metrics.num_reviews == 200
    assert "the texts of 140 of the 200" in data.warnings[0].replace("\xa0", " ")


def test_reviews_that_are_all_known_are_judged_with_a_warning(classifier):
    data = gather(classifier, load_mini("train"), None, NO_BASELINES)
    assert data.subset is None
    assert "every one of these reviews" in data.warnings[0]


def test_the_most_confident_mistakes_come_first_and_are_mistakes(classifier):
    reading = read_reviews(classifier, load_mini("test"))
    mistakes = find_mistakes(reading, threshold=0.5, most=5)
    labels = dict(zip(reading.reviews.ids, reading.reviews.labels.tolist(), strict=True))
    given = [mistake.probability for mistake in mistakes]
    assert given == sorted(given, reverse=True)
    assert all(mistake.said != labels[mistake.id] for mistake in mistakes)
    assert all(mistake.text is None for mistake in mistakes)


def test_mistakes_show_the_passage_that_decided_and_the_nearest_training_reviews(classifier):
    reading = read_reviews(classifier, load_mini("test"))
    bare = find_mistakes(reading, threshold=0.5, most=5)
    explained = explain_mistakes(classifier, reading, load_mini("train"), most=5)
    texts = dict(zip(reading.reviews.ids, reading.reviews.texts, strict=True))
    train_ids = set(load_mini("train").ids)
    assert [(one.id, one.said) for one in explained] == [(one.id, one.said) for one in bare]
    for one in explained:
        shown = "".join(span.text for span in one.passage).replace("…", "")
        assert " ".join(shown.split()) in " ".join(texts[one.id].split())
        assert any(span.score for span in one.passage)
        assert any(name in one.neighbours[0] for name in train_ids)


def test_words_are_counted_by_class_as_the_model_reads_them(classifier):
    reviews = Reviews(
        ["The film, the FILM.", "a film<br />unheardofword", ""],
        np.array([0, 1, 1], np.int8),
        ["a", "b", "c"],
    )
    counts = count_words(classifier, reviews)
    film = counts.words.index("film")
    assert (counts.negative[film], counts.positive[film]) == (2, 1)
    assert "unheardofword" not in counts.words


def test_a_model_without_history_or_provenance_still_has_a_report(bundle_copy):
    for name in ("history", "provenance", "training_texts"):
        (bundle_copy / f"{name}.json").unlink()
    data = gather(load(bundle_copy), load_mini("test"), None, NO_BASELINES)
    assert data.history == ()
    assert data.model.costs.train_s is None
    assert "Seed" not in dict(data.provenance[0].rows)


def test_without_training_reviews_only_the_lexicon_competes(classifier, home):
    settings = ReportSettings(baselines=("majority", "lexicon", "nbsvm"))
    data = gather(classifier, load_mini("test"), None, settings)
    assert [rival.name for rival in data.baselines] == ["lexicon"]
    assert "--train-data" in data.notes[1]


@pytest.mark.parametrize("labels", [[0, 1, 1], [1, 1, 1]])
def test_hostile_texts_few_rows_and_one_class_make_a_page(classifier, home, tmp_path, labels):
    texts = ["<script>alert(1)</script> 😀", "טוב " + "x" * 10_000, ""]
    ids = ['<b onclick="x">', "\ud800", "{{ 7 * 7 }}"]
    reviews = Reviews(texts, np.array(labels, np.int8), ids, source="<i>evil</i>")
    html = report(classifier, reviews, output=tmp_path / "report").read_text("utf-8")
    assert "<script" not in html
    assert "<b onclick" not in html
    assert "<i>evil" not in html
    assert "x" * 1000 not in html


def test_a_source_that_cannot_be_guessed_is_asked_for(bundle_copy):
    file = bundle_copy / "provenance.json"
    provenance = json.loads(file.read_text())
    provenance["data"]["source"] = "reviews.csv"
    file.write_text(json.dumps(provenance))
    with pytest.raises(UsageError, match=r"--data.*reviews.csv"):
        report(bundle_copy)


def test_reviews_without_labels_are_refused(classifier, tmp_path):
    reviews = Reviews(["a"], np.array([UNLABELLED], np.int8), ["0"])
    with pytest.raises(DataError, match="labelled reviews"):
        report(classifier, reviews, output=tmp_path / "report")


def test_a_standing_report_is_refused_before_any_work(trained, tmp_path):
    (tmp_path / "report").mkdir()
    notes = []
    with pytest.raises(UsageError, match="exists already"):
        report(trained, output=tmp_path / "report", on_note=notes.append)
    assert notes == []


def test_the_model_s_folder_holds_the_report_and_still_loads(bundle_copy, monkeypatch):
    monkeypatch.setattr(page_module, "hang_pictures", lambda data: [])
    page = report(bundle_copy, settings=NO_BASELINES)
    assert page == bundle_copy / "report" / "index.html"
    load(bundle_copy)
