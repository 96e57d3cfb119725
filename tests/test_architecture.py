"""Imports go down only; see ARCHITECTURE.md."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "reelfeel"
GROUND = {"errors", "types", "files", "extras", "weights", "native"}
GROUND |= {
    "console",
    "escaping",
    "inputs",
    "outputs",
    "ownership",
    "scratch",
    "signals",
    "terminal",
}
GROUND |= {"schema", "plain_files", "array_files", "weight_shapes"}
GROUND |= {"config", "presets", "label_presets", "pretraining_config", "settings"}
GROUND |= {"ledger", "columns", "given_texts"}
FLOOR_1 = {"data", "models", "evaluation", "text"}
# What each room may import besides the ground floor and itself.
ARROWS = {
    **{room: frozenset() for room in GROUND | FLOOR_1},
    # A language model is saved with its vocabulary: without it its weights mean nothing.
    "models": {"text"},
    "report": {"evaluation"},
    "explanation": {"text"},
    # An engine explains itself; the room of explanations knows no engine, hence no circle.
    "runtime": {"text", "explanation"},
    "training": {"data", "text", "models", "evaluation", "runtime"},
    "scoring": {"runtime", "data", "text", "evaluation", "explanation", "report"},
    # What needs Keras imports it in its function: a graph is exported without.
    "exports": {"runtime", "text", "models"},
    "serving": {"runtime", "data", "explanation"},
    "cli": FLOOR_1
    | {"report", "explanation", "runtime", "training", "scoring", "serving", "exports"},
}
HEAVY = {"keras", "torch", "tensorflow", "jax"}


def find_imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def name_room(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


MODULES = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if path.name not in {"__init__.py", "__main__.py"} or path.parent != SOURCE
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_what_lies_below_it(path):
    room = name_room(path)
    rooms = {name.split(".")[1] for name in find_imports(path) if name.startswith("reelfeel.")}
    assert rooms <= ARROWS[room] | GROUND | {room}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_keras_and_pytorch_live_in_two_rooms(path):
    packages = {name.split(".")[0] for name in find_imports(path)}
    if name_room(path) not in {"models", "training"}:
        assert not packages & HEAVY


def test_commands_import_rooms_only_when_they_run():
    for path in (SOURCE / "cli").glob("*.py"):
        rooms = {
            name.split(".")[1]
            for name in find_imports(path, top_level_only=True)
            if name.startswith("reelfeel.")
        }
        assert rooms <= GROUND | {"cli"}, path.name


def test_the_rule_itself_sees_a_forbidden_import(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from reelfeel.training import fit\n")
    assert find_imports(wrong) == {"reelfeel.training"}
