"""Changes of saved files as a stranger could make them, each from a seed; the sums made again."""

import copy
import hashlib
import json
import math
import os
import pickle
import re
import socket
import struct
import zipfile
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

ODD_VALUES = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    5,
    7,
    2**31,
    2**31 - 1,
    2**32,
    2**63,
    2**64 + 1,
    2**64 + 5,
    10**400,
    -(2**63),
    0.0,
    0.5,
    1.0,
    1.5,
    -0.5,
    1e30,
    1e308,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "x",
    "head",
    "head_tail",
    "tail",
    "both",
    "backward",
    "last_max_mean",
    "float16",
    "0" * 64,
    "\ud800",
    "[/x]",
    "a\nb",
    "\x1b[2J",
    "x" * 100_000,
    [],
    {},
    [1, 2, 3],
    [[]],
    {"a": {"b": []}},
    ["a", "a"],
    [None, None],
    [1, 2],
    ["a", "b"],
    [0],
    [9_000],
    [60_000],
    [8] * 40,
    [True],
    "1",
    "1.0",
    1e-320,
)
DEEP = "[" * 100_000
NUM_KINDS = 10


def refresh_sums(folder):
    """Writes SHA256SUMS again over the files that it names, as an attacker would."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        return
    lines = []
    for line in sums.read_bytes().decode("utf-8", "replace").splitlines():
        # What the sums themselves say may have been changed into anything.
        name = line.partition("  ")[2]
        if not re.fullmatch(r"[a-z_]+\.[a-z]+", name):
            continue
        file = folder / name
        # What is not plain has no sum, and a huge sparse file would take minutes.
        if file.is_file() and file.stat().st_size < 1 << 28 and not file.is_symlink():
            line = f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {name}"
        lines.append(f"{line}\n")
    sums.write_text("".join(lines))


def mutate(folder, seed):
    """Changes a copy of a saved folder in one way or two; returns what was done, in words."""
    rng = np.random.default_rng(seed)
    done = [_mutate_once(folder, rng)]
    if rng.random() < 0.3:
        done.append(_mutate_once(folder, rng))
    if rng.random() < 0.97:
        _refresh_fingerprint(folder, rng)
        refresh_sums(folder)
    return "; ".join(done)


def _mutate_once(folder, rng):
    is_classifier = not (folder / "language_model.json").exists()
    settings = folder / ("config.json" if is_classifier else "language_model.json")
    weights = ["weights"] if is_classifier else ["forward", "backward"]
    weights = [folder / f"{name}.safetensors" for name in weights]
    others = ["vocabulary.json", "SHA256SUMS"]
    if is_classifier:
        others += ["decision.json", "golden.jsonl", "graph.onnx", "history.json", "metrics.json",
                   "provenance.json", "training_texts.json"]  # fmt: skip
    files = [settings, *weights, *(folder / name for name in others)]
    documents = [file for file in files if file.suffix == ".json"]
    file = files[rng.integers(len(files))]
    makers = (
        (mutate_bytes, file),
        (mutate_json, documents[rng.integers(len(documents))]),
        (mutate_json, settings),
        (mutate_sizes, settings),
        (mutate_tensors, weights[rng.integers(len(weights))]),
        (mutate_header, weights[rng.integers(len(weights))]),
        (replace_file, file),
        (mutate_lines, folder / "golden.jsonl"),
        (mutate_tokens, folder / "vocabulary.json"),
        (grow_consistently, folder),
    )
    make, place = makers[rng.integers(len(makers))]
    if place != folder and not (place.is_file() and place.stat().st_size < 1 << 26):
        return f"{place.name} stays as it is"
    try:
        return f"{make.__name__} {place.name}: {make(place, rng)}"
    except (
        OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, SafetensorError,
        MemoryError, struct.error,
    ) as error:  # fmt: skip
        return f"{make.__name__} {place.name}: not possible after another change ({error})"


def mutate_bytes(file, rng):
    """Flips, cuts, doubles or inserts bytes."""
    content = bytearray(file.read_bytes())
    way = ("flip", "cut", "insert", "double", "zero")[rng.integers(5)]
    place = int(rng.integers(len(content) + 1))
    # The first bytes decide the most.
    place = place if rng.random() < 0.5 else min(place, int(rng.integers(200)))
    if way == "flip":
        for _ in range(rng.integers(1, 8)):
            content[min(place, len(content) - 1)] ^= 1 << rng.integers(8)
            place = int(rng.integers(len(content)))
    elif way == "cut":
        del content[place:]
    elif way == "insert":
        content[place:place] = rng.bytes(rng.integers(1, 100))
    elif way == "double":
        content += content[place:]
    else:
        content[place : place + 50] = bytes(50)
    file.write_bytes(content)
    return way


def mutate_json(file, rng):
    """Replaces, removes or adds a value anywhere in a document."""
    if rng.random() < 0.05:
        file.write_text(DEEP)
        return "nested deep"
    value = json.loads(file.read_text("utf-8"))
    places = list(_list_places(value))[:3_000]
    owner, key = places[rng.integers(len(places))]
    way, odd = rng.random(), ODD_VALUES[rng.integers(len(ODD_VALUES))]
    if way < 0.75 or isinstance(owner, list):
        said, owner[key] = f"{key} = {str(odd)[:40]!r}", copy.deepcopy(odd)
    elif way < 0.9:
        said = f"without {key}"
        del owner[key]
    else:
        said, owner["extra"] = f"extra = {str(odd)[:40]!r}", odd
    file.write_text(json.dumps(value))
    return said


def _list_places(value):
    stack = [value]
    while stack:
        one = stack.pop(0)
        keys = one if isinstance(one, dict) else range(len(one))
        for key in keys:
            yield one, key
            if isinstance(one[key], (dict, list)):
                stack.append(one[key])


def mutate_sizes(file, rng):
    """Changes settings to others that could be, but do not fit the weights, or not each other."""
    value = json.loads(file.read_text("utf-8"))
    choices = {
        "embedding_dim": [1, 2, 5, 8, 16, 32, 65_536, 10**6], "units": [[1], [8], [9_000], [3, 4]],
        "dense_units": [0, 1, 5, 9_000], "pooling": ["last", "last_max_mean"],
        "direction": ["forward", "backward", "both"], "masking": [True, False],
        "weight_precision": ["float32", "float16"], "fixed_timesteps": [True, False],
        "max_tokens": [1, 2, 5, 300, 10**6, 2**31, 2**63, 2**64 + 5],
        "keep": ["head", "tail", "head_tail"], "vocabulary_size": [3, 4, 5, 10**6, 2**40],
        "lowercase": [True, False],
    }  # fmt: skip
    sections = [one for one in value.values() if isinstance(one, dict)]
    known = sorted({name for section in sections for name in section} & choices.keys())
    name = known[rng.integers(len(known))]
    chosen = choices[name][rng.integers(len(choices[name]))]
    for section in sections:
        if name in section:
            section[name] = chosen
    file.write_text(json.dumps(value))
    return f"{name} = {chosen}"


def mutate_tensors(file, rng):
    """Drops, adds, renames, reshapes, retypes or spoils an array."""
    arrays = dict(load_file(file))
    name = sorted(arrays)[rng.integers(len(arrays))]
    array = arrays[name]
    ways = {
        "drop": lambda: arrays.pop(name),
        "add": lambda: arrays.update({"extra/kernel": np.zeros((3, 3), np.float32)}),
        "rename": lambda: arrays.update({f"{name}x": arrays.pop(name)}),
        "flatten": lambda: arrays.update({name: array.ravel()}),
        "turn": lambda: arrays.update({name: np.ascontiguousarray(array.T)}),
        "widen": lambda: arrays.update({name: np.repeat(array, 2, axis=-1)}),
        "lengthen": lambda: arrays.update({name: np.repeat(array, 3, axis=0)}),
        "shorten": lambda: arrays.update({name: array[: len(array) // 2]}),
        "float64": lambda: arrays.update({name: array.astype(np.float64)}),
        "float16": lambda: arrays.update({name: array.astype(np.float16)}),
        "int32": lambda: arrays.update({name: np.zeros(array.shape, np.int32)}),
        "all float16": lambda: arrays.update(
            {key: value.astype(np.float16) for key, value in arrays.items()}
        ),
        "NaN": lambda: array.flat.__setitem__(rng.integers(array.size), np.nan),
        "infinite": lambda: array.flat.__setitem__(rng.integers(array.size), -np.inf),
        "huge": lambda: array.flat.__setitem__(slice(None), np.array(6e4, array.dtype)),
        "noise": lambda: arrays.update({name: rng.normal(0, 9, array.shape).astype(array.dtype)}),
    }
    way = sorted(ways)[rng.integers(len(ways))]
    ways[way]()
    save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, file)
    return f"{way} {name}"


def mutate_header(file, rng):
    """Lets the header of a file of weights say something else than what is in it."""
    content = file.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    if rng.random() < 0.2:
        said = int(rng.choice([0, 1, size - 1, size + 1, 2**20, 2**31, 2**63 - 1]))
        file.write_bytes(struct.pack("<Q", said) + content[8:])
        return f"its size is {said}"
    names = [name for name in header if name != "__metadata__"]
    entry = header[names[rng.integers(len(names))]]
    field = ("shape", "data_offsets", "dtype")[rng.integers(3)]
    odd = ODD_VALUES[rng.integers(len(ODD_VALUES))]
    if field == "dtype":
        entry[field] = ["F64", "F16", "BF16", "I8", "BOOL", "F8_E5M2", odd][rng.integers(7)]
    elif rng.random() < 0.3:
        entry[field] = odd
    else:
        values = entry[field]
        values[rng.integers(len(values))] = [
            0, 1, -1, 2**31, 2**40, 2**62, 2**63, len(data), len(data) + 4, 2.0, "4", odd
        ][rng.integers(12)]  # fmt: skip
    if rng.random() < 0.3:
        entry["extra"] = 1
    encoded = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)
    return f"{field} of an array"


def replace_file(file, rng):
    """Puts something else in the place of a file."""
    content = file.read_bytes()
    file.unlink()
    ways = {
        "pipe": lambda: os.mkfifo(file),
        "folder": file.mkdir,
        "endless device": lambda: file.symlink_to("/dev/zero"),
        "empty device": lambda: file.symlink_to("/dev/null"),
        "link to nothing": lambda: file.symlink_to("nothing"),
        "link to itself": lambda: file.symlink_to(file.name),
        "socket": lambda: _make_socket(file),
        "nothing": lambda: None,
        "empty": lambda: file.write_bytes(b""),
        "zip": lambda: zipfile.ZipFile(file, "w").close(),
        "pickle": lambda: file.write_bytes(pickle.dumps({"weights": [1.0]})),
        "spaces": lambda: file.write_bytes(b" " * 1_000_000),
        "sparse": lambda: _make_sparse(file, content, 3 << 30),
        "UTF-16": lambda: file.write_bytes(content.decode("utf-8", "replace").encode("utf-16")),
        "numbers": lambda: file.write_text("1" * 10_000),
    }
    way = sorted(ways)[rng.integers(len(ways))]
    ways[way]()
    return way


def _make_socket(file):
    place = Path.cwd()
    os.chdir(file.parent)  # the path of a socket has at most some hundred characters
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(file.name)
    finally:
        os.chdir(place)


def _make_sparse(file, content, size):
    file.write_bytes(content)
    os.truncate(file, size)


def mutate_lines(file, rng):
    """Changes golden answers: what they say, how many, how long."""
    lines = file.read_text().splitlines()
    place, odd = rng.integers(len(lines)), ODD_VALUES[rng.integers(len(ODD_VALUES))]
    way = rng.integers(6)
    if way == 0:
        lines[place] = json.dumps({"text": "good", "probability": odd})
    elif way == 1:
        lines[place] = json.dumps({"text": odd, "probability": 0.5})
    elif way == 2:
        lines[place] = json.dumps(odd)
    elif way == 3:
        lines = []
    elif way == 4:
        lines *= 10_000
    else:
        lines[place] = json.dumps({"text": "! a " * 30_000, "probability": 0.5})
    file.write_text("".join(f"{line}\n" for line in lines))
    return f"way {way}, {str(odd)[:40]!r}"


def mutate_tokens(file, rng):
    """Changes the words: more, fewer, twice, odd ones."""
    value = json.loads(file.read_text())
    tokens = value["tokens"]
    ways = (
        lambda: tokens.append("another"),
        lambda: tokens.extend(f"word{number}" for number in range(1_000)),
        lambda: tokens.pop(),
        tokens.clear,
        lambda: tokens.append(tokens[0]),
        lambda: tokens.__setitem__(0, "a\nb"),
        lambda: tokens.__setitem__(0, "\ud800"),
        lambda: tokens.__setitem__(0, "x" * 1_000_000),
        lambda: tokens.__setitem__(0, ODD_VALUES[rng.integers(len(ODD_VALUES))]),
        tokens.reverse,
    )
    way = rng.integers(len(ways))
    ways[way]()
    file.write_text(json.dumps(value))
    return f"way {way}"


def grow_consistently(folder, rng):
    """Asks for a network of another size, with a sparse file of weights that fits it."""
    file = folder / "config.json"
    needed = [file, folder / "vocabulary.json", folder / "golden.jsonl"]
    if not all(one.is_file() and one.stat().st_size < 1 << 26 for one in needed):
        return "no classifier, or one that was changed already"
    (folder / "weights.safetensors").unlink(missing_ok=True)
    config = json.loads(file.read_text())
    units = int(rng.choice([3, 40, 600, 6_000, 9_000, 60_000]))
    config["model"] |= {"units": [units], "direction": "forward", "dense_units": 0}
    file.write_text(json.dumps(config))
    num_rows = len(json.loads((folder / "vocabulary.json").read_text())["tokens"]) + 2
    width = config["model"]["embedding_dim"]
    pooled = units * (1 if config["model"]["pooling"] == "last" else 3)
    shapes = {
        "embedding/embeddings": (num_rows, width), "lstm_0/lstm_cell/bias": (4 * units,),
        "lstm_0/lstm_cell/kernel": (width, 4 * units), "logit/bias": (1,),
        "lstm_0/lstm_cell/recurrent_kernel": (units, 4 * units), "logit/kernel": (pooled, 1),
    }  # fmt: skip
    is_half = config["model"]["weight_precision"] == "float16"
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * (2 if is_half else 4)
        dtype = "F16" if is_half else "F32"
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}
    encoded = json.dumps(header).encode()
    with (folder / "weights.safetensors").open("wb") as weights:
        weights.write(struct.pack("<Q", len(encoded)) + encoded)
        weights.truncate(8 + len(encoded) + end)
    answers = (folder / "golden.jsonl").read_text().splitlines()
    # Weights of zero answer one half.
    answers = [json.dumps({**json.loads(one), "probability": 0.5}) for one in answers]
    (folder / "golden.jsonl").write_text("".join(f"{one}\n" for one in answers))
    return f"units of {units}"


def _refresh_fingerprint(folder, rng):
    # An attacker does that too, mostly.
    settings = next(
        (folder / name for name in ("config.json", "language_model.json")
         if (folder / name).is_file()), None
    )  # fmt: skip
    if settings is None or rng.random() < 0.1:
        return
    words = folder / "vocabulary.json"
    if not words.is_file() or max(words.stat().st_size, settings.stat().st_size) > 1 << 26:
        return
    try:
        value = json.loads(settings.read_text("utf-8"))
        tokens = json.loads((folder / "vocabulary.json").read_text("utf-8"))["tokens"]
        value["vocabulary_fingerprint"] = hashlib.sha256(json.dumps(tokens).encode()).hexdigest()
        settings.write_text(json.dumps(value))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
