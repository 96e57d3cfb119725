import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from report_samples import WORDS, make_report_data, simulate

from reelfeel.report.gallery import hang_comparison, hang_pictures
from reelfeel.report.report_data import Epoch, WordCounts

PICTURES = {
    "roc", "precision-recall", "confusion", "scores", "reliability", "lengths", "learning",
    "words-positive", "words-negative", "words-apart",
}  # fmt: skip
HOSTILE = ("<script>alert('$x$')</script>", '_טוב 😀 "quoted" $y')


def hang(data):
    return {exhibit.name: exhibit for exhibit in hang_pictures(data)}


@pytest.fixture(scope="module")
def exhibits():
    return hang(make_report_data())


def test_every_picture_is_there_as_svg_and_png_with_its_words(exhibits):
    assert set(exhibits) == PICTURES
    for exhibit in exhibits.values():
        assert exhibit.picture.png.startswith(b"\x89PNG\r\n\x1a\n")
        assert ElementTree.fromstring(exhibit.picture.svg).tag.endswith("svg")  # noqa: S314
        assert exhibit.sentence.endswith(".")
        assert any(sign.isdigit() for sign in exhibit.alternative), exhibit.name
        assert exhibit.alternative.endswith(".")


def test_sentences_say_the_numbers_of_this_model(exhibits):
    metrics = make_report_data().model.measured.metrics
    sentences = {name: one.sentence.replace("\xa0", " ") for name, one in exhibits.items()}
    assert f"in {100 * metrics.roc_auc:.1f} % of all pairs" in sentences["roc"]
    assert f"average precision {metrics.pr_auc:.3f}" in sentences["precision-recall"]
    alarms = metrics.confusion.false_positives
    assert f"{alarms:,} of 150 “neg” reviews" in sentences["confusion"]
    assert f"{100 * metrics.ece:.1f} points off" in sentences["reliability"]
    assert "lowest after epoch 2 (0.660)" in sentences["learning"]
    assert "“pos” most: great" in sentences["words-apart"]
    assert "film" in sentences["words-negative"]
    assert "the" not in sentences["words-negative"].partition(":")[2].split(";")[0].split()


def test_the_same_numbers_give_the_same_bytes(exhibits):
    again = hang(make_report_data())
    for name, exhibit in exhibits.items():
        assert again[name].picture == exhibit.picture, name


def test_pictures_leave_no_trace_in_matplotlib():
    # Not the setting "backend": to read it imports pyplot.
    code = (
        "import sys; sys.path.insert(0, 'tests/report')\n"
        "from matplotlib import rcParams\n"
        "from report_samples import make_report_data\n"
        "from reelfeel.report.figures import STYLE\n"
        "from reelfeel.report.gallery import hang_pictures\n"
        "before = {name: rcParams[name] for name in STYLE}\n"
        "hang_pictures(make_report_data())\n"
        "print('matplotlib.pyplot' in sys.modules, before == {n: rcParams[n] for n in STYLE})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_picture_on_the_page_has_its_colours_and_no_address(exhibits):
    for name, exhibit in exhibits.items():
        svg = exhibit.picture.for_page(name, 'say "a < b"')
        assert 'aria-label="say &quot;a &lt; b&quot;"' in svg
        assert re.search(r"var\(--(ink|positive|negative)\)", svg)
        for unwanted in ("http", "xmlns", "<style", "<metadata", "#0072b2", "#ffffff"):
            assert unwanted not in svg, (name, unwanted)


def test_the_baselines_stand_beside_the_model_in_a_picture():
    y_true, _ = simulate()
    assert hang_comparison(make_report_data()) is None
    exhibit = hang_comparison(make_report_data(rival_prob=np.where(y_true, 0.9, 0.1)))
    assert exhibit.sentence == "By accuracy the model is number 2 of 2, behind NB-SVM."
    assert "NB-SVM 100.0" in exhibit.alternative


@pytest.mark.parametrize(
    ("y_true", "y_prob"),
    [
        ([0, 1, 1], [0.2, 0.7, 0.4]),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]),
        ([0, 1, 0, 1], [0.0, 1.0, 0.0, 1.0]),
        ([1], [0.3]),
    ],
)
def test_few_rows_ties_and_constant_probabilities_are_drawn_without_a_warning(y_true, y_prob):
    for exhibit in hang(make_report_data(y_true, y_prob, words=None)).values():
        assert exhibit.sentence


def test_one_class_has_sentences_where_there_can_be_no_curve():
    exhibits = hang(make_report_data([0, 0, 0], [0.2, 0.7, 0.4], words=None))
    assert exhibits["roc"].picture is None
    assert exhibits["roc"].sentence == "There is no ROC curve: all reviews are of one class."
    assert "no review is positive" in exhibits["precision-recall"].sentence
    assert "of 0" not in exhibits["confusion"].sentence


def test_constant_probabilities_are_said_to_be_constant():
    assert (
        "same probability, 0.500"
        in hang(make_report_data([0, 1], [0.5, 0.5], words=None))["scores"].sentence
    )


def test_missing_history_and_a_single_epoch_have_sentences():
    assert "no history.json" in hang(make_report_data(history=(), words=None))["learning"].sentence
    once = hang(make_report_data(history=(Epoch(0.5, 0.7, 0.6, 0.6),), words=None))["learning"]
    assert once.picture is None
    assert "one epoch, with a validation loss of 0.600" in once.sentence


def test_private_texts_have_no_clouds_and_few_words_no_empty_ones():
    assert not any(name.startswith("words") for name in hang(make_report_data(words=None)))
    none = WordCounts(("the",), negative=np.array([3]), positive=np.array([3]))
    exhibits = hang(make_report_data(words=none))
    for name in ("words-positive", "words-negative", "words-apart"):
        assert exhibits[name].picture is None
        assert exhibits[name].sentence.startswith("There")


def test_hostile_names_and_words_are_drawn_or_left_out():
    words = WordCounts(
        (*WORDS.words, "x" * 10_000, "טוב", "😀", "$x$", "</svg>"),
        negative=np.append(WORDS.negative, [99] * 5),
        positive=np.append(WORDS.positive, [999] * 5),
    )
    exhibits = hang(make_report_data(label_names=HOSTILE, words=words))
    confusion = exhibits["confusion"].picture.svg
    assert "&lt;script&gt;" in confusion
    assert "class 1" in confusion
    assert "<script" not in "".join(one.picture.svg for one in exhibits.values())
    assert "xxxx" not in exhibits["words-apart"].alternative
