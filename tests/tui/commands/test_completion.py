"""`palate completion` prints what a shell sources, and a shell that has sourced it completes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tui.cli import main
from tui.commands.completion import SHELLS
from tui.terminal.launcher import COMPLETING

ROOT = Path(__file__).parents[3]
MARKS = {"bash": "complete -o nosort -F", "zsh": "#compdef palate", "fish": "complete --no-files --command palate"}


def script_of(shell: str) -> str:
    done = CliRunner().invoke(main, ["completion", shell], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def completed(*words: str) -> list[str]:
    """What is offered for the last word, as a shell asks for it: words in the environment, none on the line."""
    asked = {"COMP_WORDS": " ".join(("palate", *words)), "COMP_CWORD": str(len(words)), COMPLETING: "bash_complete"}
    done = CliRunner().invoke(main, [], env=asked, prog_name="palate", catch_exceptions=False)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_palate_in_the_way_that_the_shell_has(shell: str) -> None:
    script = script_of(shell)
    assert MARKS[shell] in script
    assert f"{COMPLETING}={shell}_complete" in script


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_can_read_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script_of(shell), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bash_that_sourced_the_script_completes_a_command(tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    command = tmp_path / "palate"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tui "$@"\n')
    command.chmod(0o700)
    ask = 'COMP_WORDS=(palate tr); COMP_CWORD=1; _palate_completion "$PALATE"; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PALATE": str(command)}
    done = subprocess.run(
        ["bash", "--norc"],
        input=f"{script_of('bash')}\n{ask}\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("train\n", "")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("tr",), ["train"]),
        (("pr",), ["prompts", "presets"]),
        (("train", "--learn"), ["--learning-rate"]),
        (("judge", "3", "b"), ["b", "both_bad", "both_good"]),
        (("adapters", "re"), ["rename", "remove"]),
        (("--dty",), ["--dtype"]),
        (("--dtype", "bf"), ["bfloat16"]),
        (("runs", "d"), ["diff"]),
        (("runs", "--so"), ["--sort"]),
        (("runs", "show", "1", "--c"), ["--csv"]),
        (("completion", ""), list(SHELLS)),
    ],
)
def test_commands_flags_and_their_values_are_completed(words: tuple[str, ...], offered: list[str]) -> None:
    assert sorted(completed(*words)) == sorted(offered)


def test_every_command_is_offered_with_its_sentence() -> None:
    assert completed("") == sorted(main.commands)
