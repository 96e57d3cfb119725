"""Presets in stages: a language model, perhaps a wider one, a classifier, perhaps its student.

All but the last are kept under `REELFEEL_HOME`, in folders named after all that they depend on, and
are made once: another run that needs an equal one takes it from there. So is the network of each
direction of a classifier: the teacher of one preset is what another ends in.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from reelfeel.config import Config, list_changes
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
        """Carries out what is not finished; returns what the last stage makes, loaded.

        Args:
            output: the folder to write it to.
            preset: the recipe's name.
            overwrite: whether an existing `output` may be replaced.
        """
        recipe = self.recipe
        source = load_source(
            self.source, recipe.last, data_dir=self.data_dir, options=self.options, with_texts=True
        )
        if recipe.last.training.seed != recipe.pretraining.seed:
            self.observer.on_note("The seed is not that of language models: they keep their own.")
        narrow, record = self._make_language_model("language model", recipe.pretraining, source)
        wide, records = narrow, [record]
        if recipe.widening:
            name = "wider language model"
            wide, record = self._make_language_model(name, recipe.widening, source, narrow)
            records.append(record)
        order = Order(output, preset, self.resume, overwrite, keeps_networks=True)
        if recipe.student is None:
            own = {"name": "classifier", "command": self._spell_classifier()}
            lessons = replace(source, language_model=wide.model, stages=(*records, own))
            return self._make_last(lessons, wide.model, order)
        teacher, record = self._make_teacher(source, wide.model)
        own = {"name": "student", "command": self._spell_student(recipe.student, preset)}
        lessons = replace(
            source,
            language_model=narrow.model,
            teachers=Teachers.read([teacher]),
            stages=(*records, record, own),
        )
        return self._make_last(lessons, narrow.model, order)

    def _make_last(self, lessons: Source, start: LanguageModel, order: Order) -> Engine:
        self._begin(self.recipe.stage_names()[-1])
        config = adopt(self.recipe.last, start, self.observer)
        last = execute(lessons, config, order, self.observer)
        self._say_finished(last.bundle.about("provenance")["stages"][-1])
        return last

    def _make_language_model(
        self, name: str, config: PretrainingConfig, source: Source, narrow: _Kept | None = None
    ) -> tuple[_Kept, Record]:
        self._begin(name)
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
        command = _spell(f"pretrain {self._name_source()}{start}", list_pretraining_changes(config))
        kept = _Kept(folder, read_language_model(folder))
        return kept, self._describe(name, command, kept.model.about["provenance"])

    def _make_teacher(self, source: Source, model: LanguageModel) -> tuple[Path, Record]:
        recipe, command = self.recipe.classifier, self._spell_classifier()
        settings = effective_settings(adopt_language_model(recipe, model))
        folder = _find_folder("teacher", settings, source.fingerprint(), _fingerprint(model))
        self._begin("teacher")
        if self._is_missing(folder):
            config = adopt(recipe, model, self.observer)
            order = Order(folder, "teacher", self.resume, keeps_networks=True, command=command)
            execute(replace(source, language_model=model), config, order, self.observer)
        return folder, self._describe("teacher", command, read_bundle(folder).about("provenance"))

    def _spell_classifier(self) -> str:
        start = "WIDER_LANGUAGE_MODEL" if self.recipe.widening else "LANGUAGE_MODEL"
        changes = list_changes(self.recipe.classifier, get_preset("seed"))
        return _spell(f"train {self._name_source()} --from {start} --preset seed", changes)

    def _spell_student(self, student: Config, preset: str) -> str:
        start = f"distill TEACHER --data {self._name_source()} --from LANGUAGE_MODEL"
        return _spell(f"{start} --preset {preset}", list_changes(student, get_preset(preset)))

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
