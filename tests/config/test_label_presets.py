import pytest

from reelfeel.config.label_presets import (
    FEWEST_LABELS,
    FEWEST_TEXTS,
    MANY_LABELS,
    MOST_EPOCHS,
    NUM_STEPS,
    choose_label_preset,
)


@pytest.mark.parametrize("num_labels", [20, 200, FEWEST_LABELS - 1])
def test_few_labels_alone_train_a_head_that_folds_judge(num_labels):
    preset = choose_label_preset(num_labels, FEWEST_TEXTS - 1)
    assert preset.tuning is None
    assert preset.head.training.epochs == 0
    assert preset.head.data.validation_split == "folds"


@pytest.mark.parametrize(
    ("num_labels", "num_texts", "learns_answers"),
    [(50, FEWEST_TEXTS, True), (FEWEST_LABELS, 50_000, False), (MANY_LABELS, 0, False)],
)
def test_the_network_is_tuned_where_there_is_enough_to_learn(num_labels, num_texts, learns_answers):
    preset = choose_label_preset(num_labels, num_texts)
    assert preset.tuning is not None
    assert preset.learns_answers is learns_answers
    assert preset.head.data.validation_split == preset.tuning.data.validation_split == "grouped"
    # Few validation reviews choose no epoch.
    assert preset.tuning.training.last_epoch_kept is (num_labels < MANY_LABELS)


def test_fewer_texts_are_read_more_often_but_not_without_end():
    epochs = [choose_label_preset(n, 0).tuning.training.epochs for n in (2_000, 5_000, 9_900)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] == MOST_EPOCHS
    assert epochs[-1] * 9_900 / 32 == pytest.approx(NUM_STEPS, rel=0.1)


def test_both_stages_read_alike():
    preset = choose_label_preset(5_000, 0)
    assert preset.head.model == preset.tuning.model
    assert preset.head.data == preset.tuning.data
