import pytest

from reelfeel.errors import SchemaError
from reelfeel.load_summary import LoadLog, LoadSummary


def test_books_that_do_not_balance_are_refused():
    log = LoadLog("a.csv")
    log.pass_over("that are blank", "row 2")
    with pytest.raises(SchemaError, match=r"a\.csv: the books do not balance.*4 rows found"):
        log.close(found=4, read=2)
    assert log.close(found=3, read=2).num_passed_over == 1


def test_a_ledger_names_the_first_few_and_counts_all():
    log = LoadLog("folder", unit="files")
    log.pass_over("that do not end in .txt", *(f"{n}.html" for n in range(7)))
    log.notes.append("It is odd.")
    assert str(log.close(found=8, read=1)) == (
        "folder: 8 files found, 1 read. Passed over: 7 that do not end in .txt (0.html, 1.html, "
        "2.html, 3.html, 4.html and 2 more). It is odd."
    )


def test_what_is_passed_over_later_is_no_longer_read():
    summary = LoadSummary("a.csv", "rows", 3, 3).passing_over("without a label", ["row 1"])
    assert (summary.read, summary.num_passed_over) == (2, 1)
    assert summary.to_dict()["passed_over"] == [
        {"reason": "without a label", "count": 1, "examples": ("row 1",)}
    ]
