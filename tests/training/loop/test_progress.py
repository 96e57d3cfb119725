import io

import pytest
from rich.console import Console

from reelfeel.training.classifier.records import EpochRecord
from reelfeel.training.loop import progress
from reelfeel.training.loop.progress import ConsoleObserver

RECORD = EpochRecord(1, 0.5, 0.75, 0.6, 0.7, seconds=2.0, reviews_per_s=10.0)


def make_observer(*, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=160)
    return ConsoleObserver(console), console.file


def train(observer, num_steps=3):
    observer.on_start(2, 30, (0, 0))
    for _ in range(num_steps):
        observer.on_step(0, 10, 0.5, 0.75)
    observer.on_epoch(RECORD, is_best=True)


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


def test_the_display_of_a_language_model_bears_the_stage():
    observer, file = make_observer(terminal=True)
    observer.on_stage(1, ["language model"])
    display = observer.pretraining_display()
    with display:
        bar = display.of("forward")
        bar.on_start(num_steps=2, steps_done=0)
        bar.on_step(passes_done=0, num_tokens=10, loss=1.0)
    assert "1/1  forward" in file.getvalue()
