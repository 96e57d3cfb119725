import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reelfeel.data.audit.duplicates import hash_texts
from reelfeel.data.loading import load_reviews
from reelfeel.data.sets.mini import load_mini
from reelfeel.errors import BundleError, DataError, UsageError
from reelfeel.evaluation.calibrate import Aims, _measure_fitting, calibrate, fit_decision
from reelfeel.evaluation.evaluate import evaluate
from reelfeel.inference.bundle import Decision, read_bundle, write_decision
from reelfeel.inference.classifier import load
from reelfeel.metrics.temperature import apply_temperature


def test_what_is_stored_is_obeyed_by_every_answer(bundle_copy):
    test = load_mini("test")
    before = load(bundle_copy).predict_proba(test.texts)
    stored = Decision(threshold=0.6, temperature=2.0, abstain_lower=0.55, abstain_upper=0.65)
    write_decision(bundle_copy, stored, {})
    classifier = load(bundle_copy)
    after = classifier.predict_proba(test.texts)
    assert after == pytest.approx(apply_temperature(before, 2.0), abs=1e-9)
    for prediction, probability in zip(classifier.predict(test.texts), after, strict=True):
        assert prediction.probability == probability
        assert (prediction.label == "positive") == (probability >= 0.6)
        assert prediction.abstained == (0.55 < probability < 0.65)
    ids = [ids for encoded in classifier.encode(test.texts) for ids in encoded.token_ids]
    assert classifier.score_token_ids(ids) == pytest.approx(after, abs=1e-6)
    result = evaluate(classifier, test)
    assert result["all"]["accuracy"] == np.mean((after >= 0.6) == test.labels)
    assert result["abstention"]["coverage"] == np.mean((after <= 0.55) | (after >= 0.65))


def test_golden_answers_stay_those_of_the_network(bundle_copy):
    before = load(bundle_copy).golden_difference()
    write_decision(bundle_copy, Decision(temperature=5.0), {})
    assert load(bundle_copy).golden_difference() == before


def test_only_the_decision_changes_and_the_sums_still_hold(bundle_copy):
    before = {path.name: path.read_bytes() for path in bundle_copy.iterdir() if path.is_file()}
    write_decision(bundle_copy, Decision(threshold=0.7), {"calibration_texts": ["0f"]})
    after = {path.name: path.read_bytes() for path in bundle_copy.iterdir() if path.is_file()}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"decision.json", "SHA256SUMS", "calibration_texts.json"}
    assert read_bundle(bundle_copy).decision.threshold == 0.7


def test_a_decision_from_before_there_were_temperatures_is_read(bundle_copy):
    write_decision(bundle_copy, Decision(threshold=0.4), {})
    (bundle_copy / "decision.json").write_text('{"threshold": 0.4}')
    sums = (bundle_copy / "SHA256SUMS").read_text().splitlines()
    import hashlib

    digest = hashlib.sha256((bundle_copy / "decision.json").read_bytes()).hexdigest()
    sums = [f"{digest}  decision.json" if "decision" in line else line for line in sums]
    (bundle_copy / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    assert read_bundle(bundle_copy).decision == Decision(threshold=0.4)


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"threshold": 1.5}, {"abstain_lower": 0.3}, {"speed": 1}]
)
def test_a_decision_that_makes_no_sense_is_refused(bundle_copy, wrong):
    import hashlib

    (bundle_copy / "decision.json").write_text(json.dumps({"threshold": 0.5} | wrong))
    digest = hashlib.sha256((bundle_copy / "decision.json").read_bytes()).hexdigest()
    sums = (bundle_copy / "SHA256SUMS").read_text().splitlines()
    sums = [f"{digest}  decision.json" if "decision" in line else line for line in sums]
    (bundle_copy / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    with pytest.raises(BundleError, match="cannot read"):
        read_bundle(bundle_copy)


def test_the_reviews_held_out_for_validation_are_found_again(bundle_copy):
    result = calibrate(bundle_copy, aims=Aims(min_recall=0.9))
    provenance = json.loads((bundle_copy / "provenance.json").read_text())
    stored = result["decision"]["calibration"]
    held_out = int(provenance["split"]["description"].split()[1])
    assert stored["num_reviews"] == held_out
    known = json.loads((bundle_copy / "calibration_texts.json").read_text())
    train = [f"{n:016x}" for n in hash_texts(load_reviews("mini", "train").texts).tolist()]
    assert len(known) == held_out
    assert set(known) <= set(train)
    assert load(bundle_copy).bundle.decision.threshold == result["decision"]["threshold"]


def test_calibrating_twice_is_calibrating_once(bundle_copy):
    test = load_mini("test")
    first = calibrate(bundle_copy, test, aims=Aims(target_accuracy=0.9))
    assert calibrate(bundle_copy, test, aims=Aims(target_accuracy=0.9)) == first


def test_reviews_that_calibrated_a_model_are_recognised_when_it_is_judged(bundle_copy):
    test = load_mini("test")
    assert evaluate(bundle_copy, test)["warnings"] == []
    calibrate(bundle_copy, test)
    result = evaluate(bundle_copy, test)
    assert result["num_calibration_texts"] == 60
    assert "fitted on the texts of 60 of these 60 reviews" in result["warnings"][0]
    half = replace(test, texts=[*test.texts[:30], *(f"{text} x" for text in test.texts[30:])])
    mixed = evaluate(bundle_copy, half)
    assert mixed["without_training_texts"]["num_reviews"] == 30


def test_what_a_fit_promises_is_measured_on_reviews_it_did_not_see(monkeypatch):
    y_prob = np.arange(1, 101) / 101
    labels = np.arange(100) % 2
    fitted = []

    def spy(y_true, given, aims):
        fitted.append(set(given))
        return Decision(threshold=min(set(y_prob) - set(given)) - 1e-9)

    monkeypatch.setattr("reelfeel.evaluation.calibrate.fit_decision", spy)
    measured = _measure_fitting(labels, y_prob, Aims())
    assert [len(one) for one in fitted] == [80] * 5
    left_out = [set(y_prob) - one for one in fitted]
    assert set().union(*left_out) == set(y_prob)
    # Each part is judged by what its own fit said: "positive" of everything in it.
    assert measured["accuracy"] == 0.5


def test_aims_that_contradict_and_reviews_that_do_not_fit_are_refused(bundle_copy):
    with pytest.raises(UsageError, match="two aims"):
        Aims(min_precision=0.9, min_recall=0.9)
    with pytest.raises(DataError, match="learned from"):
        calibrate(bundle_copy, load_mini("train").take(np.arange(100)))
    with pytest.raises(DataError, match="too few"):
        calibrate(bundle_copy, load_mini("test").take(np.arange(28, 36)))
    rng = np.random.default_rng(0)
    labels, y_prob = rng.integers(0, 2, 500), np.full(500, 0.7)
    with pytest.raises(DataError, match="No abstain band"):
        fit_decision(labels, y_prob, Aims(target_accuracy=0.99999))
    assert load(bundle_copy).bundle.decision == Decision()


# Keras saves through NumPy's old way to copy an array.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_exported_model_gives_the_calibrated_probability(bundle_copy, tmp_path):
    import keras
    from typer.testing import CliRunner

    from reelfeel.cli import app

    write_decision(bundle_copy, Decision(temperature=3.0), {})
    file = tmp_path / "model.keras"
    assert CliRunner().invoke(app, ["export", str(bundle_copy), "-o", str(file)]).exit_code == 0
    classifier = load(bundle_copy)
    texts = ["A fine film with a dull end.", "Terrible."]
    [encoded] = classifier.encode(texts)
    model = keras.saving.load_model(file)
    for ids, expected in zip(encoded.token_ids, classifier.predict_proba(texts), strict=True):
        answer = model(np.asarray(ids)[None]).detach().cpu().numpy()
        # The runtime may compute in bfloat16.
        assert float(answer.squeeze()) == pytest.approx(expected, abs=2e-3)
    raw = read_bundle(bundle_copy).weights()
    scaled = read_bundle(bundle_copy).calibrated_weights()
    changed = {name for name in raw if not np.array_equal(raw[name], scaled[name])}
    assert changed == {"logit/kernel", "logit/bias"}


def test_calibrating_here_leaves_the_folder_where_it_is(bundle_copy, monkeypatch):
    monkeypatch.chdir(bundle_copy)
    inode = bundle_copy.stat().st_ino
    calibrate(".", load_mini("test"))
    assert bundle_copy.stat().st_ino == inode
    assert read_bundle(Path()).decision == read_bundle(bundle_copy).decision
    assert not [file.name for file in bundle_copy.iterdir() if file.name.startswith(".")]


def test_a_kill_at_any_step_leaves_one_decision_or_the_other(bundle_copy, monkeypatch):
    old, new = read_bundle(bundle_copy).decision, Decision(threshold=0.7)
    replace_file, steps = Path.replace, []

    def stop_after(count):
        def replace(self, target):
            if len(steps) == count:
                raise KeyboardInterrupt
            steps.append(target)
            return replace_file(self, target)

        return replace

    for count in range(4):
        steps.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", stop_after(count))
            with pytest.raises(KeyboardInterrupt):
                write_decision(bundle_copy, new, {"calibration_texts": ["0f"]})
        assert load(bundle_copy).bundle.decision == (new if count == 3 else old)
    write_decision(bundle_copy, new, {"calibration_texts": ["0f"]})
    assert read_bundle(bundle_copy).decision == new
    assert len((bundle_copy / "SHA256SUMS").read_text().splitlines()) == 6
