"""ReelFeel: sentiment analysis of reviews with LSTMs.

    import reelfeel

    reelfeel.load("base").predict(["A slow start, but what an ending."])
    reelfeel.train(texts, labels, output="runs/mine")
    reelfeel.evaluate("runs/mine", "test.csv")

Each command of the command line is a function here, of the same name and with the same answers:
`predict` is a method of what `load` returns, and `errors` is `list_mistakes`.

Names are imported when they are first used, so `import reelfeel` costs nothing.
"""

import sys
import warnings
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reelfeel.data.audit.check_data import check_data
    from reelfeel.data.audit.findings import Audit
    from reelfeel.evaluation.calibrate import calibrate
    from reelfeel.evaluation.compare import compare
    from reelfeel.evaluation.errors.list_mistakes import Mistakes, list_mistakes
    from reelfeel.evaluation.evaluate import evaluate, evaluate_predictions
    from reelfeel.evaluation.reporting.report import report
    from reelfeel.evaluation.robustness_check import Behaviour, check_behaviour
    from reelfeel.exports.export import ExportedModel, export
    from reelfeel.inference.classifier import Classifier, load
    from reelfeel.inference.explaining import explain
    from reelfeel.inference.facts import ModelFacts, models
    from reelfeel.scoring.score import ScoreOptions, score
    from reelfeel.training.distillation.distill import distill
    from reelfeel.training.language_model.pretrain import pretrain
    from reelfeel.training.train import train
    from reelfeel.values import Explanation, Prediction, Reviews

__version__ = "0.1.0"

_HOMES = {
    "Audit": "reelfeel.data.audit.findings",
    "Behaviour": "reelfeel.evaluation.robustness_check",
    "Classifier": "reelfeel.inference.classifier",
    "Explanation": "reelfeel.values",
    "ExportedModel": "reelfeel.exports.export",
    "Mistakes": "reelfeel.evaluation.errors.list_mistakes",
    "ModelFacts": "reelfeel.inference.facts",
    "Prediction": "reelfeel.values",
    "Reviews": "reelfeel.values",
    "calibrate": "reelfeel.evaluation.calibrate",
    "check_behaviour": "reelfeel.evaluation.robustness_check",
    "check_data": "reelfeel.data.audit.check_data",
    "compare": "reelfeel.evaluation.compare",
    "distill": "reelfeel.training.distillation.distill",
    "evaluate": "reelfeel.evaluation.evaluate",
    "evaluate_predictions": "reelfeel.evaluation.evaluate",
    "explain": "reelfeel.inference.explaining",
    "export": "reelfeel.exports.export",
    "list_mistakes": "reelfeel.evaluation.errors.list_mistakes",
    "load": "reelfeel.inference.classifier",
    "models": "reelfeel.inference.facts",
    "pretrain": "reelfeel.training.language_model.pretrain",
    "report": "reelfeel.evaluation.reporting.report",
    "ScoreOptions": "reelfeel.scoring.score",
    "score": "reelfeel.scoring.score",
    "train": "reelfeel.training.train",
}

__all__ = [
    "Audit",
    "Behaviour",
    "Classifier",
    "Explanation",
    "ExportedModel",
    "Mistakes",
    "ModelFacts",
    "Prediction",
    "Reviews",
    "ScoreOptions",
    "calibrate",
    "check_behaviour",
    "check_data",
    "compare",
    "distill",
    "evaluate",
    "evaluate_predictions",
    "explain",
    "export",
    "list_mistakes",
    "load",
    "models",
    "pretrain",
    "report",
    "score",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        # The exceptions, for `except reelfeel.errors.UsageError`: what `errors` does on the command
        # line is `list_mistakes` here, so that this stays a module.
        return import_module("reelfeel.errors")
    if name == "Engine":  # old name
        name = "Classifier"
        text = "reelfeel.Engine is now called reelfeel.Classifier."  # old name
        warnings.warn(text, FutureWarning, stacklevel=2)
    if name not in _HOMES:
        raise AttributeError(f"module 'reelfeel' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]


class _Package(ModuleType):
    """This package, whose public names stay what they are whatever is imported after them.

    Once a submodule is loaded, the import system writes it into its package under its own name: the
    rooms `reelfeel.report` and `reelfeel.models` would take the place of the functions as soon as
    anything needs the rooms. `from reelfeel.report.page import ...` works all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


# How the language reference customises the attributes of a module.
sys.modules[__name__].__class__ = _Package
