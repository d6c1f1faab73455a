"""Question files and TRL's explicit preference formats, in and out, with the traps that others fell into."""

import io
import json
import stat

import pytest

from db.errors import InterchangeError, NotAllowed, NotFound
from db.interchange import import_pairs, read_pairs, read_prompts, write_pairs
from db.prompts import list_prompt_sets, prompts_left
from db.rows import ImportedPair, PairRow
from db.verdicts import add_verdict, history, preference_pairs, undo_last
from tests.db_workspace import asked, compared, new_set, workspace

SKY = {"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}
CHAT = {
    "prompt": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}],
    "chosen": [{"role": "assistant", "content": "Light."}],
    "rejected": [{"role": "assistant", "content": "Well, …"}],
}


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path / "workspace") as conn:
        yield conn


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
        ("[" * 100_000, r"line 1: .*recursion"),
        ("9" * 5000, r"line 1: .*digits"),
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


# -- pairs in --------------------------------------------------------------------------------------------------


def test_trl_s_explicit_formats_are_read_to_the_letter(file):
    sky, chat = read_pairs(file([SKY, CHAT]))
    assert (sky.messages, sky.chosen, sky.rejected) == (asked("The sky is"), " blue.", " green.")
    assert (chat.messages, chat.chosen, chat.rejected) == (asked("Why?", system="Be short."), "Light.", "Well, …")
    assert (sky.line, chat.line) == (1, 2)


def test_the_original_project_s_list_is_read(file):
    entries = [{"question": "Why?", "chosen": "a", "rejected": "b"}, {"prompt": "How?", "chosen": "c", "rejected": "d"}]
    pairs = read_pairs(file(json.dumps(entries), "preference_data.json"))
    assert [pair.messages for pair in pairs] == [asked("Why?"), asked("How?")]


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ({"chosen": "a b", "rejected": "a c"}, r"line 2: there is no 'prompt' and no 'question'"),
        ({"prompt": "x", "chosen": "a"}, r"line 2: 'rejected' must be a text, not null"),
        ({"prompt": "x", "chosen": "a", "rejected": 0}, r"line 2: 'rejected' must be a text, not a number"),
        ({"prompt": "x", "chosen": "a", "rejected": " "}, r"line 2: 'rejected' is empty"),
        ({"prompt": " ", "chosen": "a", "rejected": "b"}, r"line 2: 'prompt' is empty"),
        (CHAT | {"chosen": "Light."}, r"line 2: 'chosen' and 'rejected' must both be"),
        (CHAT | {"chosen": [*asked("Why?"), *CHAT["chosen"]]}, r"line 2: 'chosen' must hold one message of the assist"),
        (CHAT | {"rejected": list(asked("Why?"))}, r"line 2: 'rejected' must hold one message of the assistant"),
        (CHAT | {"rejected": []}, r"line 2: 'rejected' must hold one message of the assistant"),
    ],
)
def test_a_pair_that_is_none_is_named_by_its_line(file, record, what):
    with pytest.raises(InterchangeError, match=what):
        read_pairs(file([SKY, record]))


def test_an_empty_file_of_pairs_is_said(file):
    with pytest.raises(InterchangeError, match="holds no pair"):
        read_pairs(file(""))


def test_imported_pairs_become_preference_pairs_and_no_comparison_to_judge(conn, file):
    done = import_pairs(conn, new_set(conn), read_pairs(file([SKY, CHAT])))
    assert (done.added, done.duplicates, done.contradictions, done.same_text, done.held_out) == (2, 0, 0, 0, 0)
    pairs = [(pair.messages, pair.chosen, pair.rejected) for pair in preference_pairs(conn)]
    assert pairs == [
        (asked("The sky is"), " blue.", " green."),
        (asked("Why?", system="Be short."), "Light.", "Well, …"),
    ]
    assert prompts_left(conn) == 0
    row = history(conn, 1)[0]
    assert (row.verdict, row.layout, row.blind, row.source, row.seconds) == ("a", "none", False, "import", None)


def test_importing_twice_adds_nothing(conn, file):
    pairs = read_pairs(file([SKY, CHAT, SKY]))
    assert import_pairs(conn, new_set(conn), pairs).duplicates == 1
    before = list(conn.iterdump())
    done = import_pairs(conn, 1, pairs)
    assert (done.added, done.duplicates) == (0, 3)
    assert list(conn.iterdump()) == before


def test_a_chosen_text_that_was_stored_as_the_later_answer_stays_chosen(conn):
    compared(conn, "Why?", "first", "second")
    import_pairs(conn, 1, [ImportedPair(1, asked("Why?"), "second", "first")])
    (pair,) = preference_pairs(conn)
    assert (pair.chosen, pair.rejected) == ("second", "first")
    assert history(conn, 1)[0].verdict == "b"


@pytest.mark.parametrize("verdict", ["b", "tie", "discard"])
def test_an_import_never_overrules_a_verdict(conn, verdict):
    add_verdict(conn, comparison=compared(conn, "Why?", "first", "second"), verdict=verdict)
    done = import_pairs(conn, 1, [ImportedPair(1, asked("Why?"), "first", "second")])
    assert (done.added, done.contradictions) == (0, 1)
    assert [row.verdict for row in history(conn, 1)] == [verdict]


def test_an_open_or_skipped_comparison_takes_the_imported_verdict(conn):
    add_verdict(conn, comparison=compared(conn, "Why?", "first", "second"), verdict="skip")
    pair = ImportedPair(1, asked("Why?"), "first", "second")
    assert import_pairs(conn, 1, [pair]).added == 1
    assert undo_last(conn) == 1  # the skip; the imported verdict goes on standing
    assert len(preference_pairs(conn)) == 1
    assert import_pairs(conn, 1, [pair]).duplicates == 1


def test_a_tie_is_never_a_pair_and_a_held_out_question_is_never_taken(conn):
    new_set(conn, "Why is the sky blue?", name="trial", held_out=True)
    pairs = [
        ImportedPair(1, asked("Why?"), "same", "same"),
        ImportedPair(2, asked("why is the SKY blue?", system="Be a pirate."), "a", "b"),
    ]
    done = import_pairs(conn, new_set(conn), pairs)
    assert (done.added, done.same_text, done.held_out) == (0, 1, 1)
    assert [each.prompts for each in list_prompt_sets(conn)] == [1, 0]


def test_pairs_go_into_a_set_for_labelling_only(conn):
    with pytest.raises(NotAllowed, match="held out for trials"):
        import_pairs(conn, new_set(conn, name="trial", held_out=True), [])
    with pytest.raises(NotFound, match="no prompt set 9"):
        import_pairs(conn, 9, [])


# -- pairs out -------------------------------------------------------------------------------------------------

PAIRS = [
    PairRow(1, 1, 1, 1, asked("Why\u2028?", system="Be short."), " “Light”.\n", "Well, …", False, False),
    PairRow(2, 2, 2, 2, asked("How?"), "So.", "Or so.", False, True),
]


def test_pairs_are_written_in_trl_s_two_explicit_formats():
    chat, plain = io.StringIO(), io.StringIO()
    assert write_pairs(chat, PAIRS) == 2
    assert write_pairs(plain, PAIRS, "trl-text") == 2
    assert [json.loads(line) for line in chat.getvalue().splitlines(keepends=False)[-1:]] == [
        {
            "prompt": [{"role": "user", "content": "How?"}],
            "chosen": [{"role": "assistant", "content": "So."}],
            "rejected": [{"role": "assistant", "content": "Or so."}],
        }
    ]
    assert json.loads(plain.getvalue().split("\n")[0]) == {
        "prompt": "Be short.\n\nWhy\u2028?",
        "chosen": " “Light”.\n",
        "rejected": "Well, …",
    }


def test_what_is_written_is_read_back_the_same(tmp_path):
    path = tmp_path / "out.jsonl"
    write_pairs(path, PAIRS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [(pair.messages, pair.chosen, pair.rejected) for pair in read_pairs(path)] == [
        (pair.messages, pair.chosen, pair.rejected) for pair in PAIRS
    ]


def test_exporting_and_importing_in_one_workspace_adds_nothing(conn, tmp_path):
    for question, verdict in (("one", "a"), ("two", "b"), ("three", "tie")):
        add_verdict(conn, comparison=compared(conn, question), verdict=verdict)
    assert write_pairs(tmp_path / "out.jsonl", preference_pairs(conn)) == 2
    done = import_pairs(conn, 1, read_pairs(tmp_path / "out.jsonl"))
    assert (done.added, done.duplicates) == (0, 2)


def test_an_export_that_fails_leaves_the_older_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "out.jsonl"
    path.write_text("older")

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(InterchangeError, match="No space left"):
        write_pairs(path, PAIRS)
    assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]
    assert path.read_text() == "older"


def test_trl_s_own_library_reads_both_formats_as_preference_data(tmp_path):
    datasets = pytest.importorskip("datasets")
    data_utils = pytest.importorskip("trl.data_utils")
    for format, conversational in (("trl", True), ("trl-text", False)):
        path = tmp_path / f"{format}.jsonl"
        write_pairs(path, PAIRS, format)
        rows = datasets.load_dataset("json", data_files=str(path), cache_dir=str(tmp_path / "cache"))["train"]
        assert data_utils.is_conversational(rows[0]) == conversational
        assert rows[1]["chosen"] == ([{"role": "assistant", "content": "So."}] if conversational else "So.")
