import dataclasses
import re

import numpy as np
import pytest
from report_samples import Page, make_report_data, simulate

from reelfeel.errors import UsageError
from reelfeel.report import page as page_module
from reelfeel.report.judging import measure
from reelfeel.report.page import write_report
from reelfeel.report.report_data import Mistake, Subset, TitledList

EVIL = "<script>alert(1)</script><img src=https://evil.example/x.png onerror=alert(1)>\"'&{{7*7}}"


@pytest.fixture(scope="module")
def data():
    y_true, y_prob = simulate()
    rival = np.clip(y_prob + 0.3, 0, 1)
    subset = Subset("290, without training texts", measure(y_true[:290], y_prob[:290]))
    return make_report_data(rival_prob=rival, subset=subset)


@pytest.fixture(scope="module")
def report(data, tmp_path_factory):
    return write_report(data, tmp_path_factory.mktemp("page") / "report")


@pytest.fixture(scope="module")
def page(report):
    return Page(report.read_text("utf-8"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    hostile = make_report_data(
        model_name=EVIL,
        data_name=EVIL + "z" * 10_000,
        label_names=(EVIL, "טוב \ud800 😀 \"'"),
        warnings=(EVIL,),
        notes=(EVIL,),
        provenance=(TitledList(EVIL, ((EVIL, EVIL),)),),
        mistakes=(Mistake(EVIL, 1, 0.9, 1, EVIL + "\u202e\x1b[2J" + "y" * 10_000),),
    )
    return write_report(hostile, tmp_path_factory.mktemp("hostile") / "report")


def test_the_page_is_well_formed_and_every_name_stands_once(page, hostile):
    for one in (page, Page(hostile.read_text("utf-8"))):
        assert one.problems == []
        ids = [attributes["id"] for _, attributes in one.tags if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_numbers_on_the_page_are_the_metrics(data, page):
    for measured in (data.model.measured, data.baselines[0].measured):
        for name in ("accuracy", "roc_auc", "matthews", "brier", "ece"):
            value, interval = getattr(measured.metrics, name), measured.intervals[name]
            assert f"{value:.3f}" in page.text
            assert f"{interval.lower:.3f} to {interval.upper:.3f}" in page.text
    accuracy = data.model.measured.metrics.accuracy
    assert f"The model judges {100 * accuracy:.1f} % of 300 reviews rightly" in page.text
    assert f"{data.subset.measured.metrics.accuracy:.3f}" in page.text
    for cost in ("6.7 min", "900 reviews/s", "123 kB", "9.0 MB"):
        assert cost in page.text


def test_every_picture_has_a_text_for_who_cannot_see_it(page):
    pictures = page.find("svg")
    assert len(pictures) == 11
    for attributes in pictures:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"]) > 40


def test_every_picture_is_a_file_too(report):
    names = {path.stem for path in (report.parent / "pictures").iterdir()}
    assert len(names) == 11
    for name in names:
        assert (report.parent / "pictures" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
        assert "<svg" in (report.parent / "pictures" / f"{name}.svg").read_text("utf-8")


def test_the_page_asks_nothing_of_the_network_and_runs_nothing(report, page):
    html = report.read_text("utf-8")
    assert "http" not in html.replace("http-equiv", "")
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "object", "form"}
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "onclick", "onload"} & set(attributes), tag
        assert attributes.get("href", "#").startswith(("#", "data:")), tag
    assert not re.search(r"url\((?!#)|@import", html)
    policy = page.find("meta")[2]["content"]
    assert policy.startswith("default-src 'none'")
    assert len(html.encode()) < 5_000_000


def test_a_keyboard_reaches_every_part(page):
    ids = {attributes.get("id") for _, attributes in page.tags}
    targets = [link["href"][1:] for link in page.find("a")]
    assert len(targets) == 8
    assert set(targets) <= ids
    assert [part for part in page.find("div") if part.get("tabindex") == "0"]


def test_hostile_texts_are_shown_and_not_run(hostile):
    html = hostile.read_text("utf-8")
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "img" not in {tag for tag, _ in page.tags}
    assert all(not name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert "&lt;script&gt;" in html
    assert "{{7*7}}" in page.text
    assert "\x1b" not in html
    assert "yyyy" in page.text
    assert "y" * 1000 not in page.text
    assert len(html.encode()) < 5_000_000


def test_the_same_contents_give_the_same_page(data, report, tmp_path):
    again = write_report(data, tmp_path / "again")
    assert again.read_bytes() == report.read_bytes()


def test_private_texts_stay_out(data, tmp_path):
    mistake = dataclasses.replace(data.mistakes[0], text=None)
    private = dataclasses.replace(
        data, words=None, mistakes=(mistake,), themes=(), shows_texts=False
    )
    page = Page(write_report(private, tmp_path / "private").read_text("utf-8"))
    assert "A fine mess" not in page.text
    assert "superb" not in page.text
    assert "this report shows no review text" in page.text
    assert "test/neg/1_2" in page.text


def test_few_reviews_one_class_and_no_mistakes_make_a_page(tmp_path):
    bare = make_report_data(
        [1, 1, 1], [0.9, 0.8, 0.9], history=(), words=None, mistakes=(), notes=(), provenance=()
    )
    page = Page(write_report(bare, tmp_path / "bare").read_text("utf-8"))
    assert page.problems == []
    assert "Judged on one class only" in page.text
    assert "all reviews are of one class" in page.text
    assert "every verdict on these 3 reviews is right" in page.text


def test_slices_are_listed_with_the_worse_ones_first_and_marked(tmp_path):
    y_true, y_prob = simulate(2000)
    num_tokens = np.where(np.arange(2000) % 4 < 2, 30, 100)
    spoiled = np.where((num_tokens == 100) & (np.arange(2000) % 8 < 4), 1 - y_prob, y_prob)
    data = make_report_data(y_true, spoiled, num_tokens=num_tokens)
    page = Page(write_report(data, tmp_path / "weak").read_text("utf-8"))
    worse = page.text.index("Worse: Reviews of 65 to 128 tokens")
    assert worse < page.text.index("Reviews of up to 64 tokens", worse)
    assert "1 slice is worse than the rest" in page.text
    assert "correction for the 4 slices looked at" in page.text


def test_words_are_coloured_by_what_they_did_and_named_for_who_sees_no_colour(report, page):
    html = report.read_text("utf-8")
    assert '<span class="word positive step4">fine</span> and ' in html
    assert '<span class="word negative step1">dull</span>' in html
    assert "For “pos”: fine. For “neg”: dull." in page.text
    assert "Nearest: train/pos/5_8." in page.text
    assert "yet (9 wrong)" in page.text


def test_what_was_cut_and_what_abstaining_gives_are_told_with_their_numbers(data, page):
    truncation, band = data.truncation, data.abstention
    assert f"It read {truncation.num_cut} reviews" in page.text
    assert f"right in {100 * truncation.accuracy_cut:.1f} %" in page.text
    assert "Better beyond luck: all of it, in pieces, averaged." in page.text
    assert "as the model reads" in page.text
    assert f"a verdict on {100 * band.coverage:.1f} % of these" in page.text
    assert f"{100 * band.accuracy:.1f} % of these verdicts are right" in page.text


def test_a_report_is_replaced_only_on_request(data, tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, "hang_pictures", lambda data: [])
    folder = tmp_path / "report"
    write_report(data, folder)
    page = folder / "index.html"
    page.write_text(page.read_text("utf-8") + "<!-- left from before -->", "utf-8")
    with pytest.raises(UsageError, match="exists already"):
        write_report(data, folder)
    write_report(data, folder, overwrite=True)
    assert "left from before" not in page.read_text("utf-8")
