"""Runs the tests of native, text and inference, and `predict`, on processors that are not here.

    python tests/emulation/run.py                # all of `PROCESSORS`
    python tests/emulation/run.py Haswell        # one of them
    python tests/emulation/run.py --if-possible  # says in one line what a machine cannot do

qemu's user emulation executes the very library and packages that are installed, as an older
processor: an instruction that the older one lacks ends the process, as it would there. Installs
qemu-user with apt-get where it is missing and may be installed.

Every kernel is tested on any machine that can run it; here is shown that nothing else of ours asks
for more. So this leaves out what takes minutes under emulation and would show nothing: tests of
text that run Python alone or draw hundreds of texts; those that look at the library as a file or
start other programs, which qemu does not emulate; backends of others than ourselves; networks of
presets beside Keras, whose answers the golden ones of `small` and `base` are; many threads on one
classifier, which ThreadSanitizer looks at; the largest networks; real reviews; and the one golden
answer of `base` that is 1,200 words long (qemu computes each fused product by itself: two minutes).
`small`, by the same code, replays all of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "emulation"
# Polars' build for processors without AVX2.
SITE = BUILD / "site"
EMULATOR = "qemu-x86_64"
# What each has of our instruction sets: Nehalem (2008) none, Haswell (2013) AVX2. qemu has no
# AVX-512. An emulated process still reads the file /proc/cpuinfo of the true machine.
PROCESSORS = {"Nehalem": "", "Haswell": "avx2"}
TESTS = (
    ("tests/inference",),
    tuple(f"tests/text/test_{one}.py" for one in ("bulk", "encoder", "token_ids")),
    ("tests/native",),
)
LEFT_OUT = (
    *(f"tests/native/test_{name}.py" for name in ("build", "targets", "refusals")),
    "tests/inference/test_travel.py",
)
# Parts of names. OpenVINO's own code ends under qemu by a segmentation fault when it computes as
# Haswell; a process that qemu runs in threads may hang when it forks.
LEFT_OUT_NAMES = (
    *("openvino", "onnxruntime", "numpy", "every_backend", "though_threads_ran"),
    *("eight_threads", "other_threads", "share_an_encoder", "same_words_at_once"),
    *("company", "any_text", "bulk_encoding_equals", "tokens_read"),
    *("every_float16", "528", "too_large"),
)
# Emulated code takes twenty times as long; a file that both processes would write fails one.
PYTEST = ("-q", "-rs", "--durations=25", "--timeout", "900", "-p", "no:cacheprovider")
PRINT_FEATURES = (
    sys.executable,
    "-c",
    "from reelfeel.native.library import processor_features; print(*processor_features())",
)
TEXTS = (
    "One of the best films I have seen in years.",
    "Two hours of my life that I will never get back.",
)
# Of probabilities: the kernels add in other orders.
TOLERANCE = 1e-5
MOST_WORDS = 100
COMPATIBLE = "polars[rtcompat]"


def main() -> int:
    """Runs everything on every processor that is named, side by side; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PROCESSORS)}; all without any")
    parser.add_argument("--if-possible", action="store_true", help="go on where nothing can run")
    options = parser.parse_args()
    reason = prepare_machine()
    if reason:
        print(f"Nothing was run as an older processor: {reason}", file=sys.stderr)
        return int(not options.if_possible)
    failures = run_all(options.names or list(PROCESSORS))
    print("\n".join(failures) or "Everything passed.")
    return int(bool(failures))


def run_all(names: list[str]) -> list[str]:
    """Returns a line for whatever fails on the processors."""
    environment = prepare()
    models = {"small": "small", "base": str(shorten_base())}
    expected = {name: predict([], model, environment) for name, model in models.items()}
    from reelfeel.native.cores import available_cores

    started = time.perf_counter()
    # The slowest first. As many at once as there are cores: each is one thread.
    tasks = [(run_tests, name, environment, tests) for tests in TESTS for name in reversed(names)]
    tasks += [(check_answers, name, environment, models, expected) for name in names]
    with ThreadPoolExecutor(available_cores()) as pool:
        done = [pool.submit(*task) for task in tasks]
        failures = [line for one in done for line in one.result()]
    print(f"{', '.join(names)}: {time.perf_counter() - started:.0f} s")
    return failures


def prepare_machine() -> str | None:
    """Installs what emulates, and the build of Polars for older processors.

    Returns:
        Why that is impossible here and what would mend it, or None.
    """
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return f"this needs Linux on x86-64, and is {sys.platform} on {platform.machine()}"
    from reelfeel.native.library import explain_missing

    if explain_missing():
        return f"there are no compiled kernels: {explain_missing()}"
    if not shutil.which(EMULATOR):
        for command in ("update", "install --yes qemu-user"):
            run_quietly(["apt-get", "--quiet", *command.split()])
    if not shutil.which(EMULATOR):
        return f"{EMULATOR} is missing, and apt-get could not install qemu-user; install it"
    wanted = f"polars-runtime-compat=={version('polars')}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(SITE)]
    if not SITE.exists() and not run_quietly([*pip, wanted]):
        return f"pip cannot install {wanted}, and Polars itself needs AVX2"
    if "avx2" not in run([EMULATOR, "-cpu", "Haswell", *PRINT_FEATURES], dict(os.environ)).stdout:
        return f"this {EMULATOR} has no AVX2, which came with version 7.2; install a newer one"
    return None


def prepare() -> dict[str, str]:
    """Makes what the tests need beforehand; returns the environment for emulated processes."""
    environment = {**os.environ, "REELFEEL_HOME": str(BUILD / "home"), "OMP_NUM_THREADS": "1"}
    # Some thousand real reviews, read by emulated Python, take minutes.
    environment.pop("REELFEEL_IMDB", None)
    model = BUILD / "model"
    command = [*reelfeel(), "train", "mini", "--preset", "mini", "--output", model, "--force"]
    subprocess.run([*command, "--set", "training.epochs=2"], env=environment, check=True)
    # The fixture `trained`, so that no emulated test trains.
    return {**environment, "REELFEEL_TEST_MODEL": str(model)}


def shorten_base() -> Path:
    """Copies `base`, with those of its golden answers that are not long; returns where to."""
    from reelfeel.files.writing import write_sums
    from reelfeel.inference.bundle import SUMMED_FILES

    folder = BUILD / "base"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "src" / "reelfeel" / "shipped" / "base", folder)
    golden = folder / "golden.jsonl"
    lines = golden.read_text("utf-8").splitlines()
    short = [line for line in lines if len(json.loads(line)["text"].split()) <= MOST_WORDS]
    golden.write_text("\n".join([*short, ""]), "utf-8")
    write_sums(folder, SUMMED_FILES)
    return folder


def emulate(
    name: str, environment: dict[str, str], purpose: str
) -> tuple[list[str], dict[str, str]]:
    """Returns what a command starts with to run as a processor, and its environment."""
    # Two processes that write the same cached file at once would be in each other's way.
    home = f"{environment['REELFEEL_HOME']}-{name}-{purpose}"
    changed = {"REELFEEL_EMULATED": PROCESSORS[name], "REELFEEL_HOME": home}
    return [EMULATOR, "-cpu", name], {**environment, **changed}


def check_answers(
    name: str,
    environment: dict[str, str],
    models: dict[str, str],
    expected: dict[str, list[float]],
) -> list[str]:
    """Returns a line for each model that answers otherwise on a processor."""
    emulator, environment = emulate(name, environment, "answers")
    failures = []
    for model, probabilities in expected.items():
        found = predict(emulator, models[model], environment)
        failures += compare(f"{name}: {model}", found, probabilities)
    if "avx2" not in PROCESSORS[name]:
        failures += check_refused_table(name, emulator, environment)
    return failures


def compare(name: str, found: list[float], expected: list[float]) -> list[str]:
    """Returns a line where probabilities differ by more than sums in another order do."""
    difference = max(abs(a - b) for a, b in zip(found, expected, strict=True))
    print(f"{name} answers {found}, {difference:.1e} off", flush=True)
    return [f"{name} answers {found}, expected {expected}"] * (difference > TOLERANCE)


def check_refused_table(name: str, emulator: list[str], environment: dict[str, str]) -> list[str]:
    """Returns a line where a table is not refused with the build of Polars that it needs."""
    table = BUILD / f"table-{name}.csv"
    table.write_text(f"text\n{TEXTS[0]}\n", "utf-8")
    words = ["predict", "--data", str(table), "--model", "small"]
    done = run([*emulator, *reelfeel(), *words], {**environment, "POLARS_FORCE_PKG": "32"})
    refused = done.returncode == 2 and COMPATIBLE in done.stderr
    return [] if refused else [f"{name}: a table is not refused with {COMPATIBLE}: {done.stderr}"]


def run_tests(name: str, environment: dict[str, str], paths: tuple[str, ...]) -> list[str]:
    """Returns the report of the tests where one of them fails."""
    emulator, environment = emulate(name, environment, Path(paths[0]).name)
    inherited = os.environ.get("PYTHONPATH", "")
    environment = {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(SITE), inherited])),
        "POLARS_FORCE_PKG": "compat",
    }
    left_out = [f"--ignore={path}" for path in LEFT_OUT]
    left_out += ["-k", " and ".join(f"not {name}" for name in LEFT_OUT_NAMES)]
    tests = [sys.executable, "-m", "pytest", *PYTEST, *left_out, *paths]
    done = run([*emulator, *tests], environment)
    lines = done.stdout.strip().splitlines() or [done.stderr]
    print(f"{name}, {paths[0]}: {lines[-1]}", flush=True)
    return [f"{name}: tests failed\n{done.stdout}{done.stderr}"] if done.returncode else []


def predict(emulator: list[str], model: str, environment: dict[str, str]) -> list[float]:
    """Returns the probabilities of `TEXTS` in float32; infinite ones where the process fails."""
    words = ["predict", *TEXTS, "--model", model, "--precision", "float32", "--json"]
    done = run([*emulator, *reelfeel(), *words], environment)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return [float("inf")] * len(TEXTS)
    return [json.loads(line)["probability"] for line in done.stdout.splitlines()]


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs a program from the root of the checkout; returns what it wrote."""
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def run_quietly(command: list[str]) -> bool:
    """Returns whether a program is there and did its work."""
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def reelfeel() -> list[str]:
    """Returns how the command line is started, without the shell that a script would need."""
    return [sys.executable, str(Path(sys.executable).with_name("reelfeel"))]


if __name__ == "__main__":
    sys.exit(main())
