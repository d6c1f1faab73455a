"""Imports beside everything else: whole or not at all, stopped, killed, one at a time; verdicts never wait for one."""

import asyncio
import json
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from db import import_batches as db_import_batches
from db.errors import InterchangeError, NotAllowed
from db.interchange.columns import columns_of
from db.interchange.formats import FORMATS
from db.interchange.sources import Source
from db.verdicts import preference_pairs
from tui.curation import importer
from tui.curation.importer import ImportStopped
from tui.errors import InputError
from tui.events import ImportMoved
from tui.snapshots import ImportProgress
from tui.workbench import Workbench


@pytest.fixture
def open_workbench(tmp_path: Path) -> Iterator[Callable[[], Workbench]]:
    """A workspace without a model; opening it again closes it first."""
    opened: list[Workbench] = []

    def open_() -> Workbench:
        if opened:
            opened.pop().close()
        opened.append(Workbench(tmp_path / "space"))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


def pairs(path: Path, number: int, *more: str) -> Source:
    lines = [json.dumps({"prompt": f"q{at}", "chosen": "yes", "rejected": "no"}) for at in range(number)]
    path.write_text("\n".join([*lines, *more]) + "\n")
    return Source(path)


def sets(workbench: Workbench) -> dict[str, int]:
    return {each.name: each.prompts for each in workbench.prompt_sets()}


def test_a_file_is_looked_through_and_then_stored(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench, told = open_workbench(), []
    done = workbench.imports.read(pairs(tmp_path / "mine.jsonl", 120), tell=told.append)
    assert (done.format, done.set_name, done.pairs, done.taken, done.left_out) == ("trl-text", "mine", 120, 120, ())
    assert {each.phase for each in told} == {"reading", "storing"}
    assert told[-1] == ImportProgress("storing", 120, 120)
    assert workbench.counts().decisive == 120
    assert sets(workbench)["mine"] == 120


def test_what_is_left_out_is_counted_by_reason_with_its_first_lines(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench = open_workbench()
    same = json.dumps({"prompt": "q", "chosen": "x", "rejected": "x"})
    held_out = json.dumps({"prompt": "held?", "chosen": "x", "rejected": "y"})
    (tmp_path / "held.txt").write_text("HELD?\n")
    workbench.add_prompts(tmp_path / "held.txt", set_name="trial", held_out=True).result()
    done = workbench.imports.read(pairs(tmp_path / "a.jsonl", 2, same, held_out, same, same, same), set_name="other")
    assert done.set_name == "other"
    assert [(each.reason, each.count, each.lines) for each in done.left_out] == [
        ("both answers are the same", 4, (3, 5, 6)),
        ("the question is held out for trials", 1, (4,)),
    ]
    again = workbench.imports.read(Source(tmp_path / "a.jsonl"))
    assert again.left_out[1].reason == "known already"
    with pytest.raises(
        InterchangeError, match=r"as trl-text\. The first is left out because both answers are the same"
    ):
        workbench.imports.read(pairs(tmp_path / "none.jsonl", 0, same))


@pytest.mark.parametrize("line", ['{"prompt": "x"', '{"prompt": "x", "chosen": 4, "rejected": "y"}'])
def test_a_malformed_line_is_left_out_and_refuses_the_file_of_a_strict_import(
    open_workbench: Callable[[], Workbench], tmp_path: Path, line: str
) -> None:
    workbench = open_workbench()
    before = sets(workbench)
    with pytest.raises(InterchangeError, match="line 301"):
        workbench.imports.read(pairs(tmp_path / "bad.jsonl", 300, line), strict=True)
    assert (sets(workbench), workbench.counts().total) == (before, 0)
    assert not workbench.imports.going_on
    done = workbench.imports.read(Source(tmp_path / "bad.jsonl"))
    assert (done.pairs, [(each.count, each.lines) for each in done.left_out]) == (300, [(1, (301,))])


def test_rows_that_cannot_be_used_are_written_and_come_in_once_mended(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench, rejects = open_workbench(), tmp_path / "rejects.jsonl"
    odd = [
        '{"prompt": "image", "chosen": "a", "rejected": "b", "image": "x.png"}',
        '{"prompt": "cut", "chosen": "a", "rejected": "b"',
        '{"prompt": "same", "chosen": "a", "rejected": "a"}',
    ]
    done = workbench.imports.read(pairs(tmp_path / "mine.jsonl", 2, *odd), rejects=rejects)
    assert (done.pairs, sum(each.count for each in done.left_out), done.rejects) == (2, 3, str(rejects))
    image, cut, same = rejects.read_text().splitlines()
    assert json.loads(image)["left_out_because"].startswith("'image' holds something that was seen")
    assert cut == odd[1]
    assert json.loads(same)["left_out_because"] == "both answers are the same"
    mended = [image.replace('"x.png"', '""'), cut + "}", same.replace('"rejected": "a"', '"rejected": "c"')]
    rejects.write_text("\n".join(mended))
    done = workbench.imports.read(Source(rejects))
    assert (done.pairs, done.left_out, done.format) == (3, (), "trl-text")
    with pytest.raises(InterchangeError, match="is the file that is imported"):
        workbench.imports.read(Source(rejects), rejects=rejects)
    with pytest.raises(InterchangeError, match=r"is no \.jsonl; rows left out are written as JSON Lines"):
        workbench.imports.read(Source(rejects), rejects=tmp_path / "space" / "palate.db")


def test_rejects_are_written_also_where_no_row_can_be_used(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench, rejects = open_workbench(), tmp_path / "rejects.jsonl"
    row = '{"prompt": "x", "chosen": "a", "rejected": "b", "tools": [{}]}'
    source = pairs(tmp_path / "mine.jsonl", 0, row)
    with pytest.raises(InterchangeError, match=r"holds no pair .* The first is left out because 'tools' holds"):
        workbench.imports.read(source, rejects=rejects)
    assert len(rejects.read_text().splitlines()) == 1


def test_columns_are_remembered_for_files_with_the_same_names(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench = open_workbench()
    rows = [{"q": f"q{at}", "good": "yes", "bad": "no", "mood": "grim"} for at in range(3)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    source = Source(tmp_path / "a.jsonl")
    with pytest.raises(InterchangeError, match="no known format has 'q', 'good', 'bad', 'mood'"):
        workbench.imports.read(source)
    columns = columns_of("prompt=q,chosen=good,rejected=bad,ignore=mood")
    assert workbench.imports.read(source.with_columns(columns)).pairs == 3
    (tmp_path / "b.csv").write_text("mood,q,bad,good\nm,r,no,yes\n")
    workbench = open_workbench()
    assert workbench.imports.read(Source(tmp_path / "b.csv")).pairs == 1
    assert workbench.import_preview(Source(tmp_path / "b.csv")).found.pairs == 1


def test_a_ranking_of_three_gives_its_pairs_and_a_row_that_is_left_out_counts_once(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench = open_workbench()
    rows = [
        {"prompt": "q", "responses": ["a", "b", "c"], "scores": [1, 2, 3]},
        {"prompt": "r", "chosen": "a", "rejected": ["b", "c"]},
        {"prompt": "s", "responses": ["a", "b"], "scores": [None, None]},
    ]
    for name, row in zip("abc", rows, strict=True):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    first, second = (workbench.imports.read(Source(tmp_path / f"{name}.jsonl")) for name in "ab")
    assert [(each.pairs, each.ranked) for each in (first, second)] == [(3, 1), (2, 1)]
    pairs_of = {each.comparison: each.ranking for each in preference_pairs(workbench.workspace.connection)}
    assert len(set(pairs_of.values()) - {None}) == 2
    assert sorted(Counter(pairs_of.values()).values()) == [2, 3]
    with pytest.raises(InterchangeError, match="nothing says which of its answers is better"):
        workbench.imports.read(Source(tmp_path / "c.jsonl"))
    again = workbench.imports.read(Source(tmp_path / "a.jsonl"))
    assert [(each.count, each.lines) for each in again.left_out] == [(1, (1,))]


@pytest.mark.parametrize(("number", "more"), [(200, ("no json",)), (2000, ())])
def test_a_file_that_changes_while_it_is_read_is_taken_back(
    open_workbench: Callable[[], Workbench],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    more: tuple[str, ...],
) -> None:
    workbench = open_workbench()
    before, source = sets(workbench), pairs(tmp_path / "mine.jsonl", 500)
    rows, passes = source.rows, []

    def spoiled():
        passes.append(1)
        if len(passes) == 3:  # told, looked through, stored
            pairs(tmp_path / "mine.jsonl", number, *more)
        return rows()

    monkeypatch.setattr(source, "rows", spoiled)
    with pytest.raises(InterchangeError, match="changed while it was read"):
        workbench.imports.read(source)
    assert (sets(workbench), workbench.counts().total) == (before, 0)
    assert not db_import_batches.going_on(workbench.workspace.connection)


def test_a_stopped_import_leaves_nothing(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench, phases = open_workbench(), []
    before = sets(workbench)

    def stop(progress: ImportProgress) -> None:
        phases.append(progress.phase)
        if progress.phase == "storing":
            workbench.imports.stop()

    with pytest.raises(ImportStopped, match="Nothing of it was kept"):
        workbench.imports.read(pairs(tmp_path / "mine.jsonl", 900), tell=stop)
    assert phases[-1] == "taking back"
    assert (sets(workbench), workbench.counts().total) == (before, 0)
    assert workbench.imports.read(Source(tmp_path / "mine.jsonl")).pairs == 900


def test_verdicts_go_between_the_slices_and_half_an_import_is_never_seen(
    open_workbench: Callable[[], Workbench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "LARGEST_SLICE", 40)
    workbench = open_workbench()
    one = json.dumps({"input_text": "?", "output_text_a": "x", "output_text_b": "y"})
    (tmp_path / "one.jsonl").write_text(one + "\n")
    workbench.imports.read(Source(tmp_path / "one.jsonl"))
    pair = workbench.next_comparison()
    assert pair is not None
    seen = []

    def judge(progress: ImportProgress) -> None:
        if progress.phase == "storing" and progress.done < 400:
            said = workbench.labelling.judge(pair.id, ("a", "b")[len(seen) % 2]).result(timeout=60)
            counts = workbench.counts()
            seen.append((counts.total, workbench.ready_count(), workbench.comparison(pair.id).standing == said))

    workbench.imports.read(pairs(tmp_path / "mine.jsonl", 400), tell=judge)
    assert len(seen) >= 5
    assert set(seen) == {(1, 0, True)}
    assert workbench.counts().total == 401


def test_one_import_at_a_time(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench, refused = open_workbench(), []

    def another(progress: ImportProgress) -> None:
        if progress.phase == "storing" and not refused:
            assert workbench.imports.going_on
            with pytest.raises(InputError, match="Another import is running") as caught:
                workbench.imports.read(Source(tmp_path / "mine.jsonl"))
            (tmp_path / "more.txt").write_text("q1\n")
            with pytest.raises(NotAllowed, match="may hold the same prompts"):
                workbench.add_prompts(tmp_path / "more.txt", set_name="more").result(timeout=60)
            refused.append(caught)

    workbench.imports.read(pairs(tmp_path / "mine.jsonl", 200), tell=another)
    assert len(refused) == 1


def test_what_an_import_that_was_killed_left_is_taken_back_at_the_next_start(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench = open_workbench()
    before = sets(workbench)
    write = workbench.workspace.write
    batch = write(db_import_batches.begin, source="mine", set_name="mine", pairs=50).result()
    records = [db_import_batches.prepared(each) for each in FORMATS["trl-text"].read(pairs(tmp_path / "m.jsonl", 50))]
    write(batch.store, records).result()
    workbench = open_workbench()
    assert (sets(workbench), workbench.counts().total) == (before, 0)
    assert workbench.imports.read(Source(tmp_path / "m.jsonl"), set_name="mine").pairs == 50


def test_closing_the_workspace_ends_an_import_at_once(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench, stored = open_workbench(), threading.Event()
    before = sets(workbench)
    heard: list[object] = []

    def listen(published: object) -> None:
        heard.append(published)
        if isinstance(published, ImportMoved) and published.progress and published.progress.phase == "storing":
            stored.set()

    workbench.subscribe(listen)
    future = workbench.imports.start(pairs(tmp_path / "mine.jsonl", 30_000))
    assert stored.wait(60)
    workbench = open_workbench()
    assert isinstance(future.exception(timeout=60), ImportStopped)
    assert sets(workbench) == before
    assert ImportMoved(None) in heard


def test_an_import_on_its_own_thread_gives_its_result_or_its_error(
    open_workbench: Callable[[], Workbench], tmp_path: Path
) -> None:
    workbench = open_workbench()
    assert workbench.imports.start(pairs(tmp_path / "mine.jsonl", 5), format="trl-text").result(timeout=60).pairs == 5
    assert isinstance(workbench.imports.start(Source(tmp_path / "no.jsonl")).exception(timeout=60), InterchangeError)


async def test_whoever_waits_for_an_import_may_go_away(
    open_workbench: Callable[[], Workbench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench, failed = open_workbench(), []
    monkeypatch.setattr(threading, "excepthook", lambda told: failed.append(told.exc_value))
    future = workbench.imports.start(pairs(tmp_path / "mine.jsonl", 30_000))
    waiting = asyncio.wrap_future(future)
    waiting.cancel()  # as leaving the app does to its workers
    await asyncio.sleep(0)
    workbench.imports.leave()
    assert isinstance(future.exception(timeout=60), ImportStopped)
    assert failed == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
def test_the_thread_of_an_import_leaves_no_file_open(open_workbench: Callable[[], Workbench], tmp_path: Path) -> None:
    workbench = open_workbench()
    workbench.subscribe(lambda _: workbench.counts())  # whoever hears of progress reads on that thread
    opened = []
    for _ in range(4):
        workbench.imports.start(pairs(tmp_path / "mine.jsonl", 5)).result(timeout=60)
        for thread in threading.enumerate():
            if thread.name == "palate-import":
                thread.join(timeout=30)
        opened.append(len(open_files_in(tmp_path)))
    assert opened[-1] == opened[0] > 0


def open_files_in(folder: Path) -> list[str]:
    """The files of that folder that this process has open. Other files come and go with the tests before."""
    links = []
    for each in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own
            links.append(os.readlink(f"/proc/self/fd/{each}"))
    return [link for link in links if Path(link).is_relative_to(folder)]
