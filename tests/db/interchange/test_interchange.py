"""Files of questions, whatever shape and encoding they come in; and the rows of every kind of file."""

import bz2
import gzip
import io
import json
import lzma
import re
import stat
import tempfile
from pathlib import Path

import pyarrow
import pytest

from db.errors import InterchangeError
from db.interchange import input_bytes, json_entries, sources, text_lines
from db.interchange.columns import columns_of
from db.interchange.questions import read_prompts as read_source
from db.interchange.sources import Source, source_of
from tests.db_workspace import asked

PACKERS = {"gz": gzip, "xz": lzma, "bz2": bz2}
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
                {"instruction": "Translate.", "input": "dog", "output": "canis"},
                {"text": "of a text", "source": "web", "n": 3},
                {"turns": ["first", "second"]},
                {"conversations": [{"from": "human", "value": "shared"}, {"from": "gpt", "value": "an answer"}]},
                {"id": "x", "Prompt ": "with a capital"},
                {"prompt": "  "},
            ]
        )
    )
    assert texts(found)[:5] == ["plain", "text", "asked", "c", "Why?"]
    assert texts(found)[5:] == ["Translate.\ndog", "of a text", "first", "shared", "with a capital"]
    assert [prompt.field for prompt in found.prompts][:5] == [None, "biology", None, None, None]
    assert found.prompts[3].messages == tuple(messages)
    assert [(each.line, each.reason) for each in found.skipped] == [(11, "'prompt' is empty")]
    assert [each.line for each in found.remarks] == [8]


def test_a_json_list_is_read_by_entry(file):
    found = read_prompts(file('[\n{"prompt": "one"},\n"two", "one"]', "q.json"))
    assert texts(found) == ["one", "two"]
    assert found.duplicates[0].line == 3


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ('"fine"\n\n{"prompt": "x"\n', 3, "Expecting ',' delimiter at column 15"),
        ([{"prompt": "fine"}, {"answer": "x"}], 2, "there is no 'prompt' and no 'question', only 'answer'"),
        ([{"prompt": 5}], 1, "'prompt' must be a text or a list of messages, not a number"),
        ([5], 1, "a text or an object with a 'prompt' is needed"),
        ([{"prompt": []}], 1, "'prompt' is empty"),
        ([{"prompt": [5]}], 1, "'prompt' must be a text or a list of messages, not a list of other things"),
        ([{"prompt": [{"role": "tool", "content": "x"}]}], 1, "'prompt' holds the answer or the call of a tool"),
        ([{"prompt": [{"role": "me", "content": "x"}]}], 1, "'prompt' has the role 'me'; known are user, assistant"),
        ([{"prompt": [{"role": "user", "content": None}]}], 1, "'content' must be a text, not null"),
        ([{"prompt": [{"role": "user"}]}], 1, "every message of 'prompt' needs a 'role' and a 'content'"),
        ([{"messages": CHAT["chosen"]}], 1, "'messages' ends with a message of 'assistant'"),
        ([{"prompt": [*asked("x"), *CHAT["prompt"]]}], 1, "'prompt' has a system message that is not the first"),
        ([{"prompt": "x", "field": 3}], 1, "'field' must be a text, not a number"),
        ([{"prompt": "x", "image": "y.png"}], 1, "'image' holds something that was seen or heard beside the text"),
        ([{"prompt": "x", "mood": "grim"}], 1, "'mood' is not known here and may change what was asked"),
        (["half \ud800 a pair"], 1, "'prompt' holds half of a surrogate pair"),
        ("9" * 5000 + "\n", 1, "a number of too many digits"),
        ('{"prompt": ' + "[" * 100_000 + "\n", 1, "it nests brackets too deep to be read"),
    ],
)
def test_a_row_that_cannot_be_used_is_left_out_and_named(file, content, line, what):
    path = file(content)
    with path.open("a") as more:
        more.write('{"prompt": "the last"}\n')
    found = read_prompts(path)
    assert texts(found)[-1] == "the last"
    assert [(each.line, what in each.reason) for each in found.skipped if "empty line" not in each.reason] == [
        (line, True)
    ], found.skipped


def test_a_file_without_any_prompt_says_why(file):
    with pytest.raises(InterchangeError, match="holds no prompt"):
        read_prompts(file("\n\n"))
    with pytest.raises(InterchangeError, match=r"holds no prompt.* The first row is left out because 'prompt' must be"):
        read_prompts(file([{"prompt": 5}]))


def test_other_kinds_of_files_are_refused_in_words(file, tmp_path):
    with pytest.raises(InterchangeError, match=r"ends in \.xlsx; Palate reads \.jsonl, \.json, \.csv, \.tsv and"):
        read_prompts(file("Why?", "q.xlsx"))
    with pytest.raises(InterchangeError, match=r"No such file"):
        read_prompts(tmp_path / "nothing.txt")
    with pytest.raises(InterchangeError, match=r"holds no prompt"):
        read_prompts(file("", "q.txt"))
    with pytest.raises(InterchangeError, match=r"holds no prompt"):
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
    several = "".join(map(json.dumps, (entries[:1], entries[1:], {"c": 1})))
    assert [value for _, value in rows(file(several, "e.json"))] == [*entries, {"c": 1}]
    for indent in (None, 1):
        assert [value for _, value in rows(file(json.dumps(entries, indent=indent), "e.json"))] == entries
    assert rows(file(" [ ] ", "e.json")) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('["a",\n"b" "c"]', "line 2: Expecting ',' delimiter at column 5"),
        ('["a",\n {"b": x}]', "line 2: Expecting value at column 8"),
        ('["a"] "b"', "line 1: Extra data at column 7"),
        ('["a",\n"b"', "line 2: Expecting ',' delimiter at column 4"),
        ("[" * 100_000, "line 1: it nests brackets too deep to be read"),
        ("12", "holds a number, not a list of entries"),
        ('{"train": [{"a": 1}], "test": [{"a": 2}]}', "holds several lists: 'train', 'test'"),
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
    assert rows(file(text, "t.csv")) == [  # each with the line where it begins
        (2, {"prompt": "Why?", "chosen": "NA", "rejected": "4"}),
        (3, {"prompt": 'a "b",\nc', "chosen": "1e5", "rejected": ""}),
        (6, {"prompt": "short", "chosen": "null"}),
    ]


def test_a_row_with_too_many_cells_is_named_and_the_next_one_is_read(file):
    first, second, third = Source(file("a,b\n1,2\n1,2,3\n5,6\n", "t.csv")).rows()
    assert (second.at, second.value, second.fault) == (3, "1,2,3", "3 cells in 2 columns")
    assert (first.fault, third.value) == ("", {"a": "5", "b": "6"})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a,a\n1,2", "needs a first line of column names, each once"),
        ("", "needs a first line of column names"),
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


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2", "zst"])
def test_a_packed_file_is_read_whatever_its_name(tmp_path, ending):
    text = b'{"prompt": "Why?"}\n'
    packed = pyarrow.compress(text, "zstd", asbytes=True) if ending == "zst" else PACKERS[ending].compress(text)
    for name in (f"q.jsonl.{ending}", "q.jsonl"):
        (tmp_path / name).write_bytes(packed)
        source = source_of(str(tmp_path / name))
        assert (source.kind, source.stem) == (".jsonl", "q")
        assert [row.value for row in source.rows()] == [{"prompt": "Why?"}]


def test_a_packed_file_that_is_cut_off_says_so(tmp_path):
    packed = gzip.compress(b'{"prompt": "Why?"}\n' * 100)
    (tmp_path / "q.jsonl.gz").write_bytes(packed[:-20])
    with pytest.raises(InterchangeError, match=r"cannot be unpacked: .*Copy it again"):
        list(Source(tmp_path / "q.jsonl.gz").rows())
    (tmp_path / "q.zip").write_bytes(b"PK\x03\x04 more")
    with pytest.raises(InterchangeError, match=r"is a zip archive\. Unpack it"):
        list(Source(tmp_path / "q.zip").rows())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"a": "1"}\n{"a": "2"}\n'),
        ("a.ndjson", '{"a": "1"}\n{"a": "2"}\n'),
        ("a.jsonl", '[{"a": "1"},\n {"a": "2"}]'),
        ("a.json", '{"rows": [{"a": "1"}, {"a": "2"}]}'),
        ("a.json", '{"a": {"0": "1", "1": "2"}}'),
        ("a.tsv", "a\n1\n2\n"),
        ("a.csv", "sep=;\na\n1\n2\n"),
        ("a.csv", " a \n1\n2\n"),
        ("train", '{"a": "1"}\n{"a": "2"}\n'),
        ("train.txt", '{"a": "1"}\n{"a": "2"}\n'),
        ("train.data", '[{"a": "1"}, {"a": "2"}]'),
    ],
)
def test_rows_are_read_from_any_layout(file, name, text):
    assert [row.value for row in source_of(str(file(text, name))).rows()] == [{"a": "1"}, {"a": "2"}]


def test_a_table_may_have_other_delimiters_and_names_with_capitals(file):
    for text in ("Prompt; Chosen ;Rejected\nq;a,b;c\n", "prompt\tchosen\trejected\nq\ta,b\tc\n"):
        (row,) = Source(file(text, "t.csv")).rows()
        assert row.value == {"prompt": "q", "chosen": "a,b", "rejected": "c"}


def test_columns_are_told_also_inside_an_object(file):
    columns = columns_of("prompt=q, chosen=good.text,rejected=bad,ignore=mood")
    source = Source(
        file([{"q": "Q", "good": {"text": "yes"}, "bad": "no", "prompt": "in the way", "mood": "m"}]), columns
    )
    (row,) = source.rows()
    assert row.value == {"prompt": "Q", "chosen": "yes", "rejected": "no", "other prompt": "in the way"}
    assert columns_of(columns.words()) == columns
    for wrong in ("prompt", "prompt=", "colour=red"):
        with pytest.raises(InterchangeError, match="names no column"):
            columns_of(wrong)


def test_a_list_in_one_line_may_be_of_any_length(file, monkeypatch):
    for module in (text_lines, sources):
        monkeypatch.setattr(module, "LONGEST_LINE", 300)
    monkeypatch.setattr(text_lines, "_PIECE", 50)
    entries = [{"a": f"{at} {'x' * 20}"} for at in range(50)]
    assert [value for _, value in rows(file(json.dumps(entries), "e.json"))] == entries
    assert [value for _, value in rows(file(json.dumps({"examples": entries}), "e.json"))] == entries


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("alpaca.jsonl", '{"instruction": "Name a nut.", "input": ""}', "Name a nut."),
        ("turns.jsonl", '{"question_id": 81, "category": "x", "turns": ["Name a nut.", "And a moon."]}', "Name a nut."),
        ("qa.csv", "question,answer\nName a nut.,A hazelnut.\n", "Name a nut."),
        ("sft.jsonl", json.dumps({"messages": [*asked("Name a nut."), *CHAT["chosen"]]}), "Name a nut."),
        ("sharegpt.jsonl", '{"conversations": [{"from": "human", "value": "Name a nut."}]}', "Name a nut."),
        ("text.jsonl", '{"text": "Name a nut."}', "Name a nut."),
        ("worn.jsonl", '{"text": "<s>[INST] Name a nut. [/INST]"}', "Name a nut."),
    ],
)
def test_prompts_come_under_any_name(file, name, text, wanted):
    found = read_prompts(file(text, name))
    assert (texts(found), [len(each.messages) for each in found.prompts]) == ([wanted], [1])
    assert bool(found.remarks) == (name in ("turns.jsonl", "worn.jsonl"))


def test_a_line_that_never_ends_is_not_held_whole(file, monkeypatch):
    monkeypatch.setattr(text_lines, "LONGEST_LINE", 1000)
    monkeypatch.setattr(text_lines, "_PIECE", 100)
    with pytest.raises(InterchangeError, match="line 2: it has more than"):
        list(Source(file('{"a": 1}\n"' + "x" * 5000)).rows())


def test_a_stream_is_copied_up_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = input_bytes.copied(io.BytesIO(b"abc"))
    assert path.read_bytes() == b"abc"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setattr(input_bytes, "LARGEST_STREAM", 2)
    with pytest.raises(InterchangeError, match="longer than"):
        input_bytes.copied(io.BytesIO(b"abc"))
    assert list(tmp_path.iterdir()) == [path]
