"""One name, one meaning: nothing public is defined twice with different meanings."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "reelfeel"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if not path.name.startswith("__"))
# Names that many modules have on purpose.
ALLOWED = {
    "COMMAND_CLASS": "how a command reads its words; the command line asks each module for its own",
    "main": "where a program starts: ReelFeel's, and that of a reader that stands alone",
}


def find_names(path: Path) -> dict[str, str]:
    """What a module defines for others, by name: what stands behind a constant, or where it is."""
    names = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names[node.name] = f"{path}:{node.lineno}"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found = {one.id for one in targets if isinstance(one, ast.Name)}
            # Two constants of one value mean the same, and so do two aliases of one type.
            names |= dict.fromkeys(found, ast.dump(node.value))
    return {name: meaning for name, meaning in names.items() if not name.startswith("_")}


def is_command(path: Path, name: str) -> bool:
    """Whether a function is a command, which has the name of the Python function that it calls."""
    return "cli" in path.relative_to(SOURCE).parts and path.stem == name


def find_ambiguous(modules: list[Path]) -> dict[str, set[str]]:
    meanings = defaultdict(dict)
    for path in modules:
        for name, meaning in find_names(path).items():
            if not is_command(path, name) and name not in ALLOWED:
                meanings[name][str(path)] = meaning
    return {name: set(where) for name, where in meanings.items() if len(set(where.values())) > 1}


def test_no_name_has_two_meanings():
    assert find_ambiguous(MODULES) == {}


@pytest.mark.parametrize(
    ("one", "other", "is_found"),
    [
        ("class Run: pass", "class Run: pass", True),
        ("def read(): pass", "read = dict", True),
        ("SIZE = 1", "SIZE = 2", True),
        ("SIZE = 1", "SIZE: int = 1", False),
        ("Ids = list[int]", "Ids = list[float]", True),
        ("def _read(): pass", "def _read(): pass", False),
        ("def read(): pass", "def write(): pass", False),
    ],
)
def test_a_second_meaning_is_found(one, other, is_found, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SOURCE", tmp_path)
    paths = [tmp_path / "one.py", tmp_path / "other.py"]
    for path, text in zip(paths, (one, other), strict=True):
        path.write_text(text)
    assert bool(find_ambiguous(paths)) == is_found


def test_no_three_modules_have_one_name():
    places = defaultdict(list)
    for path in MODULES:
        places[path.stem].append(str(path.relative_to(SOURCE)))
    assert {name: where for name, where in places.items() if len(where) > 2} == {}
