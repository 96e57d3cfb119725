"""Presets in stages: a language model, perhaps a wider one, a classifier, perhaps its students.

All but the last are kept under `REELFEEL_HOME`, in folders named after all that they depend on, and
are made once: another run that needs an equal one takes it from there. So is the network of each
direction of a classifier: the teacher of one preset is what another ends in.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from reelfeel.config.presets import Recipe, get_preset
from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig, list_pretraining_changes
from reelfeel.config.sections import list_changes
from reelfeel.data.tables import TableOptions
from reelfeel.errors import BundleError
from reelfeel.files.writing import home
from reelfeel.inference.bundle import read_bundle
from reelfeel.inference.card import spell_seconds
from reelfeel.inference.classifier import Engine
from reelfeel.models.language_model import LanguageModel, read_language_model
from reelfeel.training.classifier.execution import Order, adopt, adopt_start, execute
from reelfeel.training.classifier.jobs import effective_settings
from reelfeel.training.classifier.pretrained import read_start
from reelfeel.training.classifier.training_data import Source, load_source
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.language_model.pretrain import pretrain
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.run_folder import fingerprint_weights

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
        strict: whether what would spoil training is refused.
    """

    recipe: Recipe
    source: Any
    data_dir: str | Path | None
    options: TableOptions | None
    resume: bool
    observer: Observer
    strict: bool = False

    def run(self, output: Path, preset: str, *, overwrite: bool) -> Engine:
        """Carries out what is not finished; returns what the last stage makes, loaded.

        Args:
            output: the folder to write it to.
            preset: the recipe's name.
            overwrite: whether an existing `output` may be replaced.
        """
        recipe = self.recipe
        source = load_source(
            self.source,
            recipe.last,
            data_dir=self.data_dir,
            options=self.options,
            with_texts=True,
            observer=self.observer,
            strict=self.strict,
        )
        if recipe.last.training.seed != recipe.pretraining.seed:
            self.observer.on_note("The seed is not that of language models: they keep their own.")
        narrow, record = self._make_language_model("language model", recipe.pretraining, source)
        wide, records = narrow, [record]
        if recipe.widening:
            name = "wider language model"
            wide, record = self._make_language_model(name, recipe.widening, source, narrow)
            records.append(record)
        lessons, command = replace(source, language_model=wide.model), self._spell_classifier()
        for teacher, student in pairwise(recipe.classifiers):
            folder, record = self._make_teacher(teacher, lessons, command)
            records.append(record)
            start = read_start(folder) if recipe.goes_on(student) else narrow.model
            lessons = replace(source, language_model=start, teachers=Teachers.read([folder]))
            command = self._spell_student(student, teacher, preset)
        own = {"name": recipe.stage_names()[-1], "command": command}
        order = Order(output, preset, self.resume, overwrite, keeps_networks=True)
        return self._make_last(replace(lessons, stages=(*records, own)), order)

    def _make_last(self, lessons: Source, order: Order) -> Engine:
        self._begin(self.recipe.stage_names()[-1])
        config = adopt(self.recipe.last, _start_of(lessons), self.observer)
        last = execute(lessons, config, order, self.observer)
        self._say_finished(last.bundle.about("provenance")["stages"][-1])
        return last

    def _make_language_model(
        self, name: str, config: PretrainingConfig, source: Source, narrow: _Kept | None = None
    ) -> tuple[_Kept, Record]:
        self._begin(name)
        settings = config.to_dict()
        del settings["checkpoint_every_s"]  # it changes when a run stops, not what it computes
        if self.recipe.directions != DIRECTIONS:
            settings["directions"] = self.recipe.directions
        before = [_fingerprint(narrow.model)] if narrow else []
        folder = _find_folder(name.replace(" ", "-"), settings, source.fingerprint(), *before)
        if self._is_missing(folder):
            pretrain(
                [self.source],
                output=folder,
                config=config,
                directions=self.recipe.directions,
                start=narrow.folder if narrow else None,
                widened=narrow is not None,
                data_dir=self.data_dir,
                options=self.options,
                resume=self.resume,
                observer=self.observer,
            )
        command = self._spell_language_model(config, widened=narrow is not None)
        kept = _Kept(folder, read_language_model(folder))
        return kept, self._describe(name, command, kept.model.about["provenance"])

    def _make_teacher(self, name: str, lessons: Source, command: str) -> tuple[Path, Record]:
        """Makes a classifier that a later stage learns from."""
        config, start = self.recipe.classifiers[name], _start_of(lessons)
        settings = effective_settings(adopt_start(config, start))
        origin = [lessons.fingerprint(), _fingerprint(start)]
        if lessons.teachers:
            origin += [teacher.fingerprint() for teacher in lessons.teachers.members]
        folder = _find_folder(name.replace(" ", "-"), settings, *origin)
        self._begin(name)
        if self._is_missing(folder):
            config = adopt(config, start, self.observer)
            order = Order(folder, name, self.resume, keeps_networks=True, command=command)
            execute(lessons, config, order, self.observer)
        return folder, self._describe(name, command, read_bundle(folder).about("provenance"))

    def _spell_language_model(self, config: PretrainingConfig, *, widened: bool) -> str:
        command = f"pretrain {self._name_source()}"
        if widened:
            command += " --from LANGUAGE_MODEL --widen"
        if self.recipe.directions != DIRECTIONS:
            command += f" --direction {self.recipe.directions[0]}"
        return _spell(command, list_pretraining_changes(config))

    def _spell_classifier(self) -> str:
        start = "WIDER_LANGUAGE_MODEL" if self.recipe.widening else "LANGUAGE_MODEL"
        changes = list_changes(self.recipe.classifier, get_preset("seed"))
        return _spell(f"train {self._name_source()} --from {start} --preset seed", changes)

    def _spell_student(self, name: str, teacher: str, preset: str) -> str:
        teacher = _spell_folder(teacher)
        start = teacher if self.recipe.goes_on(name) else _spell_folder("language model")
        changes = list_changes(self.recipe.classifiers[name], get_preset(preset))
        command = f"distill {teacher} --data {self._name_source()} --from {start}"
        return _spell(f"{command} --preset {preset}", changes)

    def _describe(self, name: str, command: str, about: Record) -> Record:
        seconds = round(sum(about["seconds"].values()), 1)
        record = {"name": name, "command": command, "seconds": seconds}
        self._say_finished(record)
        return record

    def _begin(self, name: str) -> None:
        names = self.recipe.stage_names()
        self.observer.on_stage(names.index(name) + 1, names)

    def _is_missing(self, folder: Path) -> bool:
        if folder.exists():
            damage = _find_damage(folder)
            if damage is None:
                self.observer.on_note(f"Finished before, from equal texts and settings: {folder}")
                return False
            self.observer.on_note(f"It is made again: {damage}")
            shutil.rmtree(folder)
        self.observer.on_note(f"Will be kept in {folder}")
        return True

    def _say_finished(self, record: Record) -> None:
        names = self.recipe.stage_names()
        number, seconds = names.index(record["name"]) + 1, spell_seconds(record["seconds"])
        self.observer.on_note(f"Stage {number} of {len(names)}, {record['name']}: {seconds}.")

    def _name_source(self) -> str:
        return str(self.source) if isinstance(self.source, (str, Path)) else "DATA"


def _find_damage(folder: Path) -> str | None:
    """Returns what is wrong with a stage that was kept; None where all is well."""
    try:
        if (folder / "language_model.json").exists():
            read_language_model(folder)
        else:
            read_bundle(folder)
    except BundleError as error:
        return str(error)
    return None


def _start_of(lessons: Source) -> LanguageModel:
    if lessons.language_model is None:
        raise RuntimeError("Every stage starts from a model.")
    return lessons.language_model


def _spell_folder(name: str) -> str:
    return name.upper().replace(" ", "_")


def _spell(command: str, changes: list[str]) -> str:
    return " ".join(["reelfeel", command, *(f"--set {change}" for change in changes)])


def _find_folder(name: str, settings: Record, *fingerprints: str) -> Path:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update("\n".join(fingerprints).encode())
    return home() / "stages" / digest.hexdigest()[:16] / name


def _fingerprint(model: LanguageModel) -> str:
    weights = [fingerprint_weights(own) for _, own in sorted(model.weights.items())]
    return " ".join([model.vocabulary.fingerprint(), *weights])
