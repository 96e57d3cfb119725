"""The tutorial: every chapter runs on `mini`, and what it claims holds."""

import importlib.util
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "tutorial"
PAGES = FOLDER / "imdb"


def _load_runner():
    spec = importlib.util.spec_from_file_location("tutorial_execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    # A dataclass looks its module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


execute = _load_runner()
CHAPTERS = execute.list_chapters()
# Keras 3.15 converts predictions in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def chapters(tmp_path_factory):
    """The namespace that each chapter left, by its number, after all ran in order on `mini`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REELFEEL_HOME", str(tmp_path_factory.mktemp("tutorial")))
        patch.setenv("REELFEEL_TUTORIAL_DATA", "mini")
        patch.setenv("MPLBACKEND", "agg")
        return {int(path.name[0]): execute.run_chapter(path) for path in CHAPTERS}


@pytest.fixture
def namespaces(chapters):
    return {number: namespace for number, (_, namespace) in chapters.items()}


def test_there_are_six_chapters_and_the_index_names_each():
    index = (FOLDER / "README.md").read_text("utf-8")
    assert [int(path.name[0]) for path in CHAPTERS] == [1, 2, 3, 4, 5, 6]
    assert all(f"({path.name})" in index and f"imdb/{path.stem}.md" in index for path in CHAPTERS)


def test_the_handwritten_split_shares_no_movie_and_the_ids_fit_the_vocabulary(namespaces):
    chapter = namespaces[1]
    movies = np.array(chapter["train_part"].movies)
    in_validation = chapter["in_validation"]
    assert not set(movies[in_validation]) & set(movies[~in_validation])
    assert max(ids.max() for ids in chapter["train_ids"]) < len(chapter["frequent"]) + 2
    # The same words in another order, up to the marks that only ReelFeel's pattern keeps.
    assert chapter["num_shared"] > 0.95 * len(chapter["frequent"])


def test_the_handwritten_network_equals_keras(namespaces):
    chapter = namespaces[2]
    assert chapter["keras_difference"] < 1e-6
    assert chapter["fused_difference"] < 1e-6
    assert sum(chapter["num_weights"].values()) == chapter["model"].count_params()
    assert chapter["classifier"].count_params() == chapter["model"].count_params()


def test_padding_changes_no_answer_with_a_mask_and_makes_them_equal_without(namespaces):
    chapter = namespaces[2]
    answers = chapter["padded_answers"]
    assert np.abs(answers["masked"] - chapter["keras_answer"]).max() < 1e-6
    assert np.ptp(answers["unmasked"]) < 0.01 * np.ptp(answers["masked"])


def test_the_plain_loop_learns_and_keeps_its_best_epoch(namespaces):
    chapter = namespaces[3]
    losses = np.array(chapter["history"])[:, 2]
    assert chapter["best_epoch"] == losses.argmin() + 1
    kept = chapter["predict"](chapter["validation_ids"])
    assert chapter["loss_of"](chapter["validation_labels"], kept) == pytest.approx(losses.min())
    assert losses.min() < 0.68 < 0.693 < losses.max()
    assert chapter["ema_difference"] < 1e-12


def test_the_handwritten_metrics_equal_the_libraries(namespaces):
    chapter = namespaces[4]
    for name, value in chapter["by_hand"].items():
        assert value == pytest.approx(chapter["by_sklearn"][name], abs=1e-9)
        assert value == pytest.approx(chapter["by_reelfeel"][name], abs=1e-9)


def test_the_handwritten_pictures_show_the_numbers_of_the_library(namespaces):
    chapter = namespaces[5]
    assert chapter["area"] == pytest.approx(namespaces[4]["by_hand"]["roc_auc"], abs=1e-9)
    assert chapter["counts"].ravel().tolist() == [
        int(namespaces[4][name]) for name in ("rejections", "false_alarms", "misses", "hits")
    ]
    assert chapter["score_difference"] < 1e-9


def test_the_memory_fades_over_padding_by_the_same_share_a_step(namespaces):
    chapter = namespaces[6]
    distances, gradients = chapter["distances"], chapter["gradients"]
    assert (np.diff(distances) < 0).all()
    assert distances[100] < 1e-6 * distances[0]
    assert gradients[-1] < 1e-9 * gradients[0]
    # Straight on a logarithmic scale: the half-lives of two stretches are alike.
    shares = np.log(distances[1:] / distances[:-1])
    assert shares[100:].mean() == pytest.approx(shares[50:100].mean(), rel=0.1)


def test_the_masked_network_learns_and_the_unmasked_one_does_not(namespaces):
    runs = {name: history for name, (_, history) in namespaces[6]["runs"].items()}
    failed, repaired = runs["right, no mask"], runs["right, mask"]
    assert repaired["accuracy"][-1] > 0.9
    assert failed["accuracy"][-1] < 0.7
    assert failed["loss"][-1] == pytest.approx(np.log(2), abs=0.05)
    assert max(repaired["val_accuracy"]) > max(failed["val_accuracy"])


def test_the_alarm_names_the_padding_first(namespaces):
    assert "1. Unmasked padding" in namespaces[6]["alarm"]


def test_pages_hold_the_code_the_outputs_and_the_pictures(chapters, tmp_path):
    cells, _ = chapters[6]
    execute.write_page(cells, tmp_path, "6", "a note")
    page = (tmp_path / "6.md").read_text("utf-8")
    assert page.startswith("# 6. Why the original scored 50 %\n")
    assert "\n\n> a note\n\n" in page
    assert "Unmasked padding" in page
    for name in re.findall(r"!\[.+?\]\((.+?)\)", page):
        # Figures are drawn once and closed, so two pictures stand for two cells.
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.glob("*.png"))) == 2


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_kept_pages_are_of_the_chapters_as_they_stand(path):
    page = (PAGES / f"{path.stem}.md").read_text("utf-8")
    for cell in execute.read_cells(path):
        assert cell.source in page, f"{path.name} changed: run execute.py --data imdb again"
    assert all((PAGES / name).is_file() for name in re.findall(r"!\[.+?\]\((.+?)\)", page))


@pytest.mark.slow
@pytest.mark.skipif("REELFEEL_IMDB" not in os.environ, reason="needs a copy of IMDB")
def test_no_review_of_imdb_is_quoted_in_the_kept_outputs():
    from reelfeel.data.loading import load_reviews

    outputs = [
        words[start : start + 6]
        for page in PAGES.glob("*.md")
        for output in re.findall(r"```text\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        for words in [re.findall("[a-z']+", output.lower())]
        for start in range(len(words) - 5)
    ]
    printed = {" ".join(words) for words in outputs}
    for part in ("train", "test"):
        for text in load_reviews("imdb", part).texts:
            words = re.findall("[a-z']+", text.lower())
            quoted = {" ".join(words[start : start + 6]) for start in range(len(words) - 5)}
            assert not printed & quoted
