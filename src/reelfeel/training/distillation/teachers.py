"""Saved models as teachers: what they answer for texts, asked once and kept."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reelfeel.errors import BundleError, UsageError
from reelfeel.files.array_files import read_arrays
from reelfeel.files.writing import home, name_of, write_whole
from reelfeel.inference.bundle import Bundle, read_bundle
from reelfeel.inference.classifier import load
from reelfeel.inference.shipped import find_model
from reelfeel.metrics.logits import to_logits
from reelfeel.text_hashes import add_texts
from reelfeel.training.loop.progress import Observer

Logits = npt.NDArray[np.float64]

# Texts answered between two saves: what a kill costs, some seconds even with a large teacher.
_CHUNK_SIZE = 2_048
# A probability that has rounded to 0 or 1 would be an infinite logit, and outvote all others.
_SMALLEST_PROBABILITY = 1e-7


@dataclass
class Teacher:
    """A saved model that is asked.

    Attributes:
        bundle: the model.
        seconds: that its answers took, those kept from earlier runs included.
    """

    bundle: Bundle
    seconds: float = 0.0

    def answer(self, texts: Sequence[str], observer: Observer) -> Logits:
        """Returns the calibrated logit of class 1 for each text, float64 `(num_texts,)`.

        Answers are kept under `REELFEEL_HOME`, by the model's content and the texts.
        """
        answers = [np.empty(0)]
        classifier = None
        for start in range(0, len(texts), _CHUNK_SIZE):
            chunk = texts[start : start + _CHUNK_SIZE]
            path = self._find_place(chunk)
            kept = _recall(path, len(chunk))
            if kept is None:
                started = time.perf_counter()
                classifier = classifier or load(self.bundle.path)
                kept = classifier.predict_proba(chunk), time.perf_counter() - started
                _keep(path, *kept)
            answers.append(to_logits(kept[0], smallest=_SMALLEST_PROBABILITY))
            self.seconds += kept[1]
            done = start + len(chunk)
            observer.on_work(f"teacher {name_of(self.bundle.path)}", done, len(texts))
        return np.concatenate(answers)

    def describe(self) -> dict[str, Any]:
        """Returns what a stranger wants to know of it, as plain values."""
        provenance = self.bundle.about("provenance") or {}
        metrics = self.bundle.about("metrics") or {}
        return {
            "model": name_of(self.bundle.path),
            "preset": self.bundle.preset,
            "sha256": self.fingerprint(),
            "command": provenance.get("command"),
            "validation_accuracy": metrics.get("validation", {}).get("accuracy"),
            "seconds": round(self.seconds, 1),
        }

    def stages(self) -> list[dict[str, Any]]:
        """Returns what made it, stage by stage, each with its command and its seconds."""
        about = self.bundle.about("provenance") or {}
        seconds = round(sum((about.get("seconds") or {}).values()), 1)
        own = {
            "name": name_of(self.bundle.path),
            "command": about.get("command"),
            "seconds": seconds,
        }
        return list(about.get("stages") or [own])

    def _find_place(self, texts: Sequence[str]) -> Path:
        digest = hashlib.sha256(self.fingerprint().encode())
        add_texts(digest, texts)
        return home() / "teachers" / f"{digest.hexdigest()[:24]}.npz"

    def fingerprint(self) -> str:
        """Returns a SHA-256, in hexadecimal, of all that its answers depend on."""
        # Its sums cover words, weights and temperature.
        return self.bundle.fingerprint


@dataclass(frozen=True)
class Teachers:
    """Saved models whose answers are averaged, as logits.

    Attributes:
        members: at least one.
    """

    members: tuple[Teacher, ...]

    @classmethod
    def read(cls, paths: Sequence[str | Path]) -> Teachers:
        """Reads saved models.

        Raises:
            UsageError: if there is none.
            BundleError: if one is missing or damaged.

        Example:

        >>> Teachers.read([])
        Traceback (most recent call last):
            ...
        reelfeel.errors.UsageError: A student needs at least one teacher, ... Received none.
        """
        if not paths:
            raise UsageError(
                "A student needs at least one teacher, the folder of a saved model: reelfeel "
                "distill runs/teacher --data imdb --output runs/student. Received none."
            )
        return cls(tuple(Teacher(read_bundle(find_model(path))) for path in paths))

    @property
    def seconds(self) -> float:
        """That their answers took, those kept from earlier runs included."""
        return sum(teacher.seconds for teacher in self.members)

    def stages(self) -> list[dict[str, Any]]:
        """Returns what made them, stage by stage; one that several share is there once."""
        stages: list[dict[str, Any]] = []
        for teacher in self.members:
            stages += [stage for stage in teacher.stages() if stage not in stages]
        return stages

    def answer(self, texts: Sequence[str], observer: Observer) -> Logits:
        """Returns the mean of the teachers' logits for each text, float64 `(num_texts,)`."""
        answers = [teacher.answer(texts, observer) for teacher in self.members]
        return np.asarray(np.mean(answers, axis=0))

    def describe_doubts(self, label_names: Sequence[str], split: str) -> list[str]:
        """Says where a teacher does not fit its student.

        Args:
            label_names: of the student's reviews.
            split: the fingerprint of the student's split.

        Returns:
            Sentences for people; none where all is well.
        """
        doubts = []
        for teacher in self.members:
            name, names = name_of(teacher.bundle.path), teacher.bundle.label_names
            if tuple(names) != tuple(label_names):
                doubts.append(
                    f"The teacher {name} answers {' or '.join(names)}, and the reviews are "
                    f"{' or '.join(label_names)}: its {names[1]} is taken for {label_names[1]}."
                )
            provenance = teacher.bundle.about("provenance") or {}
            if provenance.get("split", {}).get("sha256", split) != split:
                doubts.append(
                    f"The teacher {name} held out other reviews than are held out here, and may "
                    "have learned from some that validate the student, whose validation figures "
                    "it then flatters. To hold out the same: --set data.split_seed=N, with the "
                    "seed of the teacher's split."
                )
        return doubts


def _recall(path: Path, num_texts: int) -> tuple[npt.NDArray[np.float64], float] | None:
    """Returns kept answers and the seconds they took; None where there are none to use."""
    if not path.exists():
        return None
    try:
        kept = read_arrays(path, {"probabilities": ("float64", 1), "seconds": ("float64", 0)})
    except BundleError:
        # Damaged: what cannot be read is asked for anew.
        return None
    probabilities, seconds = kept["probabilities"], float(kept["seconds"])
    holds = probabilities.shape == (num_texts,) and 0 <= seconds < np.inf
    # Not `min` and `max` alone: a NaN has to fail too.
    holds = holds and bool(((probabilities >= 0) & (probabilities <= 1)).all())
    return (probabilities, seconds) if holds else None


def _keep(path: Path, probabilities: npt.NDArray[np.float64], seconds: float) -> None:
    with write_whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, probabilities=probabilities, seconds=seconds)
