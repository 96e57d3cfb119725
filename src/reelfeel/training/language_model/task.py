"""Training of a language model of one direction: the loop, and where it can be interrupted."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import numpy as np

from reelfeel.config.pretraining import PretrainingConfig
from reelfeel.signals import Interruption, delayed_interruption
from reelfeel.training.language_model.perplexity import measure_loss
from reelfeel.training.language_model.state import PassRecord, PretrainingObserver, StreamState
from reelfeel.training.language_model.step import LanguageModelStep
from reelfeel.training.language_model.token_stream import TokenTexts, Windows
from reelfeel.training.loop.checkpoints import (
    Arrays,
    Checkpoint,
    check_arrays,
    explain_damage,
    load_checkpoint,
    load_finished,
    save_checkpoint,
)
from reelfeel.weights import Weights

# So many held-out texts give a pass's loss to a few hundredths; at the end all of them are read.
NUM_HELD_OUT_PER_PASS = 500


def pretraining_folder(
    parent: Path, config: PretrainingConfig, texts: TokenTexts, start: Weights | None
) -> Path:
    """Returns the folder of a run's checkpoint: the same texts and results, the same folder."""
    settings = config.to_dict()
    # These change when a run stops and how its result is saved, not what it computes.
    for name in ("checkpoint_every_s", "saved_words", "weight_precision"):
        del settings[name]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update(texts.fingerprint().encode())
    for name, array in sorted((start or {}).items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    return parent / digest.hexdigest()[:16]


class Pretraining:
    """One training run of a language model, in the order in which its texts are given.

    Args:
        texts: to learn from.
        held_out: to judge by.
        num_words: rows of the embedding, the end of a text included.
        config: all settings.
        folder: where checkpoint and result go.
        observer: is told of every step and pass.
        start: weights to start from, as `LanguageNetwork.named_weights` gives them.
    """

    def __init__(
        self,
        texts: TokenTexts,
        held_out: TokenTexts,
        num_words: int,
        config: PretrainingConfig,
        folder: Path,
        observer: PretrainingObserver,
        start: Weights | None = None,
    ) -> None:
        self.texts, self.held_out, self.config = texts, held_out, config
        self.folder, self.observer = folder, observer
        counts = np.bincount(texts.ids, minlength=num_words)
        self.step = LanguageModelStep(counts, config, start)
        self.state = StreamState()

    @property
    def checkpoint_path(self) -> Path:
        """The file that `run(resume=True)` goes on from."""
        return self.folder / "checkpoint.safetensors"

    @property
    def finished_path(self) -> Path:
        """The file that a finished run leaves, and an equal one takes over."""
        return self.folder / "finished.safetensors"

    def run(self, *, resume: bool = False) -> tuple[Arrays, list[PassRecord]]:
        """Trains to the end, from the checkpoint to the end, or not at all if it was done before.

        Returns:
            The weights by name, and a record for each pass.

        Raises:
            BundleError: if the checkpoint is damaged.
            KeyboardInterrupt: after writing a checkpoint.
        """
        finished = load_finished(self.finished_path, self._read_finished)
        if finished:
            self.observer.on_note("is finished already; its weights are reused.")
            return finished
        checkpoint = load_checkpoint(self.checkpoint_path) if resume else None
        if checkpoint:
            with explain_damage(self.checkpoint_path):
                self.step.restore(checkpoint.arrays)
                self.state = StreamState.from_checkpoint(checkpoint)
        with delayed_interruption() as interruption:
            try:
                while self.state.passes_done < self.config.passes:
                    self._run_pass(interruption)
            except KeyboardInterrupt:
                self.save()
                raise
            self._finish()
        return self.step.network.named_weights(), self.state.history

    def _read_finished(self, finished: Checkpoint) -> tuple[Arrays, list[PassRecord]]:
        check_arrays(finished.arrays, self.step.network.named_weights())
        return finished.arrays, StreamState.from_checkpoint(finished).history

    def _run_pass(self, interruption: Interruption) -> None:
        state, config = self.state, self.config
        generator = np.random.default_rng([config.seed, state.passes_done])
        stream = self.texts.shuffled(generator)
        windows = Windows.cut(stream, config.lanes, config.window)
        total = config.passes * windows.num_steps
        self.observer.on_start(total, state.passes_done * windows.num_steps + state.step)
        started = saved = time.perf_counter()
        for inputs, targets in windows.read(state.step):
            state.count_step(inputs.size, self.step.run(inputs, targets, state.total_steps, total))
            now = time.perf_counter()
            state.seconds += now - started
            started = now
            # First the signal: a terminal that is gone cannot be told of the step.
            interruption.raise_if_come()
            self.observer.on_step(state.passes_done, inputs.size, state.mean_loss())
            if now - saved >= config.checkpoint_every_s:
                self.save()
                saved = time.perf_counter()
        self._finish_pass()

    def _finish_pass(self) -> None:
        state = self.state
        record = PassRecord(
            number=state.passes_done + 1,
            train_loss=state.mean_loss(),
            held_out_loss=self._measure(NUM_HELD_OUT_PER_PASS),
            seconds=round(state.seconds, 3),
            tokens_per_s=round(state.num_tokens / state.seconds, 1),
        )
        state.start_next_pass(record)
        self.step.forget()
        self.observer.on_pass(record)
        self.save()

    def _measure(self, num_texts: int) -> float:
        numbers = np.arange(min(num_texts, self.held_out.num_texts))
        return measure_loss(self.step.network, self.held_out.take(numbers), self.step.dtype)

    def _finish(self) -> None:
        self.state.final_loss = self._measure(self.held_out.num_texts)
        arrays = self.step.network.named_weights()
        progress = self.state.to_progress()
        save_checkpoint(
            self.finished_path, Checkpoint(self.state.passes_done, 0, dict(arrays), progress)
        )
        self.checkpoint_path.unlink(missing_ok=True)

    def save(self) -> None:
        """Writes the checkpoint."""
        state = self.state
        save_checkpoint(
            self.checkpoint_path,
            Checkpoint(state.passes_done, state.step, self.step.to_arrays(), state.to_progress()),
        )
