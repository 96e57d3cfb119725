"""What a terminal, a spreadsheet or XML would obey is made harmless; what people read stays."""

import csv
import io
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from reelfeel.terminal.escaping import for_line, for_spreadsheet, for_terminal, for_xml
from reelfeel.terminal.lines import LostStream, say
from reelfeel.terminal.tables import open_console

ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
HOSTILE = "[/x]\x1b[2J\x07\u202e\udcff:smile:"
SHOWN = r"[/x]\x1b[2J\x07\u202e\udcff:smile:"


@given(ANY_TEXT)
def test_nothing_that_steers_a_terminal_is_left(text):
    shown = for_terminal(text)
    left = {unicodedata.category(sign) for sign in shown if sign not in "\n\t\u00ad\u200c\u200d"}
    assert not left & {"Cc", "Cs", "Cf", "Zl", "Zp"}
    shown.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["déjà vu", "中文", "مرحبا", "नमस्ते", "👨\u200d👩\u200d👧", "c:\\x1b", "one\ttwo\n"]
)
def test_what_people_write_is_left_as_it_is(text):
    assert for_terminal(text) == text


def test_a_text_on_one_line_has_no_line_of_its_own():
    assert for_line("fine\nError: gone\r\n\u2028x") == "fine Error: gone x"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d"])
def test_a_cell_that_a_spreadsheet_would_run_is_a_text(start):
    stored = io.StringIO()
    csv.writer(stored).writerow([for_spreadsheet(f"{start}cmd|' /C calc'!A0"), -1.5])
    text, number = next(csv.reader(io.StringIO(stored.getvalue(), newline="")))
    assert (text[0], number) == ("'", "-1.5")


@given(ANY_TEXT)
def test_xml_holds_every_text(text):
    element = ElementTree.Element("a", text=for_xml(text))
    assert ElementTree.fromstring(ElementTree.tostring(element)).tag == "a"  # noqa: S314 - our own


def show(*renderables):
    stream = io.StringIO()
    console = open_console(file=stream, width=200, force_terminal=True, color_system=None)
    for renderable in renderables:
        console.print(renderable)
    return stream.getvalue()


def test_a_console_shows_strings_texts_and_tables_as_they_are_spelled():
    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(HOSTILE)
    table.add_row(Text(HOSTILE))
    shown = show(HOSTILE, Text(HOSTILE), table)
    # Of bells inside of a Text nothing is left: the console library drops them itself.
    assert shown.count(SHOWN) == 4
    assert shown.count(SHOWN.replace(r"\x07", "")) == 2
    assert not {"\x1b", "\x07", "\u202e", "\udcff"} & set(shown)


def test_a_line_is_shown_as_it_is_spelled(capsys):
    say(HOSTILE)
    say(HOSTILE, err=True, is_error=True)
    out, err = capsys.readouterr()
    assert out == err == f"{SHOWN}\n"


def test_an_encoding_that_lacks_a_letter_gets_it_spelled_out(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(raw, encoding="cp1252"))
    say("日 café", err=True)
    assert raw.getvalue() == b"\\u65e5 caf\xe9\n"


def test_a_terminal_that_is_gone_is_told_nothing(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr("sys.stderr", Gone())
    say("saved", err=True)
    open_console(stderr=True).print("saved")
    assert not LostStream().isatty()
