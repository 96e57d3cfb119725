"""Raw texts to probabilities with fastText's classifier, on all cores."""

import multiprocessing
import os
import re
import tempfile

import numpy as np
import protocol

try:
    import fasttext
except ImportError:
    raise SystemExit("fastText cannot be installed for this Python.") from None

CHUNK = 250
held = {}


def clean(text):
    return " ".join(re.findall(r"[a-z0-9']+|[!?]", text.lower().replace("<br />", " ")))


def score_chunk(start):
    lines = [clean(text) for text in held["texts"][start : start + CHUNK]]
    labels, probabilities = held["model"].predict(lines, k=1)
    return [
        p[0] if label[0] == "__label__1" else 1 - p[0]
        for label, p in zip(labels, probabilities, strict=True)
    ]


def fit(texts, labels, cores):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        lines = zip(labels.tolist(), texts, strict=True)
        file.writelines(f"__label__{label} {clean(text)}\n" for label, text in lines)
        file.flush()
        return fasttext.train_supervised(
            file.name, wordNgrams=2, epoch=10, lr=0.5, dim=50, thread=cores, verbose=0
        )


def prepare(settings):
    held["texts"], labels = protocol.read_texts(settings["texts"])
    cores = len(os.sched_getaffinity(0))
    held["model"] = fit(*protocol.read_texts(settings["train_texts"]), cores)
    starts = range(0, len(held["texts"]), CHUNK)
    pool = multiprocessing.get_context("fork").Pool(cores)

    def take_turn():
        parts, seconds = protocol.timed(lambda: pool.map(score_chunk, starts, chunksize=1))
        right = (np.concatenate(parts) >= 0.5) == (labels == 1)
        return {**protocol.rates(seconds, reviews=len(labels)), "accuracy": float(right.mean())}

    take_turn()
    return take_turn


if __name__ == "__main__":
    protocol.serve(prepare)
