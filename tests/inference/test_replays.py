"""Golden answers are replayed once, and again when anything has changed that they depend on."""

import json
import os

import pytest

from reelfeel.errors import BundleError
from reelfeel.files.writing import write_sums
from reelfeel.inference import replays
from reelfeel.inference.bundle import SUMMED_FILES
from reelfeel.inference.classifier import Classifier, load
from reelfeel.native.inference import has_kernel

pytestmark = pytest.mark.skipif(not has_kernel("float32"), reason="needs the compiled library")


@pytest.fixture
def replayed(monkeypatch, home):
    """Counts the replays, in a home of the test's own."""
    done = []
    compute = Classifier.golden_difference

    def count(classifier):
        done.append(classifier.bundle.path)
        return compute(classifier)

    monkeypatch.setattr(Classifier, "golden_difference", count)
    return done


def test_the_same_model_is_replayed_once(replayed, bundle_copy):
    for _ in range(3):
        load(bundle_copy, precision="float32")
    load(bundle_copy, precision="float32", threads=2)
    assert len(replayed) == 1


def test_another_precision_or_backend_is_replayed(replayed, bundle_copy):
    load(bundle_copy, precision="float32")
    load(bundle_copy, backend="numpy")
    load(bundle_copy, backend="numpy")
    assert len(replayed) == 3
    if has_kernel("bfloat16"):
        load(bundle_copy, precision="bfloat16")
        assert len(replayed) == 4


@pytest.mark.parametrize(
    "name", ["golden.jsonl", "decision.json", "config.json", "vocabulary.json"]
)
def test_a_changed_file_with_sums_of_its_own_is_replayed(replayed, bundle_copy, name):
    load(bundle_copy, precision="float32")
    file = bundle_copy / name
    if name != "golden.jsonl":
        file.write_text(file.read_text("utf-8") + "\n", "utf-8")
    else:
        first, *rest = file.read_text("utf-8").splitlines()
        answer = json.loads(first)
        answer["probability"] = 1 - answer["probability"] / 2
        file.write_text("\n".join([json.dumps(answer), *rest]) + "\n", "utf-8")
    write_sums(bundle_copy, SUMMED_FILES)
    if name == "golden.jsonl":
        with pytest.raises(BundleError, match="other answers"):
            load(bundle_copy, precision="float32")
        with pytest.raises(BundleError, match="other answers"):
            load(bundle_copy, precision="float32")
        assert len(replayed) == 3
    else:
        load(bundle_copy, precision="float32")
        assert len(replayed) == 2


def test_a_changed_byte_is_found_though_the_replay_is_remembered(replayed, bundle_copy):
    load(bundle_copy, precision="float32")
    weights = bundle_copy / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(BundleError, match="damaged"):
        load(bundle_copy, precision="float32")


def test_another_library_processor_or_module_is_replayed(
    replayed, bundle_copy, monkeypatch, tmp_path
):
    def is_replayed():
        before = len(replayed)
        load(bundle_copy, precision="float32")
        return len(replayed) > before

    assert is_replayed()
    assert not is_replayed()
    monkeypatch.setattr(replays, "processor_features", lambda: frozenset({"avx2"}))
    assert is_replayed()
    monkeypatch.setattr(replays, "_describe_processor", lambda: "another")
    assert is_replayed()
    monkeypatch.setattr(replays, "__version__", "9")
    assert is_replayed()
    package = tmp_path / "reelfeel"
    for room in replays._ROOMS:
        (package / room).mkdir(parents=True)
    library = package / "native" / "library.so"
    library.write_bytes(replays.LIBRARY_PATH.read_bytes() + b"x")
    monkeypatch.setattr(replays, "LIBRARY_PATH", library)
    assert is_replayed()
    (package / "text" / "cleaning.py").write_text("x = 1\n")
    assert is_replayed()
    assert not is_replayed()
    os.utime(package / "text" / "cleaning.py", ns=(1, 1))
    assert is_replayed()


def test_a_home_that_cannot_be_written_is_no_error(replayed, bundle_copy, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REELFEEL_HOME", str(tmp_path / "file"))
    for _ in range(2):
        load(bundle_copy, precision="float32")
    assert len(replayed) == 2


def test_only_so_many_are_kept(replayed, bundle_copy, monkeypatch, home):
    monkeypatch.setattr(replays, "_MOST_KEPT", 3)
    for number in range(6):
        monkeypatch.setattr(replays, "__version__", str(number))
        load(bundle_copy, precision="float32")
    assert len(list((home / "replays").iterdir())) == 3
