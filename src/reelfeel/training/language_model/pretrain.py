"""From texts to a saved language model: hygiene, vocabulary, ids, two directions, folder."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from reelfeel.config.pretraining import DIRECTIONS, PretrainingConfig
from reelfeel.data.corpus import Corpus, read_corpus
from reelfeel.data.options import TableKeywords, TableOptions, make_options
from reelfeel.errors import UsageError
from reelfeel.files.outputs import claim_output
from reelfeel.inference.shipped import find_model, name_model
from reelfeel.models.language_model import (
    LanguageModel,
    read_language_model,
)
from reelfeel.models.lstm import check_precision
from reelfeel.text.encoder import TextEncoder, token_counts
from reelfeel.text.tokenizer import TextSettings
from reelfeel.text.vocabulary import UNKNOWN_ID, Vocabulary
from reelfeel.training.language_model.directions import (
    LanguageModelJob,
    PretrainingResult,
    pretraining_folder,
)
from reelfeel.training.language_model.net2net import check_wider, widen
from reelfeel.training.language_model.save import save_language_model
from reelfeel.training.language_model.task import to_perplexity
from reelfeel.training.language_model.token_stream import TokenTexts
from reelfeel.training.loop.jobs import count_job_seconds, run_jobs
from reelfeel.training.loop.progress import Observer
from reelfeel.training.loop.provenance import describe_process
from reelfeel.values import Reviews

# No text is cut: the stream takes it however long it is.
WHOLE_TEXTS = TextSettings(max_tokens=1_000_000)


def pretrain(
    sources: Iterable[str | Path | Reviews],
    *,
    output: str | Path,
    config: PretrainingConfig | None = None,
    directions: Sequence[str] = DIRECTIONS,
    start: str | Path | None = None,
    widened: bool = False,
    data_dir: str | Path | None = None,
    options: TableOptions | None = None,
    resume: bool = False,
    overwrite: bool = False,
    observer: Observer | None = None,
    **table: Unpack[TableKeywords],
) -> LanguageModel:
    """Trains a language model on texts without labels, saves it and returns it.

    Args:
        sources: what `read_corpus` takes, such as `["imdb"]`.
        output: the folder to write.
        config: all settings; with `start`, its sizes give way to those of `start`.
        directions: "forward", "backward" or both. Both are trained side by side on a processor with
            two cores or more, else one after the other.
        start: an earlier language model whose weights and vocabulary to start from: its folder, or
            "language-model", which comes with ReelFeel.
        widened: whether the units are those of `config`, to which those of `start` are widened.
        data_dir: a local copy of "imdb".
        options: names of columns, for tables.
        resume: go on from the last checkpoints of a run with the same texts and settings.
        overwrite: whether an existing `output` may be replaced.
        observer: is told of progress; None says nothing.
        **table: fields of `TableOptions` to set, such as `skip_bad_rows=True`.

    Raises:
        UsageError: if an argument is wrong, or `output` exists.
        DataError: if a source is refused.
        ReelFeelError: if the disk refuses, or a process fails.
    """
    options = make_options(options, **table)
    output, observer = Path(output), observer or Observer()
    with claim_output(output, overwrite=overwrite):
        start = find_model(start) if start is not None else None
        plan = _Plan.make(config or PretrainingConfig(), directions, start, widened=widened)
        check_precision(plan.config.precision)
        clock = _Clock()
        corpus = read_corpus(
            sources,
            validation_share=plan.config.validation_share,
            split_seed=plan.config.split_seed,
            data_dir=data_dir,
            options=options,
        )
        observer.on_note(corpus.describe())
        encoder = plan.make_encoder(corpus)
        texts, held_out = (
            TokenTexts.from_encoded(encoder.encode(part), encoder.vocabulary.size)
            for part in (corpus.texts, corpus.held_out)
        )
        jobs = plan.make_jobs(texts, held_out, num_words=encoder.vocabulary.size + 1)
        clock.stop("text")
        with observer:
            results = run_jobs(jobs, observer, resume=resume)
        clock.stop("fit")
        # Of a run that was interrupted or is finished already, the clock has seen its last part.
        seconds = count_job_seconds(jobs, [result.history for result in results.values()])
        clock.seconds["fit"] = max(clock.seconds["fit"], round(seconds, 1))
        about = {
            "figures": {name: _figures(result) for name, result in results.items()},
            "provenance": _provenance(corpus, plan, clock.seconds)
            | {"unknown_share": round(float((held_out.ids == UNKNOWN_ID).mean()), 5)},
        }
        weights = {name: result.weights for name, result in results.items()}
        model = LanguageModel(plan.config, encoder.vocabulary, encoder.settings, weights, about)
        return save_language_model(model, output, overwrite=overwrite)


@dataclass(frozen=True)
class _Plan:
    """What is to be trained, and from where on."""

    config: PretrainingConfig
    directions: Sequence[str]
    start: Path | None
    earlier: LanguageModel | None

    @classmethod
    def make(
        cls,
        config: PretrainingConfig,
        directions: Sequence[str],
        start: Path | None,
        *,
        widened: bool,
    ) -> _Plan:
        if start is None:
            if widened:
                raise UsageError(
                    "Only an earlier language model can be widened: name it by --from."
                )
            return cls(config, directions, None, None)
        earlier = read_language_model(start)
        for direction in directions:
            if direction not in earlier.weights:
                raise UsageError(
                    f"The language model {start} has no {direction} direction. Choose another with "
                    f"--direction. Received one with {', '.join(earlier.weights)}."
                )
        if widened:
            check_wider(config.units, earlier.config.units)
        kept = ("vocabulary_size", "embedding_dim", *(() if widened else ("units",)))
        config = dataclasses.replace(
            config, **{name: getattr(earlier.config, name) for name in kept}
        )
        return cls(config, directions, start, earlier)

    def make_encoder(self, corpus: Corpus) -> TextEncoder:
        if self.earlier:
            return TextEncoder(self.earlier.vocabulary, self.earlier.text_settings)
        # One row of the embedding is for the end of a text. Held-out texts do not count: words
        # that only they have must be unknown.
        counts = token_counts(corpus.texts, WHOLE_TEXTS)
        vocabulary = Vocabulary.build(counts, size=self.config.vocabulary_size - 1)
        return TextEncoder(vocabulary, WHOLE_TEXTS)

    def make_jobs(
        self, texts: TokenTexts, held_out: TokenTexts, num_words: int
    ) -> dict[str, LanguageModelJob]:
        jobs = {}
        for direction in self.directions:
            if direction == "backward":
                texts, held_out = texts.reversed(), held_out.reversed()
            start = dict(self.earlier.weights[direction]) if self.earlier else None
            folder = pretraining_folder(self.config, texts, start)
            if start and self.earlier and self.earlier.config.units != self.config.units:
                start = dict(widen(start, self.config))
            jobs[direction] = LanguageModelJob(
                direction, folder, self.config, num_words, texts, held_out, start
            )
        return jobs


class _Clock:
    """Measures the stages of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.started = time.perf_counter()

    def stop(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self.started, 1)
        self.started = now


def _figures(result: PretrainingResult) -> dict[str, Any]:
    return {
        "held_out_loss": result.final_loss,
        "held_out_perplexity": to_perplexity(result.final_loss),
        "epochs": result.history,
    }


def _provenance(corpus: Corpus, plan: _Plan, seconds: dict[str, float]) -> dict[str, Any]:
    return {
        **describe_process(plan.config.precision),
        "start": name_model(plan.start) if plan.start else None,
        "data": {
            "sources": list(corpus.sources),
            "counts": corpus.counts,
            "sha256": corpus.fingerprint(),
        },
        "hygiene": corpus.describe(),
        "seconds": seconds,
    }
