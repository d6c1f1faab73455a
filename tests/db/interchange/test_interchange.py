"""Files of questions, whatever shape and encoding they come in; and the rows of every kind of file."""

import json
import re
from pathlib import Path

import pytest

from db.errors import InterchangeError
from db.interchange import json_entries
from db.interchange.questions import read_prompts as read_source
from db.interchange.sources import Source, source_of
from tests.db_workspace import asked

CHAT = {
    "prompt": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}],
    "chosen": [{"role": "assistant", "content": "Light."}],
    "rejected": [{"role": "assistant", "content": "Well, …"}],
}


def read_prompts(path: Path):
    return read_source(Source(path))


@pytest.fixture
def file(tmp_path):
    """Write a file of bytes, text, or one JSON value a line."""

    def write(content: bytes | str | list[object], name: str = "file.jsonl"):
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(each) + "\n" for each in content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def texts(found):
    return [prompt.messages[-1]["content"] for prompt in found.prompts]


# -- questions -------------------------------------------------------------------------------------------------


def test_a_text_file_has_one_question_a_line(file):
    found = read_prompts(file("Why?\r\n\r\n  How?  \nWhy?\n\t\nWhen?", "q.txt"))
    assert texts(found) == ["Why?", "How?", "When?"]
    assert [(each.line, each.reason) for each in found.skipped] == [(2, "empty line"), (5, "empty line")]
    assert [(each.line, each.reason) for each in found.duplicates] == [(4, "the same as 1")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_whatever_its_width(file, encoding):
    found = read_prompts(file("Warum grün?\n為什麼?\n".encode(encoding), "q.txt"))
    assert texts(found) == ["Warum grün?", "為什麼?"]


def test_utf_16_of_the_other_byte_order_is_read_by_its_mark(file):
    assert texts(read_prompts(file(b"\xfe\xff" + "Grün?".encode("utf-16-be"), "q.txt"))) == ["Grün?"]


def test_another_encoding_is_named_by_its_byte_and_line(file):
    with pytest.raises(InterchangeError, match=r"line 2: byte 0xfc at offset 13 is not UTF-8.*iconv"):
        read_prompts(file("Why?\nWarum grün?".encode("latin-1"), "q.txt"))
    with pytest.raises(InterchangeError, match=r"line 2: byte 0x00 at offset 10 is not UTF-16"):
        read_prompts(file("ab\n".encode("utf-16") + b"a\x00" + b"\x00\xd8" + b"b\x00", "q.txt"))
    with pytest.raises(InterchangeError, match="line 1: a NUL byte"):
        read_prompts(file("Why?".encode("utf-16-le"), "q.txt"))


def test_a_line_separator_inside_a_question_ends_no_line(file):
    assert texts(read_prompts(file("Why\u2028so?\nHow\x0bcome?", "q.txt"))) == ["Why\u2028so?", "How\x0bcome?"]
    assert texts(read_prompts(file('"Why\u2028so?"\r\n"How\u0085come?"\r\n'))) == ["Why\u2028so?", "How\u0085come?"]


def test_json_lines_take_every_shape_of_a_prompt(file):
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    found = read_prompts(
        file(
            [
                "plain",
                {"prompt": "text", "field": "biology"},
                {"question": "asked"},
                {"messages": messages, "field": None},
                {"prompt": CHAT["prompt"], "chosen": "left alone"},
                {"prompt": "  "},
            ]
        )
    )
    assert texts(found) == ["plain", "text", "asked", "c", "Why?"]
    assert [prompt.field for prompt in found.prompts] == [None, "biology", None, None, None]
    assert found.prompts[3].messages == tuple(messages)
    assert [(each.line, each.reason) for each in found.skipped] == [(6, "empty prompt")]


def test_a_json_list_is_read_by_entry(file):
    found = read_prompts(file('[\n{"prompt": "one"},\n"two", "one"]', "q.json"))
    assert texts(found) == ["one", "two"]
    assert found.duplicates[0].line == 3


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('"fine"\n\n{"prompt": "x"\n', r"line 3: Expecting ',' delimiter at column 15"),
        ([{"prompt": "fine"}, {"answer": "x"}], r"line 2: there is no 'prompt' and no 'question', only 'answer'"),
        ([{"prompt": 5}], r"line 1: 'prompt' must be a text or a list of messages, not a number"),
        ([5], r"line 1: a text or an object with a 'prompt' is needed"),
        ([{"prompt": []}], r"line 1: 'prompt' must be a text or a list of messages, not a list"),
        ([{"prompt": ["x"]}], r"line 1: every message of 'prompt' needs a 'role' and a 'content'"),
        ([{"prompt": [{"role": "tool", "content": "x"}]}], r"line 1: 'prompt' has the role 'tool'"),
        ([{"prompt": [{"role": "user", "content": None}]}], r"line 1: 'content' must be a text, not null"),
        ([{"messages": [*CHAT["prompt"], *CHAT["chosen"]]}], r"line 1: 'messages' ends with a message of 'assistant'"),
        ([{"prompt": [*asked("x"), *CHAT["prompt"]]}], r"line 1: 'prompt' has a system message that is not the first"),
        ([{"prompt": "x", "field": 3}], r"line 1: 'field' must be a text, not a number"),
        (['half \ud800 a pair'], r"line 1: 'prompt' holds .*half of a surrogate pair"),
        ("[" * 100_000, r"line 1: it nests brackets too deep to be read\. Nothing"),
        ("9" * 5000, r"line 1: a number of too many digits\. Nothing"),
        ("\n\n", r"holds no prompt"),
    ],
)  # fmt: skip
def test_a_malformed_line_is_named(file, content, what):
    with pytest.raises(InterchangeError, match=what):
        read_prompts(file(content))


def test_other_kinds_of_files_are_refused_in_words(file, tmp_path):
    with pytest.raises(InterchangeError, match=r"ends in \.xlsx; questions come as \.txt, \.jsonl, \.json, \.csv or"):
        read_prompts(file("Why?", "q.xlsx"))
    with pytest.raises(InterchangeError, match=r"No such file"):
        read_prompts(tmp_path / "nothing.txt")
    with pytest.raises(InterchangeError, match=r"holds no prompt"):
        read_prompts(file("", "q.txt"))
    with pytest.raises(InterchangeError, match=r"holds an object, not a list"):
        read_prompts(file("{}", "q.json"))


# -- rows ------------------------------------------------------------------------------------------------------


def rows(path: Path):
    return [(row.at, row.value) for row in Source(path).rows()]


def test_a_line_that_falls_on_the_edge_of_a_piece_is_one_line(file, monkeypatch):
    monkeypatch.setattr("db.interchange.text_lines._PIECE", 5)
    assert rows(file('{"a": "grün"}\n\n{"b":\r\n2}'.replace("\r\n", " "))) == [(1, {"a": "grün"}), (3, {"b": 2})]


def test_the_entries_of_a_list_are_read_one_after_the_other(file, monkeypatch):
    monkeypatch.setattr("db.interchange.text_lines._PIECE", 7)
    entries = [{"text": "x" * 40, "list": [1, {"y": "]"}]}, "two, [", [], {}]
    for indent in (None, 1):
        assert [value for _, value in rows(file(json.dumps(entries, indent=indent), "e.json"))] == entries
    assert rows(file(" [ ] ", "e.json")) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('["a",\n"b" "c"]', "line 2: Expecting ',' delimiter at column 5"),
        ('["a",\n {"b": x}]', "line 2: Expecting value at column 8"),
        ('["a"] ["b"]', "line 1: Extra data at column 7"),
        ('["a",\n"b"', "line 2: Expecting ',' delimiter at column 4"),
        ("[" * 100_000, "line 1: it nests brackets too deep to be read"),
        ('{"a": 1}', "holds an object, not a list of entries"),
        ("", "line 1: Expecting value at column 1"),
    ],
)
def test_a_list_that_is_none_is_named_by_its_line(file, monkeypatch, text, what):
    for piece in (3, 1 << 20):
        monkeypatch.setattr("db.interchange.text_lines._PIECE", piece)
        with pytest.raises(InterchangeError, match=re.escape(what)):
            rows(file(text, "e.json"))


def test_a_list_without_its_end_is_not_held_whole(file, monkeypatch):
    monkeypatch.setattr(json_entries, "LONGEST_ENTRY", 1000)
    monkeypatch.setattr("db.interchange.text_lines._PIECE", 100)
    read = []
    path = file('["' + "x" * 100_000, "e.json")
    source = Source(path)
    monkeypatch.setattr(source, "_progress", read.append)
    with pytest.raises(InterchangeError, match="Unterminated string"):
        list(source.rows())
    assert read[-1] < 5000


def test_every_cell_of_a_csv_file_is_a_text(file):
    text = 'prompt,chosen,rejected\r\nWhy?,NA,4\r\n"a ""b"",\nc",1e5,\r\n\r\nshort,null'
    assert rows(file(text, "t.csv")) == [
        (1, {"prompt": "Why?", "chosen": "NA", "rejected": "4"}),
        (2, {"prompt": 'a "b",\nc', "chosen": "1e5", "rejected": ""}),
        (3, {"prompt": "short", "chosen": "null"}),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a,a\n1,2", "needs a first line of column names, each once"),
        ("", "needs a first line of column names"),
        ("a,b\n1,2\n1,2,3", "row 2: 3 cells in 2 columns"),
        ('a,b\n1,"2" x\n', "line 2: ',' expected after '\"', so it is no CSV"),
    ],
)
def test_a_csv_file_that_is_none_says_so(file, text, what):
    with pytest.raises(InterchangeError, match=re.escape(what)):
        rows(file(text, "t.csv"))


def test_a_cell_of_a_megabyte_is_read(file):
    assert len(rows(file("a\n" + "x" * 1_000_000, "t.csv"))[0][1]["a"]) == 1_000_000


def test_what_a_person_names_is_a_file_a_folder_or_a_data_set(tmp_path):
    (tmp_path / "pairs").mkdir()
    assert source_of(str(tmp_path / "pairs")).where.name == str(tmp_path / "pairs")
    assert source_of("no/such.jsonl").where == Path.cwd() / "no/such.jsonl"
    hub = source_of("user/taste-pairs", split="test", config="en")
    assert (hub.where.name, hub.where.split, hub.where.config, hub.stem) == (
        *("user/taste-pairs", "test", "en"),
        "taste-pairs",
    )
    with pytest.raises(InterchangeError, match="no such file or folder"):
        source_of("nothing")
