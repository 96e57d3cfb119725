import io

import pytest
from rich.console import Console

from reelfeel.training.loop import progress
from reelfeel.training.loop.progress import ConsoleObserver

RECORD = {
    "epoch": 1,
    "train_loss": 0.5,
    "train_accuracy": 0.75,
    "validation_loss": 0.6,
    "seconds": 2.0,
    "reviews_per_s": 10.0,
    "validation_s": 1.0,
}


def make_observer(*, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=160)
    return ConsoleObserver(console), console.file


def train(observer, num_steps=3):
    observer.on_start(2, 60, 0, "reviews")
    for _ in range(num_steps):
        observer.on_step(0, 10, {"loss": 0.5, "accuracy": 0.75})
    observer.on_epoch(RECORD, "best so far")


@pytest.mark.parametrize("terminal", [True, False])
def test_stages_one_after_the_other_each_with_bars_of_their_own(terminal):
    observer, file = make_observer(terminal=terminal)
    for number in (1, 2):
        observer.on_stage(number, ["first", "second"])
        with observer:
            for done in (5, 10):
                observer.on_work("teacher", done, 10)
            for direction in ("forward", "backward"):
                train(observer.of(direction))
        assert not any(task.visible for task in observer.progress.tasks)
    text = file.getvalue()
    assert "Stage 1 of 2: first" in text
    assert "2/2  backward  epoch  1/2  loss 0.5000" in text
    assert ("2/2  teacher" in text) == terminal
    completed = [task.completed for task in observer.progress.tasks]
    assert completed == [10, 30, 30] * 2


def test_a_log_has_a_line_a_minute(monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    observer, file = make_observer(terminal=False)
    with observer:
        train(observer, num_steps=1)
    assert "epoch 1/2  loss 0.5000  accuracy 0.7500" in file.getvalue()
    assert "min left" in file.getvalue()


def test_the_line_of_an_epoch_has_its_figures_its_speed_and_the_remark():
    observer, file = make_observer(terminal=False)
    train(observer.of("forward"))
    assert (
        "forward  epoch  1/2  loss 0.5000  accuracy 0.7500  validation loss 0.6000  "
        "10 reviews/s  2 s  best so far\n"
    ) in file.getvalue()
