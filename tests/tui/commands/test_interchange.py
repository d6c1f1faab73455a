"""`palate import` on files as they come: previews, pipes, rejects, columns, and what is told of them."""

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli import main
from tui.commands.options import Options
from tui.commands.piped_input import PIPED_SET, file_of
from tui.compute.loaded_model import ModelChoice

ROW = {"prompt": "Name a nut.", "chosen": "A hazelnut.", "rejected": "Nuts."}
ODD = ROW | {"prompt": "Name a moon.", "image": "x.png"}
Palate = Callable[..., Result]


@pytest.fixture
def palate(tmp_path: Path) -> Palate:
    def invoke(*words: str, stdin: str = "") -> Result:
        line = ["--workspace", str(tmp_path / "space"), *words]
        return CliRunner().invoke(main, line, input=stdin, catch_exceptions=False)

    return invoke


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text(lines(ROW, ODD, ROW | {"prompt": "Name a bird.", "rejected": ["Birds.", "Eggs."]}))
    return path


def lines(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(each) + "\n" for each in rows)


def test_a_dry_run_shows_what_would_be_read_and_makes_no_workspace(palate: Palate, file: Path, tmp_path: Path) -> None:
    done = palate("import", str(file), "--dry-run")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "trl-text: 3 preference pairs",
        "  1 left out (line 2): 'image' holds something that was seen or heard beside the text; "
        "`--columns ignore=image` reads such rows without it",
        "  1 row with several answers; the pairs of each belong to one question",
        "",
        "line 1",
        "  user      Name a nut.",
        "  chosen    A hazelnut.",
        "  rejected  Nuts.",
        "",
        "line 3",
        "  user      Name a bird.",
        "  chosen    A hazelnut.",
        "  rejected  Birds.",
        "",
        "line 3",
        "  user      Name a bird.",
        "  chosen    A hazelnut.",
        "  rejected  Eggs.",
    ]
    assert not (tmp_path / "space").exists()
    record = json.loads(palate("import", str(file), "--dry-run", "--json").stdout)
    assert (record["event"], record["pairs"], record["rows"], len(record["examples"])) == ("preview", 3, 3, 3)


def test_a_dry_run_shows_an_example_of_every_remark(palate: Palate, file: Path) -> None:
    worn = ROW | {"prompt": "[INST] Name a nut. [/INST]"}
    file.write_text(lines(*({**ROW, "prompt": f"q{at}"} for at in range(9)), worn))
    shown = palate("import", str(file), "--dry-run").stdout.splitlines()
    assert [line for line in shown if line.startswith("line")] == ["line 1", "line 2", "line 10"]
    assert shown[-4:] == [
        "  user      Name a nut.",
        "  chosen    A hazelnut.",
        "  rejected  Nuts.",
        "  the prompt wore the chat template Llama 2, and was read as turns",
    ]


def test_what_is_left_out_is_told_written_and_imported_once_mended(palate: Palate, file: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    done = palate("import", str(file), "--rejects", str(rejects))
    assert done.exit_code == 0, done.output
    assert "3 preference pairs imported as trl-text." in done.stderr
    assert "1 left out (line 2): 'image' holds something" in done.stderr
    assert f"The rows that could not be used are in {rejects}" in done.stderr
    rejects.write_text(mended := rejects.read_text().replace('"x.png"', "null"))
    again = palate("import", str(file), "--rejects", str(rejects))
    assert (again.exit_code, rejects.read_text()) == (1, mended)  # what was corrected by hand stays
    assert f"{rejects} is there already" in again.stderr
    assert "1 preference pair imported" in palate("import", str(rejects)).stderr
    known = palate("import", str(rejects), "--rejects", str(tmp_path / "none.jsonl"))
    assert "known already" in known.stderr
    assert "none.jsonl" not in known.stderr  # a row that is known has nothing to correct
    assert not (tmp_path / "none.jsonl").exists()
    assert "2 preference pairs imported" not in palate("import", str(file), "--columns", "ignore=image").stderr


def test_rows_are_named_by_what_a_person_counts_in_their_file(palate: Palate, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text('prompt,chosen,rejected\nWhy?,"two\nlines",no\n\nHow?,same,same\n')
    assert "1 left out (line 5)" in palate("import", str(table)).stderr
    listed = tmp_path / "listed.json"
    listed.write_text(json.dumps([ROW, ROW | {"rejected": ROW["chosen"]}], indent=1))
    assert "1 left out (entry 2)" in palate("import", str(listed)).stderr


def test_at_most_as_many_pairs_are_taken_out_as_the_limit_says(palate: Palate, tmp_path: Path) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text(lines(*(ROW | {"prompt": f"Name nut {at}."} for at in range(5))))
    palate("import", str(many))
    assert "2 pairs taken out of training" in palate("data", "--limit", "2", "nut", "--take-out").stderr
    assert "3 pairs taken out of training; 2 stay" in palate("data", "nut", "--take-out").stderr


def test_a_strict_import_takes_nothing(palate: Palate, file: Path) -> None:
    done = palate("import", str(file), "--strict")
    assert done.exit_code != 0
    assert "line 2: 'image' holds something" in done.stderr
    assert json.loads(palate("prompts", "--json").stdout.splitlines()[0])["set"] != "mine"


def test_columns_are_told(palate: Palate, file: Path) -> None:
    file.write_text(lines({"q": "Name a nut.", "pos": {"text": "A hazelnut."}, "neg": {"text": "Nuts."}}))
    assert "no known format has 'q', 'pos', 'neg'" in palate("import", str(file)).stderr
    done = palate("import", str(file), "--columns", "prompt=q,chosen=pos.text,rejected=neg.text")
    assert "1 preference pair imported" in done.stderr
    assert "colour" in palate("import", str(file), "--columns", "colour=q").stderr


@pytest.mark.parametrize(
    "stdin", [lines(ROW, ROW), json.dumps([ROW, ROW]), "prompt,chosen,rejected\nName a nut.,A hazelnut.,Nuts.\n"]
)
def test_standard_input_is_read(palate: Palate, stdin: str) -> None:
    done = palate("import", "-", "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert (record["pairs"], record["set_name"]) == (1, PIPED_SET)
    assert json.loads(palate("prompts", "add", "-", "--json", stdin='{"text": "Why?"}\n').stdout)["added"] == 1


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which must be empty at the end."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def test_a_pipe_becomes_a_file_that_the_owner_can_read(tmp_path: Path, temporary: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(b"content",))
    writing.start()
    options = Options(tmp_path, ModelChoice(""), None, ("import", str(pipe), "--strict"))
    with file_of(options, str(pipe)) as (found, name, set_name):
        assert Path(name).parent == temporary
        assert Path(name).read_bytes() == b"content"
        assert found.words == ("import", name, "--strict")
        assert set_name == PIPED_SET
    writing.join()


@pytest.mark.usefixtures("temporary")
def test_a_file_is_left_as_it_is(file: Path, tmp_path: Path) -> None:
    options = Options(tmp_path, ModelChoice(""), None, ("import", str(file)))
    with file_of(options, str(file)) as found:
        assert found == (options, str(file), None)


@pytest.mark.usefixtures("temporary")
def test_an_endless_stream_is_refused(palate: Palate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.interchange.input_bytes.LARGEST_STREAM", 10)
    assert "Standard input is longer than" in palate("import", "-", stdin=lines(ROW)).stderr
