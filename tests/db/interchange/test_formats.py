"""Every format: what comes back from a round trip, which one a file is in, and the traps that others fell into."""

import csv
import io
import json
import stat
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from db.errors import InterchangeError
from db.interchange.format import FACTS, Format
from db.interchange.formats import FORMATS, WRITTEN, format_of
from db.interchange.kto_format import ALONE
from db.interchange.reading import DIFFER, EMPTY, SAME
from db.interchange.records import LeftOut, OtherVerdict, PairRecord
from db.interchange.sources import Source
from db.interchange.writing import write_pairs
from db.prompt_rows import Message
from tests.db_workspace import asked
from tests.formats_document import DOCUMENT, with_formats

SKY = {"prompt": "The sky is", "chosen": " blue.", "rejected": " green."}
TURNS = (*asked("Why?", system=None), Message(role="assistant", content="Light."), *asked("What light?"))

RECORDS = [
    PairRecord(
        1, asked("Why?"), "It is „blue“,\nNA", "It is green", "a", 2, "right", 3.5, "a note", "biology", 4.5, 1.0
    ),
    PairRecord(2, asked("How?"), "4", "NA", "b", 1, "right", score_a=0.0, score_b=2.0),
    PairRecord(3, asked("Which?"), "null", "[1, 2]", "tie", seconds=2.25),
    PairRecord(4, asked("Where?"), "here", "there", "both_bad", note="neither", field="space"),
    PairRecord(5, asked("When?"), "now", "then", "skip"),
    PairRecord(6, asked("Who?"), "me", "you", "discard"),
    PairRecord(7, asked("Open?"), "yes", "no", None),
    PairRecord(8, TURNS, "Sunlight.", "Any.", "b"),
    PairRecord(9, asked("Why?", system="Be short."), "So.", "Hm.", "a"),
    PairRecord(10, asked("What?"), "this", "that", "both_good", note="either", field="space"),
    PairRecord(
        11,
        asked("Who says?"),
        "she",
        "he",
        "b",
        tags=("clear", "shorter"),
        person="Anna",
        others=(
            OtherVerdict("a", 2, person="Ben", note="no", tags=("correct",)),
            OtherVerdict("both_good", judge="./judge", confidence=0.75),
        ),
        ranking=4,
    ),
]


def kind(record: PairRecord) -> str:
    return "open" if record.verdict is None else record.verdict


def expected(record: PairRecord, format: Format) -> PairRecord | None:
    """What comes back of a record: by the facts that the format says it carries. None: the record is not written."""
    carries = format.carries
    if kind(record) not in ("a", "b") and kind(record) not in carries:
        return None
    if "tie" not in carries and record.verdict == "b":  # formats of chosen and rejected answers
        record = replace(record, a=record.b, b=record.a, verdict="a", score_a=record.score_b, score_b=record.score_a)
    return replace(
        record,
        at=0,
        strength=record.strength if "strength" in carries else 1,
        side=record.side if "side" in carries else None,
        seconds=record.seconds if "seconds" in carries else None,
        note=record.note if "note" in carries else "",
        field=record.field if "field" in carries else None,
        score_a=record.score_a if "scores" in carries else None,
        score_b=record.score_b if "scores" in carries else None,
        tags=record.tags if "tags" in carries else (),
        person=record.person if "person" in carries else None,
        others=record.others if "others" in carries else (),
        ranking=record.ranking if "ranking" in carries else None,
    )


def carried(format: Format) -> list[PairRecord]:
    """The records whose prompt the format can hold."""
    needs = {8: "turns", 9: "system"}
    return [each for each in RECORDS if needs.get(each.at, "turns") in format.carries or each.at < 8]


def read(path: Path, name: str = "auto", *, strict: bool = False) -> list[PairRecord | LeftOut]:
    source = Source(path)
    format = format_of(source) if name == "auto" else FORMATS[name]
    return list(format.read(source, strict=strict))


def strictly(path: Path, name: str = "auto") -> list[PairRecord | LeftOut]:
    """Read a file as a strict import does: a row that cannot be used raises."""
    return read(path, name, strict=True)


@pytest.fixture
def file(tmp_path):
    def write(content: object, name: str = "file.jsonl") -> Path:
        path = tmp_path / name
        if isinstance(content, list) and name.endswith(".jsonl"):
            content = "".join(json.dumps(each) + "\n" for each in content)
        elif name.endswith(".csv"):
            out = io.StringIO()
            writer = csv.DictWriter(out, list(content[0]))
            writer.writeheader()
            writer.writerows(content)
            content = out.getvalue()
        path.write_text(content if isinstance(content, str) else json.dumps(content), newline="")
        return path

    return write


# -- there and back --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "ending"), [(each.name, end) for each in WRITTEN.values() for end in each.endings])
def test_what_a_format_carries_comes_back_the_same(tmp_path, name, ending):
    format, path = FORMATS[name], tmp_path / f"out{ending}"
    records = carried(format)
    wanted = [each for each in (expected(record, format) for record in records) if each is not None]
    done = write_pairs(path, records, name)
    back = [replace(each, at=0, model_a=None, model_b=None) for each in read(path, name)]
    assert back == wanted
    assert done.pairs == len(wanted)
    assert sum(done.left_out.values()) == len(records) - len(wanted)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_texts_stay_texts_in_parquet_and_have_one_form_in_a_column(tmp_path):
    dates = replace(RECORDS[0], a="2024-01-01", b="2025-01-01")
    write_pairs(tmp_path / "dates.parquet", [dates], "trl-text")
    (back,) = read(tmp_path / "dates.parquet", "trl-text")
    assert {back.a, back.b} == {"2024-01-01", "2025-01-01"}
    write_pairs(tmp_path / "mixed.parquet", RECORDS[:9], "argilla")  # questions of one turn and of several
    table = pyarrow.parquet.read_table(tmp_path / "mixed.parquet")
    assert table.schema.field("prompt").type == pyarrow.string()
    assert table["prompt"][0].as_py() == "Why?"


def test_a_column_of_parquet_may_be_empty_for_as_long_as_it_likes(tmp_path):
    bare = replace(RECORDS[0], note="", side=None, seconds=None, field=None)
    long = [replace(bare, at=at, a=f"{at} {'word ' * 20_000}") for at in range(200)]
    assert write_pairs(tmp_path / "late.parquet", [*long, RECORDS[0]], "argilla").pairs == 201
    assert list(read(tmp_path / "late.parquet", "argilla"))[-1].note == "a note"


@pytest.mark.parametrize(("name", "ending"), [(each.name, end) for each in WRITTEN.values() for end in each.endings])
def test_a_file_that_was_written_is_told_by_its_first_row(tmp_path, name, ending):
    path = tmp_path / f"out{ending}"
    write_pairs(path, RECORDS[:1], name)
    same = {("trl-text", ".json"): "preference-data"} | {
        ("preference-data", end): "trl-text" for end in (".jsonl", ".csv", ".parquet")
    }
    assert format_of(Source(path)).name == same.get((name, ending), name)


def test_the_document_says_what_each_format_carries():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_formats(text) == text, "run `python -m tests.formats_document`"
    assert all(f"### {name}\n" in text for name in FORMATS)


def test_a_format_carries_known_facts_only():
    for format in FORMATS.values():
        assert format.carries <= set(FACTS)


def test_several_turns_and_a_system_prompt_are_joined_or_left_out_where_there_is_no_place(tmp_path):
    for name, texts in (
        ("trl-text", ["Why?\n\nLight.\n\nWhat light?", "Be short.\n\nWhy?"]),
        ("llm-comparator", ["user: Why?\n\nassistant: Light.\n\nuser: What light?", "system: Be short.\n\nuser: Why?"]),
    ):
        write_pairs(tmp_path / "out.json", RECORDS[7:9], name)
        assert [each.messages for each in read(tmp_path / "out.json", name)] == [asked(text) for text in texts]
    for name in ("hh-rlhf", "arena-csv"):
        done = write_pairs(tmp_path / "out.jsonl", RECORDS[7:9], name)
        assert done.left_out == {"the format has no system prompt": 1}


def test_an_empty_export_is_a_file_of_nothing(tmp_path):
    for name, ending, text in (("trl", ".jsonl", ""), ("trl", ".json", "[\n]\n"), ("trl", ".csv", "")):
        assert write_pairs(tmp_path / f"out{ending}", [], name).pairs == 0
        assert (tmp_path / f"out{ending}").read_text() == text
    write_pairs(tmp_path / "out.json", [], "llm-comparator")
    assert json.loads((tmp_path / "out.json").read_text())["examples"] == []


def test_a_format_stands_in_its_own_kinds_of_files(tmp_path):
    with pytest.raises(InterchangeError, match=r"ends in \.csv; llm-comparator is written as \.json\. Choose"):
        write_pairs(tmp_path / "out.csv", RECORDS, "llm-comparator")
    assert list(tmp_path.iterdir()) == []


def test_an_export_that_fails_leaves_the_older_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "out.jsonl"
    path.write_text("older")

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(InterchangeError, match="No space left"):
        write_pairs(path, RECORDS)
    assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]
    assert path.read_text() == "older"


# -- prompts are never guessed ---------------------------------------------------------------------------------


def test_a_prompt_is_not_split_off_by_letters_that_the_answers_share(file):
    sky = "\n\nHuman: Sky?\n\nAssistant: It is"
    (pair,) = read(file([{"chosen": f"{sky} blue", "rejected": f"{sky} green"}]))
    assert (pair.messages, pair.a, pair.b) == (asked("Sky?"), "It is blue", "It is green")
    with pytest.raises(InterchangeError, match=r"line 1: 'chosen' is a text without a prompt beside it .* cannot be"):
        strictly(file([{"chosen": "Q: Sky?\nA: It is blue", "rejected": "Q: Sky?\nA: It is green"}]))


def test_implicit_prompts_are_split_by_messages(file):
    sky = [{"role": "user", "content": "Sky?"}]
    both = {name: [*sky, {"role": "assistant", "content": f"It is {name}"}] for name in ("chosen", "rejected")}
    (pair,) = read(file([both]))
    assert (pair.messages, pair.a, pair.b) == (asked("Sky?"), "It is chosen", "It is rejected")
    assert read(file([both | {"chosen": both["chosen"][1:]}]), "trl-implicit") == [LeftOut(1, DIFFER)]


def test_transcripts_are_split_at_the_last_answer(file):
    start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Tea\n\nor coffee?\n\nAssistant:"
    other = start.replace("Hello", "Good day")
    rows = [
        {"chosen": f"{start} Tea.", "rejected": f"{start} Coffee."},
        {"chosen": f"{start} Tea.", "rejected": f"{other} Coffee."},
        {"chosen": "\n\nHuman: a\n\nHuman: b\n\nAssistant: c", "rejected": "\n\nHuman: a\n\nHuman: b\n\nAssistant: d"},
        {"chosen": f"{start}", "rejected": f"{start} Coffee."},
    ]
    pair, differs, twice, empty = read(file(rows))
    assert [each["content"] for each in pair.messages] == ["Hi", "Hello", "Tea\n\nor coffee?"]
    assert (pair.a, pair.b) == ("Tea.", "Coffee.")
    assert (differs.at, differs.reason) == (2, "the two conversations differ before their last turn")
    assert (twice.at, twice.reason) == (3, "one speaker has two turns in a row")
    assert (empty.at, empty.reason) == (4, EMPTY)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("\n\nAssistant: a\n\nAssistant: b", "cannot be known"),
        ("x\n\nHuman: a\n\nAssistant: b", "cannot be known"),
        ("\n\nHuman: a\n\nAssistant: b\n\nHuman: c", "must end with what 'Assistant:' says"),
        ("\n\nAssistant: a", "cannot be known"),
    ],
)
def test_a_transcript_that_is_none_is_refused(file, text, what):
    with pytest.raises(InterchangeError, match=what):
        strictly(file([{"chosen": text, "rejected": text}]))


# -- TRL, the original project -----------------------------------------------------------------------------------


def test_explicit_pairs_are_read_to_the_letter(file):
    (pair,) = read(file([SKY]))
    assert (pair.at, pair.messages, pair.a, pair.b, pair.verdict) == (1, asked("The sky is"), " blue.", " green.", "a")


def test_the_original_project_s_list_is_read(file):
    entries = [{"question": "Why?", "chosen": "a", "rejected": "b"}, {"prompt": "How?", "chosen": "c", "rejected": "d"}]
    path = file(entries, "preference_data.json")
    assert format_of(Source(path)).name == "preference-data"
    assert [pair.messages for pair in read(path)] == [asked("Why?"), asked("How?")]


def test_equal_and_empty_answers_are_left_out_and_never_a_pair(file):
    rows = [SKY, SKY | {"rejected": SKY["chosen"]}, SKY | {"chosen": " \n"}]
    assert read(file(rows))[1:] == [LeftOut(2, SAME), LeftOut(3, EMPTY)]


@pytest.mark.parametrize(
    ("record", "what"),
    [
        ({"chosen": "a b", "rejected": "a c"}, r"line 2: 'chosen' is a text without a prompt beside it"),
        ({"prompt": "x", "chosen": "a"}, r"line 2: 'rejected' must be a text or messages, not null"),
        ({"prompt": "x", "chosen": "a", "rejected": 0}, r"line 2: 'rejected' must be a text or messages, not a number"),
        ({"prompt": " ", "chosen": "a", "rejected": "b"}, r"line 2: 'prompt' is empty"),
        (SKY | {"chosen": [{"role": "assistant", "content": "a"}]}, r"line 2: 'chosen' and 'rejected' must both be"),
        (SKY | {"chosen": [*asked("x")], "rejected": []}, r"line 2: 'chosen' must end with the assistant's answer"),
        (SKY | {"chosen": "half \ud800 a pair"}, r"line 2: 'chosen' holds half of a surrogate pair"),
        ("text", r"line 2: an object is needed, not a text"),
    ],
)
def test_a_row_that_is_none_is_named_by_its_line(file, record, what):
    with pytest.raises(InterchangeError, match=what):
        strictly(file([SKY, record]))


def test_a_row_of_no_known_format_says_what_it_has(file):
    with pytest.raises(
        InterchangeError, match=r"line 1: no known format has 'text', 'n'\. A pair needs 'prompt', 'chosen'"
    ):
        strictly(file([{"text": "x", "n": 1}]))
    with pytest.raises(InterchangeError, match="holds no pair"):
        strictly(file(""))


def test_a_text_that_looks_like_a_list_stays_a_text_in_a_table(file):
    row = {"prompt": "[1, 2]", "chosen": '["a"]', "rejected": "NA"}
    (pair,) = read(file([row], "t.csv"))
    assert (pair.messages, pair.a, pair.b) == (asked("[1, 2]"), '["a"]', "NA")


def test_ultrafeedback_keeps_both_scores(file):
    told = [{"role": "user", "content": "Why?"}]
    row = {"prompt": "Why?", "prompt_id": "x", "messages": told, "score_chosen": 8.5, "score_rejected": 2}
    answers = {name: [*told, {"role": "assistant", "content": name}] for name in ("chosen", "rejected")}
    path = file([row | answers])
    assert format_of(Source(path)).name == "ultrafeedback"
    (pair,) = read(path)
    assert (pair.score_a, pair.score_b) == (8.5, 2.0)
    with pytest.raises(InterchangeError, match="'score_chosen' must be a number, not a text"):
        strictly(file([row | answers | {"score_chosen": "good"}]))


# -- KTO -------------------------------------------------------------------------------------------------------


def judged(prompt: str, completion: str, label: object) -> dict[str, object]:
    return {"prompt": prompt, "completion": completion, "label": label}


def test_a_pair_becomes_two_rows():
    out = io.StringIO()
    write_pairs(out, RECORDS[1:2], "kto")
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["completion"][0]["content"], row["label"]) for row in rows] == [("NA", True), ("4", False)]


def test_single_answers_of_one_prompt_are_paired_first_with_first(file):
    rows = [
        judged("Why?", "good 1", True),
        judged("How?", "bad", False),
        judged("Why?", "good 2", True),
        judged("Why?", "bad 1", False),
        judged("Why?", "bad 2", False),
        judged("Why?", "good 3", True),
    ]
    *pairs, alone, also = read(file(rows))
    assert [(pair.at, pair.a, pair.b) for pair in pairs] == [(4, "good 1", "bad 1"), (5, "good 2", "bad 2")]
    assert (alone, also) == (LeftOut(2, ALONE), LeftOut(6, ALONE))


def test_single_answers_without_any_pair_are_refused_in_words(file):
    with pytest.raises(InterchangeError, match=f"line 1: {ALONE}, here and in every other row, so there is no pair"):
        strictly(file([judged("Why?", "a", True), judged("Why?", "b", True), judged("How?", "c", False)]))
    with pytest.raises(InterchangeError, match="line 1: 'label' must be true or false"):
        strictly(file([judged("Why?", "a", 2)]))


# -- the arena -------------------------------------------------------------------------------------------------


def battle(winner: str, *turns: str, other: tuple[str, ...] = ("q", "other")) -> dict[str, object]:
    sides = {
        name: [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]
        for name, said in (("conversation_a", turns), ("conversation_b", other))
    }
    return {"question_id": "x", "model_a": "m1", "model_b": "m2", "winner": winner, **sides}


def test_battles_keep_ties_and_the_models_names(file):
    rows = [battle(winner, "q", "one") for winner in ("model_a", "model_b", "tie", "tie (bothbad)")]
    pairs = read(file(rows))
    assert [pair.verdict for pair in pairs] == ["a", "b", "tie", "both_bad"]
    assert (pairs[0].a, pairs[0].b, pairs[0].model_a, pairs[0].model_b) == ("one", "other", "m1", "m2")
    with pytest.raises(InterchangeError, match="'winner' is 'me'; known are 'model_a', 'model_b', 'tie', 'tie"):
        strictly(file([battle("me", "q", "one")]))


def test_a_battle_says_whether_a_person_or_a_judge_decided_it(tmp_path):
    pair = PairRecord(1, ({"role": "user", "content": "Name a nut."},), "A hazelnut.", "Nuts.", "a")
    write_pairs(tmp_path / "out.jsonl", [pair, replace(pair, judge="mine")], "arena")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [each["judge"] for each in rows] == ["person", "program"]


def test_battles_that_differ_before_their_last_turn_are_left_out(file):
    rows = [
        battle("model_a", "q", "one", "more", "yes", other=("q", "one", "more", "no")),
        battle("model_a", "q", "one", "more", "yes", other=("q", "other", "more", "no")),
        battle("model_a", "q", "one", other=("q", "one", "more", "no")),
    ]
    pair, *others = read(file(rows))
    assert (len(pair.messages), pair.a, pair.b) == (3, "yes", "no")
    assert others == [LeftOut(2, DIFFER), LeftOut(3, DIFFER)]


def contest(a: object, b: object, prompt: object = ("q",), **won: object) -> dict[str, object]:
    flags = {"winner_model_a": 0, "winner_model_b": 0, "winner_tie": 0} | won
    texts = {"prompt": prompt, "response_a": a, "response_b": b}
    return {"id": 1, "model_a": "m1", "model_b": "m2"} | {k: json.dumps(v) for k, v in texts.items()} | flags


def test_the_contest_s_table_is_read(file):
    rows = [
        contest(["NA"], ["4"], winner_model_b=1),
        contest(["x"], [None], winner_tie=1),
        contest(["x", "y"], ["x", "z"], ["q", "r"], winner_tie=1),
        contest(["x", "y"], ["w", "z"], ["q", "r"], winner_model_a=1),
    ]
    pair, empty, turns, differs = read(file(rows, "train.csv"))
    assert (pair.a, pair.b, pair.verdict) == ("NA", "4", "b")
    assert (empty, differs) == (LeftOut(3, EMPTY), LeftOut(5, DIFFER))
    assert [each["content"] for each in turns.messages] == ["q", "x", "r"]
    assert (turns.a, turns.b, turns.verdict) == ("y", "z", "tie")
    with pytest.raises(
        InterchangeError, match="line 2: exactly one of winner_model_a, winner_model_b, winner_tie must"
    ):
        strictly(file([contest(["x"], ["y"], winner_tie=1, winner_model_a=1)], "t.csv"))
    with pytest.raises(InterchangeError, match="must be lists of the same length"):
        strictly(file([contest(["x"], ["y"], ["q", "r"], winner_tie=1)], "t.csv"))


# -- annotators ------------------------------------------------------------------------------------------------


def flat(*said: object, status: str = "submitted", **more: object) -> dict[str, object]:
    answers = {"best.responses": list(said), "best.responses.status": [status] * len(said)}
    return {"instruction": "Why?", "answer-1": "one", "answer-2": "two", **answers, **more}


def test_argilla_s_records_name_the_better_field(file):
    rows = [
        flat("answer-2"),
        flat("answer-1", "answer-1"),
        flat("answer-1", "answer-2"),
        flat([{"value": "answer-1", "rank": 2}, {"value": "answer-2", "rank": 1}]),
        flat([{"value": "answer-1", "rank": 1}, {"value": "answer-2", "rank": 1}]),
        flat("answer-1", status="discarded"),
        flat(),
    ]
    path = file(rows)
    assert format_of(Source(path)).name == "argilla"
    found = read(path)
    assert found[2] == LeftOut(3, "those who judged it disagree")
    assert [each.verdict for each in found if isinstance(each, PairRecord)] == ["b", "a", "b", "tie", "discard", None]
    with pytest.raises(InterchangeError, match="line 1: the response 'one' is none of 'answer-1', 'answer-2', 'tie'"):
        strictly(file([flat("one")]))


def task(*annotations: object, **more: object) -> dict[str, object]:
    return {"id": 1, "data": {"prompt": "Why?", "answer1": "one", "answer2": "two", **more}, "annotations": annotations}


def chosen(side: str, seconds: float | None = None, cancelled: bool = False) -> dict[str, object]:
    result = [] if cancelled else [{"type": "pairwise", "value": {"selected": side}}]
    return {"lead_time": seconds, "was_cancelled": cancelled, "result": result}


def test_label_studio_s_tasks_keep_side_and_time(file):
    tasks = [
        task(chosen("right", 15.05)),
        task(chosen("left", cancelled=True)),
        task(),
        task(chosen("left"), chosen("right")),
    ]
    path = file(tasks, "export.json")
    assert format_of(Source(path)).name == "label-studio"
    pair, skipped, not_judged, disagree = read(path)
    assert (pair.a, pair.b, pair.verdict, pair.side, pair.seconds) == ("one", "two", "b", "right", 15.05)
    assert (skipped.verdict, not_judged.verdict) == ("skip", None)
    assert disagree == LeftOut(4, "those who judged it disagree")
    with pytest.raises(InterchangeError, match="entry 1: 'selected' is 'up'; known are 'left' and 'right'"):
        strictly(file([task(chosen("up"))], "export.json"))


# -- LLM Comparator --------------------------------------------------------------------------------------------


def test_llm_comparator_s_scores_become_verdicts(file):
    scores = (1.5, 1, 0.5, 0.1, 0, -0.25, -1.5, None)
    example = {"input_text": "Why?", "tags": ["biology"], "output_text_a": "one", "output_text_b": "two"}
    whole = {
        "metadata": {},
        "models": [{"name": "x"}, {"name": "y"}],
        "examples": [example | {"score": s} for s in scores],
    }
    path = file(whole, "out.json")
    assert format_of(Source(path)).name == "llm-comparator"
    pairs = read(path)
    assert [pair.verdict for pair in pairs] == ["a", "a", "a", "tie", "tie", "b", "b", None]
    assert [pair.strength for pair in pairs] == [2, 1, 1, 1, 1, 1, 2, 1]
    assert pairs[0].field == "biology"
    assert pairs[0].side is None
    rated = example | {"score": 1, "individual_rater_scores": [{"is_flipped": True, "rationale": "shorter"}]}
    (pair,) = read(file({"examples": [rated]}, "out.json"))
    assert (pair.side, pair.note) == ("right", "shorter")
