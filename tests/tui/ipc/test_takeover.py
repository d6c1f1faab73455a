"""A second `palate` takes over: the owner checkpoints and leaves, the newcomer goes on exactly. Real processes."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.gate import Gate
from tests.leaving import (
    adapter_bytes,
    ask,
    begin_run,
    closed_cleanly,
    end,
    make_workspace,
    owner,
    palate,
    records,
    run_row,
    spawn,
    until,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    space = tmp_path_factory.mktemp("made") / "space"
    make_workspace(space)
    return space


@pytest.fixture(scope="module")
def expected(made: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The adapter of the run left alone."""
    space = copy(made, tmp_path_factory.mktemp("alone"))
    palate(space, "train")
    return adapter_bytes(space)


def copy(made: Path, folder: Path) -> Path:
    shutil.copytree(made.parent, folder, dirs_exist_ok=True)
    return folder / "space"


@pytest.fixture
def space(made: Path, tmp_path: Path) -> Iterator[Path]:
    space = copy(made, tmp_path)
    yield space
    end(owner(space))


def finish(newcomer: "pexpect.spawn[str]", space: Path) -> None:
    until(lambda: (run_row(space) or {"status": ""})["status"] == "finished", newcomer)
    newcomer.send("q")
    newcomer.expect(pexpect.EOF)
    newcomer.wait()
    assert newcomer.exitstatus == 0


def test_a_run_is_taken_over_twice_and_its_adapter_is_the_same_to_the_bit(
    space: Path, expected: bytes, tmp_path: Path
) -> None:
    first = spawn(space, gate=Gate(tmp_path, step=4))
    begin_run(first, space, step=4)
    old = owner(space)
    second = spawn(space, gate=Gate(tmp_path, step=12))
    second.expect(f"Process {old} on {os.uname().nodename} has this workspace open since")
    second.expect(r"Run 1 \(taste-1\) is at step \d+ of \d+")
    second.expect("take over")
    second.send("t")
    first.expect(r"Process \d+ \(pts/\d+\) took over this workspace.")  # its screen is closed by now
    first.expect(pexpect.EOF)
    first.wait()
    assert first.exitstatus == 0
    until(lambda: owner(space) not in (None, old), second)
    until(lambda: run_row(space)["step"] >= 12, second)  # type: ignore[index]
    middle = owner(space)
    third = spawn(space, "--take-over")
    third.expect(f"Process {middle} writes a checkpoint and leaves")
    second.expect(pexpect.EOF)
    finish(third, space)
    assert adapter_bytes(space) == expected
    assert closed_cleanly(space)
    assert ask(space, "SELECT count(*) FROM runs") == [(1,)]


def test_a_command_is_taken_over_while_it_scores_references(space: Path, expected: bytes, tmp_path: Path) -> None:
    training = spawn(space, "train", "--json", gate=Gate(tmp_path, step=0))
    training.expect('"event": "reference"')
    newcomer = spawn(space, "--take-over")
    training.expect("palate train --resume 1")
    training.expect(r"took over this workspace")
    training.expect(pexpect.EOF)
    training.wait()
    assert training.exitstatus == 1
    finish(newcomer, space)
    assert adapter_bytes(space) == expected


def test_leaving_and_flags_change_nothing(space: Path) -> None:
    first = spawn(space)
    first.expect(r"\d+ ready")
    old = owner(space)
    second = spawn(space)
    second.expect("leave")
    second.send("q")
    second.expect(pexpect.EOF)
    second.wait()
    assert second.exitstatus == 0
    assert owner(space) == old
    assert records(space, "settings", "depth", "9")[0]["value"] == 9  # it works on
    first.send("q")
    first.expect(pexpect.EOF)
    alone = spawn(space, "--watch")
    alone.expect("so there is nothing to watch")
    alone.expect(pexpect.EOF)
