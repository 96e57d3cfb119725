"""The command line with one preset more, tiny and in stages; tests run it in another process."""

from reelfeel.cli import main
from reelfeel.config import presets
from reelfeel.config.presets import Recipe, get_preset
from reelfeel.config.pretraining import get_pretraining_preset

STUDENT = get_preset("mini").updated(
    {
        "model": {"direction": "both", "pooling": "last_max_mean"},
        "training": {"epochs": 2, "patience": 0, "alarm": False, "checkpoint_every_s": 0.1},
    }
)

if __name__ == "__main__":
    presets.RECIPES["tiny"] = Recipe(
        get_pretraining_preset("mini").updated({"passes": 2, "checkpoint_every_s": 0.1}),
        STUDENT.updated({"training": {"virtual_adversarial_norm": 0.3}}),
        # Long enough to be killed in it.
        (STUDENT.updated({"training": {"epochs": 12}}),),
    )
    main()
