"""Opens what a stranger made, in a process of little memory: kind and path in, what came of it out.

A line is a kind (bundle, language-model, checkpoint, pretraining, cache), a tab, and a path; the
first one has to be whole, and shows what the libraries need by themselves.
"""

import json
import os
import resource
import signal
import sys
from pathlib import Path

import numpy as np

from reelfeel.errors import ReelFeelError

MEMORY, SECONDS = 2 << 30, 20
TEXTS = ["", "a good film", "not bad! 8/10", "zxqv \u6f22", "word " * 2_000, "a b c " * 50]


def open_bundle(path):
    from reelfeel.inference.bundle_schema import ABOUT
    from reelfeel.inference.classifier import load

    loaded = load(path, backend=os.environ.get("HOSTILE_BACKEND"), threads=2)
    probabilities = loaded.predict_proba(TEXTS)
    assert probabilities.shape == (len(TEXTS),), probabilities
    assert np.isfinite(probabilities).all(), probabilities
    assert ((probabilities >= 0) & (probabilities <= 1)).all(), probabilities
    for one in loaded.predict(TEXTS):
        assert one.label in loaded.bundle.label_names
    for name in ABOUT:
        loaded.bundle.about(name)


def open_language_model(path):
    from reelfeel.training.classifier.pretrained import Pretrained

    model = Pretrained.read(path)
    rows = model.vocabulary.size + 1
    for weights in model.weights.values():
        assert weights["embedding/embeddings"].shape == (rows, model.embedding_dim)
        assert all(np.isfinite(array).all() for array in weights.values())


def open_checkpoint(path):
    from hostile_runs import make_fit

    trainer = make_fit(path.parent)
    from reelfeel.training.loop.checkpoints import explain_damage, load_checkpoint

    checkpoint = load_checkpoint(path)
    if checkpoint:
        with explain_damage(path):
            trainer.restore(checkpoint)
        trainer.task.take_step(np.arange(4), trainer.state.total_steps)


def open_pretraining(path):
    from hostile_runs import make_pretraining

    trainer = make_pretraining(path.parent)
    from reelfeel.training.loop.checkpoints import explain_damage, load_checkpoint

    checkpoint = load_checkpoint(path)
    if checkpoint:
        with explain_damage(path):
            trainer.restore(checkpoint)
        ids = np.full((trainer.task.config.batch_size, 3), 2, np.int32)
        trainer.task.take_step((ids, ids), 0)


def open_cache(path):
    from reelfeel.baselines.cached_scores import _recall as recall_scores
    from reelfeel.training.distillation.teachers import _recall
    from reelfeel.training.language_model.directions import LanguageModelJob

    kept = _recall(path / "teacher.npz", 5)
    assert kept is None or (kept[0].shape == (5,) and np.isfinite(kept[0]).all())
    scores = recall_scores("tfidf", path, 5)
    assert scores is None or np.isfinite(scores.y_prob).all()
    job, _ = LanguageModelJob.read(path)
    job.make_task()


OPENERS = {
    "bundle": open_bundle,
    "language-model": open_language_model,
    "checkpoint": open_checkpoint,
    "pretraining": open_pretraining,
    "cache": open_cache,
}


def answer(kind, path):
    """Returns "accepted", or "refused: ..." for an error raised on purpose, or what else came."""
    signal.alarm(SECONDS)
    try:
        OPENERS[kind](path)
        return "accepted"
    except ReelFeelError as error:
        return f"refused: {error}"
    except BaseException as error:
        return f"foreign {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)


def run_out(*_):
    raise TimeoutError(f"{SECONDS} s")


def limit_memory(kind, first):
    """Allows 2 GB; where a library maps more before it is asked anything, 2 GB besides that."""
    OPENERS[kind](first)  # imports what it needs, for which nobody is to blame
    signal.signal(signal.SIGALRM, run_out)
    mapped = 0
    if kind != "bundle" or os.environ.get("HOSTILE_ROOMY"):
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY + mapped, MEMORY + mapped))


def main():
    is_limited = False
    for line in sys.stdin:
        kind, _, path = line.rstrip("\n").partition("\t")
        if not is_limited:
            limit_memory(kind, Path(path))
            is_limited = True
        print(json.dumps(answer(kind, Path(path))), flush=True)


if __name__ == "__main__":
    main()
