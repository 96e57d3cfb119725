"""Imports go down only; see ARCHITECTURE.md."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "reelfeel"
GROUND = {
    "config",
    "errors",
    "extras",
    "files",
    "native",
    "schema",
    "signals",
    "terminal",
    "values",
}
GROUND |= {"columns", "frame_library", "given_texts", "load_summary", "plain_values", "text_hashes"}
GROUND |= {"weight_shapes", "weights"}
FLOOR_1 = {"data", "models", "explanation", "robustness", "baselines", "metrics", "text"}
FLOOR_2 = {"report", "inference"}
FLOOR_3 = {"training", "evaluation", "exports", "scoring"}
# What each room may import besides the ground floor and itself.
ARROWS = {
    **{room: frozenset() for room in GROUND | FLOOR_1},
    # An audit counts tokens as a model does.
    "data": {"text"},
    # A language model is saved with its vocabulary: without it its weights mean nothing.
    "models": {"text"},
    # Both speak of log-odds, which are written once.
    "explanation": {"text", "metrics"},
    "baselines": {"metrics"},
    # How robust a model is, is told beside the baselines.
    # Texts are damaged sentence by sentence.
    "robustness": {"metrics", "baselines", "text"},
    "report": {"metrics", "baselines", "robustness"},
    # A classifier explains itself; the room of explanations knows no model, hence no circle. By
    # gradients it needs Keras, which it imports in its function.
    "inference": {"text", "explanation", "models"},
    "training": {"data", "text", "models", "metrics", "robustness", "inference"},
    "evaluation": FLOOR_1 - {"models"} | FLOOR_2,
    "scoring": {"inference", "data", "text", "explanation", "metrics", "report"},
    # What needs Keras imports it in its function: a graph is exported without.
    "exports": {"inference", "text", "models"},
    "cli": FLOOR_1 | FLOOR_2 | FLOOR_3,
}
# The same within training. What decides which room does what lies above them all.
TRAINING_ARROWS = {
    "loop": frozenset(),
    "classifier": {"loop"},
    "language_model": {"loop"},
    "distillation": {"classifier", "loop"},
    "few_labels": {"classifier", "loop"},
    "recipes": {"classifier", "language_model", "distillation", "few_labels", "loop"},
    "train": {"classifier", "language_model", "distillation", "few_labels", "loop", "recipes"},
    "seeds": {"train"},
}
HEAVY = {"keras", "torch", "tensorflow", "jax"}


def find_imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    """Everything that a module imports, by dotted name, in whatever spelling."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = name_start(node, path)
            names |= {f"{start}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call):
            names |= name_imported_by_call(node)
    return names


def name_start(node: ast.ImportFrom, path: Path) -> str:
    """What `from` names, a relative one made absolute."""
    if not node.level:
        return node.module or ""
    package = ("reelfeel", *path.relative_to(SOURCE).parts[: -node.level])
    return ".".join([*package, *filter(None, [node.module])])


def name_imported_by_call(node: ast.Call) -> set[str]:
    """`import_module("reelfeel.x")` and `__import__("reelfeel.x")`."""
    function = (
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    )
    if function not in {"import_module", "__import__"} or not node.args:
        return set()
    name = node.args[0]
    return {name.value} if isinstance(name, ast.Constant) and isinstance(name.value, str) else set()


def name_room(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


MODULES = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if path.name not in {"__init__.py", "__main__.py"} or path.parent != SOURCE
)


def find_rooms(path: Path, *, top_level_only: bool = False) -> set[str]:
    """The rooms that a module imports from; names that the package itself gives are none."""
    names = find_imports(path, top_level_only=top_level_only)
    parts = [name.split(".") for name in names]
    rooms = {part[1] for part in parts if part[0] == "reelfeel" and len(part) > 1}
    return {room for room in rooms if (SOURCE / room).is_dir() or (SOURCE / f"{room}.py").exists()}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_what_lies_below_it(path):
    room = name_room(path)
    rooms = find_rooms(path)
    assert rooms <= ARROWS[room] | GROUND | {room}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_keras_and_pytorch_live_in_two_rooms(path):
    packages = {name.split(".")[0] for name in find_imports(path)}
    if name_room(path) not in {"models", "training"}:
        assert not packages & HEAVY


def test_commands_import_rooms_only_when_they_run():
    for path in (SOURCE / "cli").rglob("*.py"):
        rooms = find_rooms(path, top_level_only=True)
        assert rooms <= GROUND | {"cli"}, path.name


@pytest.mark.parametrize(
    "line",
    [
        "from reelfeel.training import fit",
        "from reelfeel import training",
        "from reelfeel import training as t, errors",
        "import reelfeel.training",
        "import reelfeel.training.fit as f",
        "from .. import training",
        "from ..training import fit",
        "from ..training.fit import fit",
        "from importlib import import_module; import_module('reelfeel.training')",
        "__import__('reelfeel.training.fit')",
    ],
)
def test_a_forbidden_import_is_seen_in_any_spelling(line, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SOURCE", tmp_path)
    for room in ("data", "training"):
        (tmp_path / room).mkdir()
    wrong = tmp_path / "data" / "wrong.py"
    wrong.write_text(f"def f():\n    {line}\n")
    assert "training" in find_rooms(wrong)


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES}), ids=str)
def test_a_folder_holds_at_most_fifteen_modules(folder):
    assert len(list(folder.glob("*.py"))) <= 15


def find_training_rooms(path: Path) -> set[str]:
    """The rooms of training that a module imports from."""
    parts = [name.split(".") for name in find_imports(path)]
    return {part[2] for part in parts if part[:2] == ["reelfeel", "training"] and len(part) > 2}


def test_rooms_of_training_import_only_what_lies_below_them():
    folder = SOURCE / "training"
    wrong = set()
    for path in folder.rglob("*.py"):
        room = path.relative_to(folder).parts[0].removesuffix(".py")
        if room != "__init__":
            wrong |= {(room, other) for other in find_training_rooms(path) - {room}} - {
                (room, allowed) for allowed in TRAINING_ARROWS[room]
            }
    assert not wrong


def test_the_arrows_of_training_form_no_circle():
    order = list(TRAINING_ARROWS)
    for room, below in TRAINING_ARROWS.items():
        assert all(order.index(other) < order.index(room) for other in below)


def test_the_picture_of_training_names_every_room():
    text = (SOURCE.parents[1] / "ARCHITECTURE.md").read_text("utf-8")
    for room in TRAINING_ARROWS:
        assert room in text
