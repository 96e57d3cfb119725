"""Scoring files: every row once, every column kept, whatever happens in between."""

import csv
import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

import reelfeel
from reelfeel.data.options import TableOptions
from reelfeel.errors import DataError, ReelFeelError, SchemaError, UsageError
from reelfeel.inference.answers.columns import ANSWERS
from reelfeel.scoring import streams
from reelfeel.scoring.score import ScoreOptions, score
from reelfeel.scoring.sources import Input

WORDS = ["a", "fine", "dull", "film", "plot", "not", "very", "good", "bad", "the", "worst", "best"]


@pytest.fixture(scope="module")
def classifier(trained):
    return reelfeel.load(trained, threads=1)


def make_texts(number, seed=0):
    source = random.Random(seed)
    marks = ["", ".", '"quoted", he said', "two\nlines", "é", "=1+1", "tab\there", "'"]
    return [
        " ".join(source.choices(WORDS, k=source.randint(1, 30))) + source.choice(marks)
        for _ in range(number)
    ]


@pytest.fixture
def table(tmp_path):
    frame = pl.DataFrame(
        {
            "id": list(range(300)),
            "text": make_texts(300),
            "stars": [i / 2 for i in range(300)],
            "day": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 10, 26), eager=True),
            "tags": [["x", "y"]] * 300,
        }
    )
    frame.write_parquet(tmp_path / "in.parquet")
    return tmp_path / "in.parquet"


def read_any(path):
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        return pl.read_parquet(path)
    if name.endswith(".arrow"):
        return pl.read_ipc(path)
    content = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    if name.endswith(".jsonl"):
        return pl.DataFrame([json.loads(line) for line in content.decode().splitlines()])
    separator = "\t" if name.endswith(".tsv") else ","
    return pl.read_csv(content, separator=separator)


@pytest.mark.parametrize("name", ["o.parquet", "o.arrow", "o.csv", "o.tsv", "o.jsonl", "o.csv.gz"])
def test_every_row_keeps_its_columns_and_gets_the_models_answer(name, table, classifier, tmp_path):
    summary = score(
        table, tmp_path / name, classifier=classifier, options=ScoreOptions(shard_rows=70)
    )
    scored, source = read_any(tmp_path / name), pl.read_parquet(table)
    assert scored["id"].to_list() == source["id"].to_list()
    assert scored["text"].to_list() == source["text"].to_list()
    assert scored.columns == [*source.columns, *ANSWERS]
    if name.endswith((".parquet", ".arrow")):
        assert scored.select(source.columns).equals(source)
    expected = classifier.predict(source["text"].to_list())
    assert scored["probability"].to_list() == pytest.approx(
        [one.probability for one in expected], abs=1e-6
    )
    assert scored["predicted_label"].to_list() == [one.label for one in expected]
    assert summary.num_rows == summary.num_scored == 300
    assert sum(summary.labels.values()) == sum(summary.histogram) == 300
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


class StopError(Exception):
    pass


@pytest.mark.parametrize("name", ["o.parquet", "o.arrow", "o.csv", "o.jsonl.gz", "o.csv.xz"])
def test_a_stopped_job_goes_on_to_the_same_bytes(name, table, classifier, tmp_path):
    whole, options = tmp_path / f"whole-{name}", ScoreOptions(shard_rows=40)
    score(table, whole, classifier=classifier, options=options)
    for stop_after in (1, 2, 3):
        left = [stop_after]

        def stop(_, left=left):
            left[0] -= 1
            if not left[0]:
                raise StopError

        resume = ScoreOptions(shard_rows=40, resume=True)
        with pytest.raises(StopError):
            score(table, tmp_path / name, classifier=classifier, options=resume, progress=stop)
        assert not (tmp_path / name).exists()
        with pytest.raises(UsageError, match="--resume"):
            score(table, tmp_path / name, classifier=classifier, options=options)
    score(table, tmp_path / name, classifier=classifier, options=resume)
    assert (tmp_path / name).read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("name", ["o.parquet", "o.csv"])
def test_json_rows_keep_the_types_of_the_first_ones_when_a_job_goes_on(name, classifier, tmp_path):
    rows = [{"text": "a film", "stars": 1, "more": "x"}] * 40
    rows += [{"more": None, "stars": None, "text": "dull"}] * 40
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    score(path, tmp_path / f"whole-{name}", classifier=classifier)
    stop_once(path, tmp_path / name, classifier)
    resume = ScoreOptions(shard_rows=40, resume=True)
    score(path, tmp_path / name, classifier=classifier, options=resume)
    assert read_any(tmp_path / name).equals(read_any(tmp_path / f"whole-{name}"))


def stop_once(table, output, classifier, **options):
    def stop(_):
        raise StopError

    with pytest.raises(StopError):
        score(
            table,
            output,
            classifier=classifier,
            options=ScoreOptions(shard_rows=40, **options),
            progress=stop,
        )


def test_a_damaged_shard_is_scored_again(table, classifier, tmp_path):
    whole = tmp_path / "whole.csv"
    score(table, whole, classifier=classifier, options=ScoreOptions(shard_rows=40))
    stop_once(table, tmp_path / "o.csv", classifier)
    part = tmp_path / ".o.csv.scoring" / "000000.part"
    part.write_bytes(part.read_bytes()[:-10])
    score(
        table,
        tmp_path / "o.csv",
        classifier=classifier,
        options=ScoreOptions(shard_rows=40, resume=True),
    )
    assert (tmp_path / "o.csv").read_bytes() == whole.read_bytes()


def test_another_job_is_not_gone_on_with_and_says_what_changed(table, classifier, tmp_path):
    stop_once(table, tmp_path / "o.csv", classifier)
    resume = ScoreOptions(shard_rows=40, resume=True, prefix="my_")
    with pytest.raises(UsageError, match="another job: options was"):
        score(table, tmp_path / "o.csv", classifier=classifier, options=resume)
    pl.read_parquet(table).head(50).write_parquet(table)
    with pytest.raises(UsageError, match="another job: input was"):
        score(
            table,
            tmp_path / "o.csv",
            classifier=classifier,
            options=ScoreOptions(shard_rows=40, resume=True),
        )


def test_the_output_is_never_an_input_and_nothing_is_overwritten(table, classifier, tmp_path):
    with pytest.raises(UsageError, match="is an input too"):
        score(table, table, classifier=classifier, options=ScoreOptions(overwrite=True))
    (tmp_path / "o.csv").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        score(table, tmp_path / "o.csv", classifier=classifier)
    forced = ScoreOptions(overwrite=True)
    with pytest.raises(UsageError, match="not written by ReelFeel"):
        score(table, tmp_path / "o.csv", classifier=classifier, options=forced)
    assert (tmp_path / "o.csv").read_text() == "mine"
    pl.DataFrame({"text": ["a"], "probability": ["x"]}).write_csv(tmp_path / "b.csv")
    for output in ("p.csv", "p.jsonl", "p.parquet"):
        with pytest.raises(SchemaError, match="--prefix"):
            score(tmp_path / "b.csv", tmp_path / output, classifier=classifier)
        prefixed = ScoreOptions(prefix="rf_", overwrite=True)
        score(tmp_path / "b.csv", tmp_path / output, classifier=classifier, options=prefixed)
        assert read_any(tmp_path / output)["probability"].to_list() == ["x"]


BROKEN_CSV = {
    "broken quotes": b'7,"a "b" c",x\n',
    "more than 3 fields": b"7,a film,x,y,z\n",
    "no text": b"7,,x\n",
    "bytes that are not valid UTF-8": b"7,caf\xe9 film,x\n",
}
BROKEN_JSON = {
    "no JSON object": b'{"text": "a film"\n',
    "no JSON object ": b'["a", "list"]\n',
    "no text": b'{"other": 1}\n',
    "no text ": b'{"text": null}\n',
    "no text but int": b'{"text": 7}\n',
    "bytes that are not valid UTF-8": b'{"text": "caf\xe9"}\n',
}


@pytest.mark.parametrize(
    ("ending", "head", "good", "broken"),
    [
        (".csv", b"id,text,more\n", b"%d,a fine film,x\n", BROKEN_CSV),
        (".jsonl", b"", b'{"id": %d, "text": "a fine film"}\n', BROKEN_JSON),
    ],
)
def test_bad_rows_go_to_the_quarantine_and_every_good_one_is_scored(
    ending, head, good, broken, classifier, tmp_path
):
    source, rows = random.Random(0), []
    for number in range(400):
        if number % 10 == 5:
            reason = source.choice(list(broken))
            rows.append((reason.strip(), broken[reason]))
        else:
            rows.append(("", good % number))
    path, output = tmp_path / f"in{ending}", tmp_path / f"out{ending}"
    path.write_bytes(head + b"".join(row for _, row in rows))
    options = ScoreOptions(shard_rows=64)
    table = TableOptions(encoding="utf-8")
    summary = score(path, output, classifier=classifier, table=table, options=options)
    wanted = [number for number, (reason, _) in enumerate(rows) if not reason]
    assert read_any(output)["id"].to_list() == wanted
    lines = (tmp_path / f"out{ending}.quarantine.jsonl").read_text().splitlines()
    bad = [json.loads(line) for line in lines]
    assert [one["row"] for one in bad] == [n + 1 for n, (reason, _) in enumerate(rows) if reason]
    for one, reason in zip(bad, [reason for reason, _ in rows if reason], strict=True):
        assert one["reason"].startswith(reason)
    assert summary.num_scored + summary.num_quarantined == summary.num_rows == 400
    with pytest.raises(DataError, match="--max-bad"):
        score(
            path,
            tmp_path / f"other{ending}",
            classifier=classifier,
            table=table,
            options=ScoreOptions(max_bad=3, shard_rows=64),
        )


@pytest.mark.parametrize("row_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("block", [1, 7, 64, 4096])
def test_csv_in_blocks_is_what_pythons_own_reader_finds(row_end, block, tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "_BLOCK_CHARACTERS", block)
    inside = "\r" if row_end == "\r" else "\n"
    rows = [[str(i), text.replace("\n", inside), "x"] for i, text in enumerate(make_texts(60))]
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator=row_end).writerows([["id", "text", "more"], *rows])
    path = tmp_path / "in.csv"
    path.write_bytes(file.getvalue().encode())
    options = TableOptions(labelled=False, quoting="double")
    shards = list(Input(str(path), options).read(size=9))
    assert [list(row) for shard in shards for row in shard.frame.rows()] == rows
    assert [shard.num_rows for shard in shards] == [9] * 6 + [6]
    skipped = list(Input(str(path), options).read(size=9, skip=4))
    assert [shard.texts for shard in skipped] == [shard.texts for shard in shards[4:]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encodings_are_found(encoding, tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes("id,text\n1,Déjà vu\n2,a film\n".encode(encoding))
    (shard,) = Input(str(path), TableOptions(labelled=False)).read()
    assert shard.texts == ["Déjà vu", "a film"]


def test_rows_that_a_quotation_mark_glues_together_are_refused(classifier, tmp_path):
    path = tmp_path / "in.csv"
    path.write_text('id,text\n1,"A film\n2,dull\n3,good"\n4,bad\n')
    with pytest.raises(SchemaError, match="--quoting none"):
        score(path, tmp_path / "o.csv", classifier=classifier)
    table = TableOptions(quoting="none")
    summary = score(path, tmp_path / "o.csv", classifier=classifier, table=table)
    assert summary.num_scored == 4


def test_several_inputs_folders_and_lines(classifier, tmp_path):
    for name, rows in (("a", ["one", "two"]), ("b", ["three"])):
        pl.DataFrame({"text": rows}).write_csv(tmp_path / f"{name}.csv")
    summary = score(str(tmp_path / "?.csv"), tmp_path / "o.jsonl", classifier=classifier)
    assert summary.num_scored == 3
    assert read_any(tmp_path / "o.jsonl")["text"].to_list() == ["one", "two", "three"]
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "2.txt").write_text("second")
    (tmp_path / "texts" / "10.txt").write_text("tenth")
    (tmp_path / "texts" / "README.md").write_text("about")
    score(tmp_path / "texts", tmp_path / "f.csv", classifier=classifier)
    assert read_any(tmp_path / "f.csv")["file"].to_list() == ["2.txt", "10.txt"]
    (tmp_path / "lines.txt").write_text("A gem.\n\nA bore.\n")
    score(tmp_path / "lines.txt", tmp_path / "l.csv", classifier=classifier)
    assert read_any(tmp_path / "l.csv")["text"].to_list() == ["A gem.", "A bore."]


def test_what_spreadsheets_would_run_is_made_text_where_asked_for(classifier, tmp_path):
    pl.DataFrame({"text": ["=1+1", "fine"]}).write_csv(tmp_path / "in.csv")
    options = ScoreOptions(for_spreadsheets=True)
    score(tmp_path / "in.csv", tmp_path / "o.csv", classifier=classifier, options=options)
    assert read_any(tmp_path / "o.csv")["text"].to_list() == ["'=1+1", "fine"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"review,stars\nfine,1\n", "Did you mean --text-column 'review'"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"text,id\n", "has no rows"),
        ("a.csv", b"text,text\na,b\n", "names a column twice"),
        ("a.parquet", b"PAR1 nothing", "no whole parquet file"),
        ("a.csv.gz", gzip.compress(b"text\nfine\n" * 9)[:-9], "not a whole packed file"),
        ("a.docx", b"x", "no known ending"),
        ("a.jsonl", b'{"review": "x"}\n' * 200, "Did you mean --text-column 'review'"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_line(name, content, says, classifier, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReelFeelError) as caught:
        score(tmp_path / name, tmp_path / "o.csv", classifier=classifier)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_the_command_writes_and_tells(trained, table, tmp_path):
    command = [sys.executable, "-m", "reelfeel", "score", table, "-m", trained]
    result = subprocess.run(
        [*command, "-o", tmp_path / "o.csv", "--json"], capture_output=True, check=True
    )
    assert json.loads(result.stdout)["num_scored"] == 300
    again = subprocess.run([*command, "-o", tmp_path / "o.csv"], capture_output=True, check=False)
    assert again.returncode == 2
    piped = subprocess.run(
        [*command[:4], "-", "-o", "-", "-m", trained],
        input=b"A fine film.\nA bore.\n",
        capture_output=True,
        check=True,
    )
    lines = [json.loads(line) for line in piped.stdout.splitlines()]
    assert [line["text"] for line in lines] == ["A fine film.", "A bore."]


@pytest.mark.slow
def test_thirty_kills_at_random_moments_change_nothing(trained, tmp_path):
    pl.DataFrame({"text": make_texts(60_000)}).write_csv(tmp_path / "in.csv")
    code = (
        "import sys, reelfeel; from reelfeel.scoring.score import *; "
        "score(sys.argv[1], sys.argv[2], classifier=reelfeel.load(sys.argv[3]), "
        "options=ScoreOptions(shard_rows=1000, resume=True))"
    )

    def start(name):
        words = [tmp_path / "in.csv", tmp_path / name, trained]
        return subprocess.Popen([sys.executable, "-c", code, *map(os.fspath, words)])

    assert start("whole.csv").wait() == 0
    source, kills = random.Random(0), 0
    while kills < 30:
        process = start("o.csv")
        time.sleep(source.uniform(0.2, 2.5))
        if process.poll() is not None:
            assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
            (tmp_path / "o.csv").unlink()
            continue
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    assert start("o.csv").wait() == 0
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
