from harness.records import write_record
from harness.tables import render, render_records, section

PAGE = """# Title
<!-- sample:begin -->
old
<!-- sample:end -->
kept
<!-- other:begin -->x<!-- other:end -->
"""
MACHINE = {"processor": "Some CPU", "memory_gib": 8.0, "instruction_sets": ["avx2", "avx512bw"]}
RECORD = {
    "suite": "sample",
    "kind": "avx2",
    "command": "python benchmarks/bench.py sample",
    "date": "2026-11-23 12:00 UTC",
    "commit": "0123456789abcdef",
    "changed": False,
    "quiet": True,
    "cores": 2,
    "machine": MACHINE,
    "conditions": ["Ten reviews."],
    "sweep": "",
    "columns": [{"key": "rate", "header": "things/s", "decimals": 1}],
    "figures": {
        "times": {
            "value": 3.0,
            "least": 2.5,
            "greatest": 6.0,
            "decimals": 2,
            "floor": 2.0,
            "aim": None,
            "higher_is_better": True,
        }
    },
    "contestants": {
        "ours": {
            "label": "Ours",
            "median": {"rate": 1500.0},
            "rounds": [{"rate": 1200.0}, {"rate": 1500.0}, {"rate": 3000.0}],
        },
        "gone": {"label": "Gone", "left_out": "does not install"},
    },
}


def test_a_page_gets_the_table_between_its_marks_and_keeps_the_rest():
    page = render(PAGE, {"sample": {"avx2": RECORD}})
    assert "old" not in page
    assert "kept\n<!-- other:begin -->x<!-- other:end -->" in page
    assert "| Ours | 1,500.0 (1,200.0 to 3,000.0) |" in page
    assert render(page, {"sample": {"avx2": RECORD}}) == page


def test_a_section_says_everything_that_a_number_needs():
    text = section({"avx2": RECORD})
    assert "| times | **3.00** (2.50 to 6.00) | at least 2 |  |" in text
    assert "Left out: Gone: does not install" in text
    for needed in ("Ten reviews.", "0123456789", "Some CPU", "2 cores", "avx2", RECORD["command"]):
        assert needed in text


def test_a_busy_machine_shows_under_the_table():
    assert "not quiet" in section({"avx2": {**RECORD, "quiet": False}})


def test_a_sweep_has_a_row_for_each_size_in_their_order():
    contestants = {
        "a": {"label": "A", "median": {"10": 1.5, "1000": 2.0, "other_cores": 0.1}, "rounds": []},
        "b": {"label": "B", "median": {"10": 3.0}, "rounds": []},
    }
    record = {**RECORD, "sweep": "texts", "contestants": contestants, "figures": {}}
    text = section({"avx2": record})
    assert "| texts | A | B |" in text
    assert "| 10 | 1.5 | 3 |\n| 1,000 | 2 |  |" in text


def test_files_that_are_no_records_are_passed_over(tmp_path):
    (tmp_path / "avx2").mkdir()
    (tmp_path / "avx2" / "foreign.json").write_text("{}")
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    render_records(page, tmp_path)
    assert page.read_text() == PAGE


def test_kinds_of_processors_stand_side_by_side_the_newest_first():
    slower = {**RECORD["figures"]["times"], "value": 1.5, "least": 1.5, "greatest": 1.5}
    figures = {"times": slower, "only here": {**slower, "floor": None}}
    older = {**RECORD, "kind": "avx2-on-amx", "figures": figures}
    text = section({"avx2-on-amx": older, "amx": {**RECORD, "kind": "amx"}})
    assert "| figure | `amx` | `avx2-on-amx` | asked for | aim |" in text
    assert "| times | **3.00** (2.50 to 6.00) | **1.50** | at least 2 |  |" in text
    assert "| only here |  | **1.50** |  |  |" in text
    assert text.index("On `amx`:") < text.index("On `avx2-on-amx`:")


def test_records_are_read_from_the_folder_of_each_kind(tmp_path):
    for kind in ("amx", "avx2"):
        write_record({**RECORD, "kind": kind}, tmp_path)
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    render_records(page, tmp_path)
    assert "| figure | `amx` | `avx2` |" in page.read_text()
