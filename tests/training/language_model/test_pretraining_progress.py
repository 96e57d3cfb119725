import io

from rich.console import Console

from reelfeel.training.language_model import progress
from reelfeel.training.language_model.progress import ConsoleDisplay
from reelfeel.training.language_model.state import PassRecord


def make_display(*, terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=140)
    return ConsoleDisplay(console), console.file


def report(display, num_steps):
    with display:
        for direction in ("forward", "backward"):
            observer = display.of(direction)
            observer.on_start(num_steps=10, steps_done=4)
            for _ in range(num_steps):
                observer.on_step(passes_done=1, num_tokens=5_120, loss=4.3210)
            observer.on_pass(PassRecord(2, 4.321, 4.0, seconds=12.0, tokens_per_s=27_000.0))


def test_a_terminal_shows_a_bar_for_each_direction():
    display, file = make_display(terminal=True)
    report(display, 6)
    assert "forward   pass 2" in file.getvalue()
    assert "backward  pass 2" in file.getvalue()
    assert [task.completed for task in display.progress.tasks] == [10, 10]


def test_a_log_has_a_line_a_pass(monkeypatch):
    display, file = make_display(terminal=False)
    report(display, 6)
    lines = file.getvalue().splitlines()
    assert len(lines) == 2
    assert "pass 2  loss 4.3210  held-out loss 4.0000  perplexity 54.60" in lines[0]


def test_a_log_has_a_line_a_minute_too(monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    display, file = make_display(terminal=False)
    report(display, 1)
    assert "forward   pass 2  step 5/10  loss 4.3210" in file.getvalue()
