"""ReelFeel: sentiment analysis of reviews with LSTMs.

    import reelfeel

    reelfeel.train("imdb", output="runs/seed")
    classifier = reelfeel.load("runs/seed")
    classifier.predict_proba(["A slow start, but what an ending."])
    reelfeel.evaluate("runs/seed", "imdb")
    reelfeel.report("runs/seed")

Names are imported when they are first used, so `import reelfeel` costs nothing.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reelfeel.evaluation.calibrate import calibrate
    from reelfeel.evaluation.compare import compare
    from reelfeel.evaluation.evaluate import evaluate, evaluate_predictions
    from reelfeel.evaluation.reporting.report import report
    from reelfeel.inference.classifier import Classifier, load
    from reelfeel.training.language_model.pretrain import pretrain
    from reelfeel.training.train import train
    from reelfeel.values import Explanation, Prediction, Reviews

__version__ = "0.1.0"

_HOMES = {
    "Classifier": "reelfeel.inference.classifier",
    "Explanation": "reelfeel.values",
    "Prediction": "reelfeel.values",
    "Reviews": "reelfeel.values",
    "calibrate": "reelfeel.evaluation.calibrate",
    "compare": "reelfeel.evaluation.compare",
    "evaluate": "reelfeel.evaluation.evaluate",
    "evaluate_predictions": "reelfeel.evaluation.evaluate",
    "load": "reelfeel.inference.classifier",
    "pretrain": "reelfeel.training.language_model.pretrain",
    "report": "reelfeel.evaluation.reporting.report",
    "train": "reelfeel.training.train",
}

__all__ = [
    "Classifier",
    "Explanation",
    "Prediction",
    "Reviews",
    "calibrate",
    "compare",
    "evaluate",
    "evaluate_predictions",
    "load",
    "pretrain",
    "report",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'reelfeel' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]


class _Package(ModuleType):
    """This package, whose public names stay what they are whatever is imported after them.

    Once a submodule is loaded, the import system writes it into its package under its own name: the
    room `reelfeel.report` would take the place of the function `reelfeel.report` as soon as
    anything needs the room. `from reelfeel.report.page import ...` works all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


# How the language reference customises the attributes of a module.
sys.modules[__name__].__class__ = _Package
