"""Scores files of any size in shards, and survives kills."""

from __future__ import annotations

import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelfeel.data.options import TableOptions
from reelfeel.errors import DataError, UsageError
from reelfeel.files.outputs import hold_place
from reelfeel.files.writing import (
    add_ending,
    explain_disk_errors,
    name_of,
    refuse_existing,
    write_whole,
)
from reelfeel.inference.answers.columns import Answers, Columns, answer_texts
from reelfeel.scoring.journal import Journal, fingerprint
from reelfeel.scoring.shards import SHARD_ROWS, BadRow, Shard, to_lines
from reelfeel.scoring.sources import STDIN, Input, find_inputs
from reelfeel.scoring.tally import Summary, add_up, tally
from reelfeel.scoring.writers import Writer, find_output_format, holds_answers

if TYPE_CHECKING:
    from reelfeel.inference.classifier import Classifier

# Shards that wait between two steps; each is some 40 MB.
_WAITING = 2


@dataclass(frozen=True)
class ScoreOptions:
    """How to score.

    Attributes:
        prefix: of the names of the added columns.
        max_bad: the most bad rows before the job stops; None is any number.
        resume: whether to go on with an unfinished job.
        overwrite: whether an output that is there, or an unfinished job, may be replaced.
        for_spreadsheets: whether cells of CSV that a spreadsheet would run get an apostrophe.
        quarantine: the file for rows that cannot be scored; None puts it beside the output.
        shard_rows: rows of a shard.
    """

    prefix: str = ""
    max_bad: int | None = None
    resume: bool = False
    overwrite: bool = False
    for_spreadsheets: bool = False
    quarantine: str | None = None
    shard_rows: int = SHARD_ROWS


def score(
    inputs: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    classifier: Classifier,
    table: TableOptions | None = None,
    options: ScoreOptions | None = None,
    progress: Callable[[int], None] | None = None,
) -> Summary:
    """Scores the rows of files, and writes them with the model's answers.

    Every column stays, in the order of the rows; `predicted_label`, `probability` (of the positive
    class), `abstained`, `truncated` and `model` are added. Rows that cannot be scored go to a
    quarantine file with their number and the reason. The output appears when all is done; a job
    that was killed goes on with `resume`, and then gives the same output, byte for byte.

    Args:
        inputs: paths or globs of tables, text files, folders or archives; "-" is standard input.
        output: a file whose ending says the format; "-" is standard output, as JSON Lines.
        classifier: what answers.
        table: how to read the inputs.
        options: how to score.
        progress: is told the number of rows after each shard.

    Raises:
        UsageError: if an input is not there, the output may not be written, or what should be gone
            on with is another job.
        SchemaError: if an input lacks the column of texts or has a column of an added name.
        DataError: if there are more bad rows than allowed, or no rows at all.
        ReelFeelError: if the disk refuses.
    """
    table, options = replace(table or TableOptions(), labelled=False), options or ScoreOptions()
    places = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
    found = find_inputs([str(place) for place in places], table)
    kind, packing = find_output_format(str(output))
    writer = Writer(kind, packing, options.prefix, options.for_spreadsheets)
    job = _Job(found, str(output), classifier, writer, options, progress or (lambda _: None))
    return job.pipe() if str(output) == STDIN else job.run()


@dataclass
class _Job:
    """Inputs, a model and a place for the answers."""

    inputs: Sequence[Input]
    output: str
    classifier: Classifier
    writer: Writer
    options: ScoreOptions
    progress: Callable[[int], None]

    @property
    def model(self) -> str:
        """The name of the model."""
        return name_of(self.classifier.bundle.path)

    def run(self) -> Summary:
        """Scores into a file."""
        output, options = Path(self.output), self.options
        folder = output.with_name(f".{output.name}.scoring")
        if options.overwrite and not options.resume:
            shutil.rmtree(folder, ignore_errors=True)
        self._refuse_own_input(output)
        self._refuse_existing(output, may_replace=options.resume and folder.exists())
        with hold_place(folder), explain_disk_errors(folder):
            start = time.perf_counter()
            journal = Journal.open(folder, self._describe(), resume=options.resume)
            done = len(journal.entries)
            try:
                self._score_shards(journal)
            finally:
                if not journal.entries:  # nothing to go on with
                    shutil.rmtree(folder, ignore_errors=True)
            run = sum(entry["num_scored"] for entry in journal.entries[done:])
            quarantine = self._finish(journal, output)
            shutil.rmtree(folder)
            return add_up(
                journal.entries, self.output, quarantine, time.perf_counter() - start, run
            )

    def pipe(self) -> Summary:
        """Scores to standard output, a shard after the other; nothing to go on with."""
        start, entries = time.perf_counter(), []
        bad: list[BadRow] = []
        for shard, answers in self._answer(0):
            sys.stdout.write(self.writer.to_json_lines(shard, self._columns(answers)))
            sys.stdout.flush()
            bad += shard.bad
            self._stop_at(len(bad))
            entries.append(tally(shard, answers))
        if bad and self.options.quarantine:
            with write_whole(Path(self.options.quarantine)) as path:
                path.write_text(to_lines(bad), "utf-8")
        run = sum(entry["num_scored"] for entry in entries)
        return add_up(
            entries, "standard output", self.options.quarantine, time.perf_counter() - start, run
        )

    def _refuse_own_input(self, output: Path) -> None:
        for one in self.inputs if output.exists() else ():
            if one.place != STDIN and output.samefile(Path(one.place).expanduser()):
                raise UsageError(
                    f"The output {output} is an input too. Expected another place: nothing that is "
                    "read is overwritten."
                )

    def _refuse_existing(self, output: Path, *, may_replace: bool) -> None:
        """Refuses to replace what is there, unless this job or an earlier scoring wrote it."""
        if not output.exists() or may_replace:
            return
        if not (self.options.overwrite and holds_answers(output)):
            refuse_existing(output, overwrite=self.options.overwrite)

    def _describe(self) -> dict[str, Any]:
        """Returns all that the output depends on."""
        from reelfeel import __version__

        is_pipe = any(one.place == STDIN for one in self.inputs)
        options = replace(self.options, resume=False, overwrite=False, max_bad=None)
        bundle = self.classifier.bundle
        return {
            "input": ["standard input"] if is_pipe else [one.identify() for one in self.inputs],
            "columns": fingerprint(vars(self.inputs[0].options)),
            "model": f"{self.model} {fingerprint([bundle.fingerprint, str(bundle.decision)])}",
            "options": {
                **vars(options),
                "format": self.writer.kind,
                "packing": self.writer.packing,
            },
            "backend": str(self.classifier.backend).split(",")[0],
            "version": __version__,
        }

    def _score_shards(self, journal: Journal) -> None:
        if journal.entries:
            self._learn_schema()
        num_bad = sum(sum(entry["reasons"].values()) for entry in journal.entries)
        for shard, answers in self._answer(len(journal.entries)):
            part = journal.folder / f"{len(journal.entries):06d}.part"
            names = self.writer.write(part, shard, self._columns(answers))
            if journal.entries:
                _refuse_other_columns(shard, names, journal.entries[0]["names"])
            _beside(part).write_text(to_lines(shard.bad), "utf-8")
            journal.add(part, {**tally(shard, answers), "names": names})
            num_bad += len(shard.bad)
            self._stop_at(num_bad)
            self.progress(shard.num_rows)
        if not journal.entries:
            raise DataError(
                f"{self.inputs[0].place} has no rows. Expected at least one below the line of "
                "column names. Received 0 rows."
            )

    def _learn_schema(self) -> None:
        """Takes the names and types of JSON rows from where an unbroken run had them: the first."""
        if self.writer.kind == "jsonl":
            return
        for one in self.inputs:
            if one.kind == "jsonl":
                for shard in islice(one.read(size=self.options.shard_rows), 1):
                    self.writer.to_frame(shard)
                return

    def _columns(self, answers: Answers) -> Columns:
        return answers.columns(self.model, self.options.prefix)

    def _stop_at(self, num_bad: int) -> None:
        most = self.options.max_bad
        if most is not None and num_bad > most:
            raise DataError(
                f"Stopped: {num_bad:,} rows cannot be scored. Expected at most {most:,} "
                "(--max-bad). What was done is kept: look at the rows in the .bad files beside the "
                "output, and go on with --resume and a larger --max-bad."
            )

    def _answer(self, skip: int) -> Iterator[tuple[Shard, Answers]]:
        """Yields shards and their answers; the next ones are read meanwhile."""
        for shard in _read_ahead(self._read(skip)):
            yield shard, answer_texts(self.classifier, shard.texts)

    def _read(self, skip: int) -> Iterator[Shard]:
        left = skip
        for one in self.inputs:
            # Where several inputs come before, how many shards each has shows in reading it.
            if len(self.inputs) == 1:
                yield from one.read(skip=left, size=self.options.shard_rows)
                return
            for shard in one.read(size=self.options.shard_rows):
                if left:
                    left -= 1
                else:
                    yield shard

    def _finish(self, journal: Journal, output: Path) -> str | None:
        """Puts the shards together; the output comes last, so that its being there means all is."""
        quarantine = Path(self.options.quarantine or add_ending(output, ".quarantine.jsonl"))
        has_bad = any(entry["reasons"] for entry in journal.entries)
        if has_bad:
            with write_whole(quarantine) as path, path.open("wb") as file:
                for part in journal.parts:
                    file.write(_beside(part).read_bytes())
        with write_whole(output) as path:
            self.writer.join(journal.parts, path, journal.entries[0]["names"])
        return str(quarantine) if has_bad else None


def _beside(part: Path) -> Path:
    """Returns the file for the bad rows of a shard."""
    return part.with_name(f"{part.name.removesuffix('.part')}.bad")


def _refuse_other_columns(shard: Shard, names: list[str], expected: list[str]) -> None:
    if names != expected:
        raise DataError(
            f"{shard.input} has other columns than the inputs before it. Expected "
            f"{', '.join(expected)}; score it into an output of its own, or write JSON Lines. "
            f"Received {', '.join(names)}."
        )


def _read_ahead(shards: Iterator[Shard]) -> Iterator[Shard]:
    """Yields shards that a thread reads ahead, a few at most."""
    waiting: queue.Queue[Shard | BaseException | None] = queue.Queue(_WAITING)
    is_over = threading.Event()

    def read() -> None:
        try:
            for shard in shards:
                while not is_over.is_set():
                    try:
                        waiting.put(shard, timeout=0.1)
                        break
                    except queue.Full:
                        continue
                if is_over.is_set():
                    return
            waiting.put(None)
        except BaseException as error:  # told where the shards are taken
            waiting.put(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while (shard := waiting.get()) is not None:
            if isinstance(shard, BaseException):
                raise shard
            yield shard
    finally:
        is_over.set()
