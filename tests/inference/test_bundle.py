"""A saved model is whole, or refused in one clear line."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from reelfeel.errors import BundleError, ReelFeelError, UsageError
from reelfeel.files.writing import write_whole
from reelfeel.inference.bundle import SUMMED_FILES, read_bundle, write_bundle
from reelfeel.inference.classifier import load


def refresh_sums(folder):
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in SUMMED_FILES
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def edit_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    refresh_sums(folder)


def test_saving_what_was_read_gives_the_same_files(trained, tmp_path):
    bundle = read_bundle(trained)
    twin = type(bundle)(**{**bundle.__dict__, "path": tmp_path / "twin"})
    write_bundle(twin, bundle.weights(), {})
    assert (tmp_path / "twin" / "SHA256SUMS").read_text() == (trained / "SHA256SUMS").read_text()


def test_the_sums_are_those_that_sha256sum_checks(trained):
    for line in (trained / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((trained / name).read_bytes()).hexdigest() == digest


def test_the_weights_are_stored_once(trained):
    sizes = {file.name: file.stat().st_size for file in trained.iterdir()}
    num_bytes = sum(array.nbytes for array in read_bundle(trained).weights().values())
    assert sizes["weights.safetensors"] >= num_bytes
    assert sizes["graph.onnx"] < 10_000


@pytest.mark.parametrize("name", SUMMED_FILES)
def test_a_changed_byte_is_found(bundle_copy, name):
    content = bytearray((bundle_copy / name).read_bytes())
    # In the vocabulary, a byte of a word: the file stays valid JSON.
    content[len(content) // 2] ^= 1
    (bundle_copy / name).write_bytes(content)
    with pytest.raises(BundleError):
        load(bundle_copy)


@pytest.mark.parametrize("name", [*SUMMED_FILES, "SHA256SUMS"])
def test_a_missing_file_is_named(bundle_copy, name):
    (bundle_copy / name).unlink()
    with pytest.raises(BundleError, match=r"config\.json" if name == "SHA256SUMS" else name):
        read_bundle(bundle_copy)


def test_files_about_the_model_may_change(bundle_copy):
    (bundle_copy / "README.md").write_text("My notes.")
    (bundle_copy / "metrics.json").unlink()
    assert read_bundle(bundle_copy).about("metrics") is None


def test_another_models_vocabulary_is_found_even_with_fresh_sums(bundle_copy):
    path = bundle_copy / "vocabulary.json"
    document = path.read_text()
    bundle = read_bundle(bundle_copy)
    first, second = bundle.vocabulary.tokens[:2]
    swapped = document.replace(json.dumps(first), "@", 1).replace(
        json.dumps(second), json.dumps(first), 1
    )
    path.write_text(swapped.replace("@", json.dumps(second), 1))
    refresh_sums(bundle_copy)
    with pytest.raises(BundleError, match="vocabulary of another model"):
        read_bundle(bundle_copy)


def test_a_newer_format_is_refused_with_the_mend(bundle_copy):
    edit_config(bundle_copy, format_version=99)
    with pytest.raises(BundleError, match="pip install --upgrade"):
        read_bundle(bundle_copy)


@pytest.mark.parametrize(
    "changes",
    [{"model": {"units": [0]}}, {"model": {"heads": 4}}, {"label_names": ["only"]}, {"text": 3}],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(bundle_copy, changes):
    edit_config(bundle_copy, **changes)
    with pytest.raises(BundleError):
        read_bundle(bundle_copy)


@pytest.mark.parametrize("content", ["", "[]", '"text"', "{}", '{"format": "other"}', "\xff{"])
def test_a_foreign_folder_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content, "latin-1")
    with pytest.raises(BundleError, match=r"not a ReelFeel model|config\.json is not JSON"):
        read_bundle(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no model at"):
        read_bundle(tmp_path / "nothing")


def test_an_existing_folder_is_not_replaced_unasked(bundle_copy):
    bundle = read_bundle(bundle_copy)
    with pytest.raises(UsageError, match="--force"):
        write_bundle(bundle, bundle.weights(), {})
    write_bundle(bundle, bundle.weights(), {"metrics": {"a": 1}}, overwrite=True)
    assert read_bundle(bundle_copy).about("metrics") == {"a": 1}


def test_a_failed_write_leaves_the_old_model_and_nothing_else(bundle_copy):
    bundle = read_bundle(bundle_copy)
    before = sorted(file.name for file in bundle_copy.parent.iterdir())
    with pytest.raises(TypeError):
        write_bundle(bundle, bundle.weights(), {"metrics": {1, 2}}, overwrite=True)
    assert sorted(file.name for file in bundle_copy.parent.iterdir()) == before
    load(bundle_copy)


def test_a_full_disk_is_explained_and_leaves_nothing(tmp_path):
    def fill_disk(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with (
        pytest.raises(ReelFeelError, match="No space left"),
        write_whole(tmp_path / "file") as unfinished,
    ):
        fill_disk(unfinished)
    assert not list(tmp_path.iterdir())


def test_a_moved_model_still_loads(trained, tmp_path):
    moved = shutil.copytree(trained, tmp_path / "a folder with spaces" / "модель")
    expected = load(trained).predict_proba(["a good film"])
    np.testing.assert_array_equal(load(moved).predict_proba(["a good film"]), expected)
