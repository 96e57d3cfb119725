"""Presets in stages: a language model, perhaps a wider one, a teacher, a student of its answers.

All but the student are kept under `REELFEEL_HOME`, in folders named after all that they depend on,
and are made once: another run that needs an equal one takes it from there. So is the network of
each direction of a student.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from reelfeel.config import list_changes
from reelfeel.data.tables import TableOptions
from reelfeel.files import home
from reelfeel.models.language_model import LanguageModel, read_language_model
from reelfeel.presets import Recipe, get_preset
from reelfeel.pretraining_config import PretrainingConfig, list_pretraining_changes
from reelfeel.runtime.bundle import read_bundle
from reelfeel.runtime.card import spell_seconds
from reelfeel.runtime.engine import Engine
from reelfeel.training.execution import Order, adopt, execute
from reelfeel.training.initialisation import adopt_language_model, fingerprint_weights
from reelfeel.training.pretrain import pretrain
from reelfeel.training.progress import Observer
from reelfeel.training.runs import effective_settings
from reelfeel.training.sources import Source, load_source
from reelfeel.training.teachers import Teachers
from reelfeel.types import Reviews

Record = dict[str, Any]


class _Kept(NamedTuple):
    """A language model, and the folder where it is kept."""

    folder: Path
    model: LanguageModel


@dataclass(frozen=True)
class Stages:
    """The stages of a preset, on one source.

    Attributes:
        recipe: the settings of each stage.
        source: what `train` takes.
        data_dir: a local copy of "imdb".
        options: of tables.
        resume: whether a stage that is not finished goes on from its last checkpoint.
        observer: is told of progress.
    """

    recipe: Recipe
    source: str | Path | Reviews
    data_dir: str | Path | None
    options: TableOptions | None
    resume: bool
    observer: Observer

    def run(self, output: Path, preset: str, *, overwrite: bool) -> Engine:
        """Carries out what is not finished; returns the student, loaded.

        Args:
            output: the folder to write the student to.
            preset: the recipe's name.
            overwrite: whether an existing `output` may be replaced.
        """
        source = load_source(
            self.source,
            self.recipe.student,
            data_dir=self.data_dir,
            options=self.options,
            with_texts=True,
        )
        recipe = self.recipe
        narrow, record = self._make_language_model("language model", recipe.pretraining, source)
        wide, records = narrow, [record]
        if recipe.widening:
            name = "wider language model"
            wide, record = self._make_language_model(name, recipe.widening, source, narrow)
            records.append(record)
        teacher, record = self._make_teacher(source, wide.model)
        records.append(record)
        self._begin("student")
        lessons = replace(
            source,
            language_model=narrow.model,
            teachers=Teachers.read([teacher]),
            stages=(*records, self._describe_student(preset)),
        )
        config = adopt(recipe.student, narrow.model, self.observer)
        order = Order(output, preset, self.resume, overwrite, keeps_networks=True)
        student = execute(lessons, config, order, self.observer)
        self._say_finished(student.bundle.about("provenance")["stages"][-1])
        return student

    def _make_language_model(
        self, name: str, config: PretrainingConfig, source: Source, narrow: _Kept | None = None
    ) -> tuple[_Kept, Record]:
        self._begin(name)
        if self.recipe.student.training.seed != config.seed:
            self.observer.on_note("The seed is that of teacher and student; this keeps its own.")
        settings = config.to_dict()
        del settings["checkpoint_every_s"]  # it changes when a run stops, not what it computes
        before = [_fingerprint(narrow.model)] if narrow else []
        folder = _find_folder(name.replace(" ", "-"), settings, source.fingerprint(), *before)
        if self._is_missing(folder):
            pretrain(
                [self.source],
                output=folder,
                config=config,
                start=narrow.folder if narrow else None,
                widened=narrow is not None,
                data_dir=self.data_dir,
                options=self.options,
                resume=self.resume,
                display=self.observer.pretraining_display(),
            )
        start = " --from LANGUAGE_MODEL --widen" if narrow else ""
        command = f"pretrain {self._name_source()}{start}"
        kept = _Kept(folder, read_language_model(folder))
        about = kept.model.about["provenance"]
        return kept, self._describe(name, command, list_pretraining_changes(config), about)

    def _make_teacher(self, source: Source, model: LanguageModel) -> tuple[Path, Record]:
        recipe = self.recipe.teacher
        settings = effective_settings(adopt_language_model(recipe, model))
        folder = _find_folder("teacher", settings, source.fingerprint(), _fingerprint(model))
        self._begin("teacher")
        if self._is_missing(folder):
            config = adopt(recipe, model, self.observer)
            source = replace(source, language_model=model)
            execute(source, config, Order(folder, "teacher", self.resume), self.observer)
        start = "WIDER_LANGUAGE_MODEL" if self.recipe.widening else "LANGUAGE_MODEL"
        command = f"train {self._name_source()} --from {start} --preset seed"
        changes = list_changes(recipe, get_preset("seed"))
        about = read_bundle(folder).about("provenance")
        return folder, self._describe("teacher", command, changes, about)

    def _describe_student(self, preset: str) -> Record:
        changes = list_changes(self.recipe.student, get_preset(preset))
        command = f"distill TEACHER --data {self._name_source()} --from LANGUAGE_MODEL"
        return {"name": "student", "command": _spell(f"{command} --preset {preset}", changes)}

    def _describe(self, name: str, command: str, changes: list[str], about: Record) -> Record:
        seconds = round(sum(about["seconds"].values()), 1)
        record = {"name": name, "command": _spell(command, changes), "seconds": seconds}
        self._say_finished(record)
        return record

    def _begin(self, name: str) -> None:
        names = self.recipe.stage_names()
        self.observer.on_stage(names.index(name) + 1, names)

    def _is_missing(self, folder: Path) -> bool:
        if folder.exists():
            self.observer.on_note(f"Finished before, from equal texts and settings: {folder}")
            return False
        self.observer.on_note(f"Will be kept in {folder}")
        return True

    def _say_finished(self, record: Record) -> None:
        names = self.recipe.stage_names()
        number, seconds = names.index(record["name"]) + 1, spell_seconds(record["seconds"])
        self.observer.on_note(f"Stage {number} of {len(names)}, {record['name']}: {seconds}.")

    def _name_source(self) -> str:
        return "DATA" if isinstance(self.source, Reviews) else str(self.source)


def _spell(command: str, changes: list[str]) -> str:
    return " ".join(["reelfeel", command, *(f"--set {change}" for change in changes)])


def _find_folder(name: str, settings: Record, *fingerprints: str) -> Path:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update("\n".join(fingerprints).encode())
    return home() / "stages" / digest.hexdigest()[:16] / name


def _fingerprint(model: LanguageModel) -> str:
    weights = [fingerprint_weights(own) for _, own in sorted(model.weights.items())]
    return " ".join([model.vocabulary.fingerprint(), *weights])
