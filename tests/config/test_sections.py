import pytest

from reelfeel.config.presets import PRESETS, find_recipe, get_preset
from reelfeel.config.pretraining import DIRECTIONS
from reelfeel.config.recipes import RECIPES, Recipe, Stage
from reelfeel.config.sections import Config, ModelConfig, list_changes
from reelfeel.config.settings import parse_assignments, read_toml
from reelfeel.errors import ConfigError, UsageError


def test_the_seed_has_the_published_hyper_parameters():
    config = get_preset("seed")
    assert (config.data.vocabulary_size, config.data.max_tokens) == (10_000, 500)
    assert (config.model.embedding_dim, config.model.units) == (128, (64,))
    assert config.model.dropout_rate == 0.5
    training = config.training
    assert (training.batch_size, training.epochs, training.learning_rate) == (64, 10, 0.001)
    assert config.model.masking


def test_the_original_is_the_network_as_it_was_run():
    config = get_preset("seed-original")
    assert (config.data.max_tokens, config.data.keep, config.data.fixed_timesteps) == (
        500, "head", True,
    )  # fmt: skip
    assert (config.data.validation_split, config.data.validation_share) == ("random", 0.2)
    model = config.model
    assert (model.embedding_dim, model.units, model.dense_units) == (128, (128, 64), 32)
    assert (model.dropout_rate, model.dense_dropout_rate, model.masking) == (0.3, 0.2, False)
    assert (config.training.batch_size, config.training.patience) == (128, 3)


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_json(name):
    assert Config().updated(PRESETS[name].to_dict()) == PRESETS[name]


@pytest.mark.parametrize(
    ("sections", "word"),
    [
        ({"trainin": {}}, "training"),
        ({"training": {"epoch": 3}}, "training.epochs"),
        ({"training": {"epochs": "3"}}, "int"),
        ({"training": {"epochs": True}}, "int"),
        ({"training": {"epochs": -1}}, "0 or more"),
        ({"training": {"learning_rate": 0}}, "above 0"),
        ({"training": {"precision": "float16"}}, "bfloat16"),
        ({"model": {"weight_precision": "bfloat16"}}, "float16"),
        ({"model": {"units": []}}, "units"),
        ({"model": {"units": [64, 0]}}, "units"),
        ({"model": {"dropout_rate": 1.0}}, "below 1"),
        ({"data": {"keep": "middle"}}, "head_tail"),
        ({"data": {"validation_share": 1.5}}, "between 0 and 1"),
        ({"data": 3}, "section"),
        ({"data": {"split_seed": -2}}, "-1 or more"),
        ({"model": {"pooling": "max"}}, "last_max_mean"),
        ({"model": {"direction": "left"}}, "backward"),
        ({"model": {"word_dropout_rate": 1.0}}, "below 1"),
        ({"model": {"masking": False, "pooling": "last_max_mean"}}, "model.masking must be true"),
        ({"model": {"masking": False, "direction": "both"}}, "model.masking must be true"),
        ({"training": {"learning_rate_decay": "cosine"}}, "linear"),
        ({"training": {"rate_factor_per_layer": 0.0}}, "above 0 and at most 1"),
        ({"training": {"adversarial_norm": -1.0}}, "0 or more"),
        ({"training": {"virtual_batch_size": 0}}, "at least 1"),
    ],
    ids=str,
)
def test_an_impossible_setting_is_refused_in_words(sections, word):
    with pytest.raises(ConfigError, match=word):
        Config().updated(sections)


def test_a_whole_number_will_do_for_a_float_and_one_layer_for_a_list():
    config = Config().updated({"training": {"learning_rate": 1}, "model": {"units": 32}})
    assert config.training.learning_rate == 1.0
    assert config.model.units == (32,)


@pytest.mark.parametrize("assignment", ["epochs=3", "training.epochs", "=3", ".=", "training.=1"])
def test_an_assignment_of_another_form_is_refused(assignment):
    with pytest.raises(ConfigError, match=r"section\.key=value"):
        parse_assignments([assignment])


def test_assigned_values_are_toml_or_else_text():
    values = parse_assignments(
        ["data.keep=tail", 'data.validation_split="random"', "model.units=[8, 4]",
         "model.masking=false", "training.learning_rate=1e-3"]
    )  # fmt: skip
    assert values == {
        "data": {"keep": "tail", "validation_split": "random"},
        "model": {"units": [8, 4], "masking": False},
        "training": {"learning_rate": 0.001},
    }


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "broken.toml").write_text("[training\n")
    for name in ("broken.toml", "missing.toml"):
        with pytest.raises(ConfigError, match=name):
            read_toml(tmp_path / name)


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean seed"):
        get_preset("sed")


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        ModelConfig().embedding_dim = 3


def classifiers(recipe):
    return [stage.config for stage in recipe.stages if isinstance(stage.config, Config)]


def language_models(recipe):
    return [stage.config for stage in recipe.stages if not isinstance(stage.config, Config)]


@pytest.mark.parametrize("name", RECIPES)
def test_a_preset_in_stages_stands_for_its_last(name):
    recipe = find_recipe(name)
    assert get_preset(name) == recipe.last_config
    # Validation reviews are those that the language model did not read either.
    for config in classifiers(recipe):
        assert config.data.validation_share == recipe.stages[0].config.validation_share
        assert config.data.validation_split == "grouped"
    seeded = recipe.with_last(recipe.last_config.updated({"training": {"seed": 7}}))
    assert {one.training.seed for one in classifiers(seeded)} == {7}
    assert language_models(seeded) == language_models(recipe)
    assert [(s.name, s.start, s.teacher) for s in seeded.stages] == [
        (s.name, s.start, s.teacher) for s in recipe.stages
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_every_stage_names_earlier_ones(name):
    stages = find_recipe(name).stages
    for number, stage in enumerate(stages):
        earlier = {one.name for one in stages[:number]}
        assert {stage.start, stage.teacher} - {None} <= earlier
        assert stage.name not in earlier


def test_the_presets_in_stages_share_what_they_can():
    base, small = RECIPES["base"], RECIPES["small"]
    # The second student teaches both the third one, which is `base`, and `small`.
    assert base.stages[:-1] == small.stages[:-1]
    assert (base.stages[-1].start, small.stages[-1].start) == ("second student", "language model")
    model = small.last_config.model
    assert (model.embedding_dim, model.units) == (128, (64,))


def test_a_last_stage_of_another_size_or_direction_starts_from_the_language_model():
    base = RECIPES["base"]
    for change in ({"units": [64]}, {"embedding_dim": 64}, {"direction": "both"}):
        changed = base.with_last(base.last_config.updated({"model": change}))
        assert changed.stages[-1].start == "language model"
        assert changed.stages[-1].teacher == "second student"


def test_language_models_read_in_the_directions_of_the_classifiers():
    recipe = RECIPES["large"]
    assert (RECIPES["base"].directions, recipe.directions) == (DIRECTIONS, ("forward",))
    backward = recipe.last_config.updated({"model": {"direction": "backward"}})
    assert recipe.with_last(backward).directions == DIRECTIONS
    alone = Recipe((recipe.stages[0], Stage("classifier", backward, start="language model")))
    assert alone.directions == ("backward",)


def test_changes_are_written_as_they_are_read():
    base, changed = get_preset("seed"), get_preset("small")
    typed = list_changes(changed, base)
    assert base.updated(parse_assignments(typed)) == changed
    assert list_changes(base, base) == []
