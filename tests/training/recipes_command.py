"""The command line with one preset more, tiny and in stages; tests run it in another process."""

from reelfeel.cli import main
from reelfeel.config import presets
from reelfeel.config.presets import get_preset
from reelfeel.config.pretraining import get_pretraining_preset
from reelfeel.config.recipes import Recipe, Stage

STUDENT = get_preset("mini").updated(
    {
        "model": {"direction": "both", "pooling": "last_max_mean"},
        "training": {"epochs": 2, "patience": 0, "alarm": False, "checkpoint_every_s": 0.1},
    }
)

if __name__ == "__main__":
    pretraining = get_pretraining_preset("mini").updated({"epochs": 2, "checkpoint_every_s": 0.1})
    teacher = STUDENT.updated({"training": {"virtual_adversarial_norm": 0.3}})
    # Long enough to be killed in it.
    student = STUDENT.updated({"training": {"epochs": 12}})
    presets.RECIPES["tiny"] = Recipe(
        (
            Stage("language model", pretraining),
            Stage("teacher", teacher, start="language model"),
            Stage("student", student, start="language model", teacher="teacher"),
        )
    )
    main()
