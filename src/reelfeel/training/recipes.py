"""Carries out a preset in stages: walks its list, and takes what is finished from the cache.

All models but the last are kept under `REELFEEL_HOME`, in folders named after all that they depend
on: another run that needs an equal one takes it from there. So is the network of each direction of
a classifier: the teacher of one preset is what another ends in.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from reelfeel.config.presets import get_preset
from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig, list_pretraining_changes
from reelfeel.config.recipes import Recipe, Stage
from reelfeel.config.sections import Config, list_changes
from reelfeel.errors import BundleError
from reelfeel.files.writing import home
from reelfeel.inference.bundle import read_bundle
from reelfeel.inference.card import format_seconds
from reelfeel.inference.classifier import Classifier
from reelfeel.models.language_model import LanguageModel, read_language_model
from reelfeel.training.classifier.directions import effective_settings
from reelfeel.training.classifier.execution import fit_config, train_classifier
from reelfeel.training.classifier.preparation import RunOptions
from reelfeel.training.classifier.pretrained import Pretrained, fit_config_to
from reelfeel.training.classifier.training_data import DataRequest, TrainingData
from reelfeel.training.distillation.soft_targets import soft_targets
from reelfeel.training.distillation.teachers import Teachers
from reelfeel.training.language_model.pretrain import pretrain
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.run_folder import fingerprint_weights

Record = dict[str, Any]


@dataclass
class RecipeRun:
    """A preset in stages, carried out on one source.

    Attributes:
        recipe: its stages.
        request: what to read.
        options: what to make of the last stage, and whether unfinished stages are resumed.
        observer: is told of progress.
        folders: the models made so far, by the name of their stage.
        records: what is known of the stages made so far: name, command and seconds.
    """

    recipe: Recipe
    request: DataRequest
    options: RunOptions
    observer: Observer
    folders: dict[str, Path] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def run(self) -> Classifier:
        """Makes what is not finished; returns what the last stage makes, loaded."""
        data = self.request.load(self.observer, with_texts=True)
        *earlier, last = self.recipe.stages
        seed = self.recipe.last_config.training.seed
        if any(
            stage.config.seed != seed for stage in earlier if not isinstance(stage.config, Config)
        ):
            self.observer.on_note("The seed is not that of language models: they keep their own.")
        for stage in earlier:
            self.observer.on_stage(len(self.records) + 1, self.recipe.names)
            if isinstance(stage.config, Config):
                about = self._make_classifier(stage, stage.config, data)
            else:
                about = self._make_language_model(stage, stage.config, data)
            seconds = round(sum(about["seconds"].values()), 1)
            self._finish({"name": stage.name, "command": self._command(stage), "seconds": seconds})
        self.observer.on_stage(len(self.recipe.stages), self.recipe.names)
        own = {"name": last.name, "command": self._command(last)}
        options = replace(self.options, stages=(*self.records, own))
        made = self._train(last, self.recipe.last_config, data, options)
        self._finish(made.bundle.about("provenance")["stages"][-1])
        return made

    def _make_language_model(
        self, stage: Stage, config: PretrainingConfig, data: TrainingData
    ) -> Record:
        """Makes a language model unless it is there; returns its provenance."""
        directions, settings = self.recipe.directions, config.key_settings()
        del settings["checkpoint_every_s"]  # it changes when a run stops, not what it computes
        if directions != DIRECTIONS:
            settings["directions"] = directions
        start = self.folders[stage.start] if stage.start else None
        origin = [_fingerprint(read_language_model(start))] if start else []
        folder = self._find_folder(stage, settings, data.fingerprint(), *origin)
        if self._is_missing(folder):
            pretrain(
                [self.request.source],
                output=folder,
                config=config,
                directions=directions,
                start=start,
                widened=start is not None,
                data_dir=self.request.data_dir,
                options=self.request.options,
                resume=self.options.resume,
                observer=self.observer,
            )
        about: Record = read_language_model(folder).about["provenance"]
        return about

    def _make_classifier(self, stage: Stage, config: Config, data: TrainingData) -> Record:
        """Makes a classifier unless it is there; returns its provenance."""
        start, teachers = self._pretrained_of(stage), self._teachers_of(stage)
        settings = effective_settings(fit_config_to(start, config))
        origin = [_fingerprint(start)]
        if teachers:
            origin += [teacher.fingerprint() for teacher in teachers.members]
        folder = self._find_folder(stage, settings, data.fingerprint(), *origin)
        if self._is_missing(folder):
            options = RunOptions(
                folder,
                stage.name,
                self.options.resume,
                keeps_networks=True,
                command=self._command(stage),
            )
            self._train(stage, config, data, options)
        about: Record = read_bundle(folder).about("provenance")
        return about

    def _train(
        self, stage: Stage, config: Config, data: TrainingData, options: RunOptions
    ) -> Classifier:
        start, teachers = self._pretrained_of(stage), self._teachers_of(stage)
        return train_classifier(
            data.starting_from(start),
            fit_config(config, start, self.observer),
            options,
            self.observer,
            make_training_set=partial(soft_targets, teachers) if teachers else None,
        )

    def _pretrained_of(self, stage: Stage) -> Pretrained:
        if stage.start is None:
            raise RuntimeError("Every classifier of a recipe starts from a model.")
        return Pretrained.read(self.folders[stage.start])

    def _teachers_of(self, stage: Stage) -> Teachers | None:
        return Teachers.read([self.folders[stage.teacher]]) if stage.teacher else None

    def _command(self, stage: Stage) -> str:
        """Returns the command that makes the same, with the names of stages for folders."""
        source = (
            str(self.request.source) if isinstance(self.request.source, (str, Path)) else "DATA"
        )
        start = f" --from {_to_placeholder(stage.start)}" if stage.start else ""
        if isinstance(stage.config, PretrainingConfig):
            command = f"pretrain {source}{start}{' --widen' if start else ''}"
            if self.recipe.directions != DIRECTIONS:
                command += f" --direction {self.recipe.directions[0]}"
            changes = list_pretraining_changes(stage.config)
        elif stage.teacher:
            teacher, preset = _to_placeholder(stage.teacher), self.options.preset
            command = f"distill {teacher} --data {source}{start} --preset {preset}"
            changes = list_changes(stage.config, get_preset(preset))
        else:
            command = f"train {source}{start} --preset seed"
            changes = list_changes(stage.config, get_preset("seed"))
        return " ".join(["reelfeel", command, *(f"--set {change}" for change in changes)])

    def _find_folder(self, stage: Stage, settings: Record, *fingerprints: str) -> Path:
        """Returns where a stage's model is kept: equal settings and origins, equal folder."""
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        digest.update("\n".join(fingerprints).encode())
        name = stage.name.replace(" ", "-")
        self.folders[stage.name] = home() / "stages" / digest.hexdigest()[:16] / name
        return self.folders[stage.name]

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

    def _finish(self, record: Record) -> None:
        self.records.append(record)
        number, total = len(self.records), len(self.recipe.stages)
        seconds = format_seconds(record["seconds"])
        self.observer.on_note(f"Stage {number} of {total}, {record['name']}: {seconds}.")


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


def _to_placeholder(name: str | None) -> str:
    return (name or "").upper().replace(" ", "_")


def _fingerprint(model: LanguageModel | Pretrained) -> str:
    weights = [fingerprint_weights(own) for _, own in sorted(model.weights.items())]
    return " ".join([model.vocabulary.fingerprint(), *weights])
