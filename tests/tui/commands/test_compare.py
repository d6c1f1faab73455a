"""`palate compare` on a tiny random model: side by side, a judge over 40 prompts, exports, the board."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from db.judges import set_model_judge
from tests.still_workbench import StillWorkbench
from tests.tiny import save_tiny
from tui.cli import main
from tui.commands.compare import _answering
from tui.commands.options import HostedOptions
from tui.workbench import Workbench

Invoke = Callable[..., Result]
SHORT = ("--max-new-tokens", "8")
# Prefers more vowels, whatever the order; without a difference it says the first, which must come out as a tie.
JUDGE = """
import json, sys
asked = json.load(sys.stdin)
first, second = (sum(letter in "aeiou" for letter in asked[name]) for name in ("first", "second"))
print("second" if second > first else "first")
"""


@pytest.fixture(scope="module")
def palate(tmp_path_factory: pytest.TempPathFactory) -> Invoke:
    """A workspace with two adapters, first and second; second is in use."""
    model = save_tiny(tmp_path_factory.mktemp("model"))
    space = tmp_path_factory.mktemp("space")
    before = ("--workspace", str(space), "--model", str(model), "--dtype", "float32", "--seed", "3")

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, [*before, *words], catch_exceptions=False)

    invoke("generate", "--pairs", "4", *SHORT)
    for place in range(1, 5):
        invoke("judge", str(place), "a")
    quick = ("--epochs", "1", "--lora-r", "4", "--lora-alpha", "8", "--eval-share", "0", "--learning-rate", "0.01")
    for name in ("first", "second"):
        assert invoke("train", *quick, "--name", name).exit_code == 0
    return invoke


def records(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_two_adapters_side_by_side(palate: Invoke) -> None:
    answers = records(palate("compare", "--adapter", "second", "--against", "first", *SHORT, "--json"))
    assert len(answers) == 3
    assert {(each["against"], each["adapter"]) for each in answers} == {("first", "second")}
    shown = palate("compare", "--num-questions", "1", *SHORT).stdout
    assert "\nbase\n" in shown
    assert "\nsecond\n" in shown
    assert "compared with itself" in palate("compare", "--adapter", "first", "--against", "first").stderr


def test_a_system_prompt_side_by_side_and_in_a_trial(palate: Invoke, tmp_path: Path) -> None:
    rival = ("--adapter", "first", "--against-system", "Answer in one word.")
    looked = palate("compare", *rival, "--num-questions", "1", *SHORT)
    assert "prompted base has the system prompt: Answer in one word." in looked.stderr
    assert "\nprompted base\n" in looked.stdout
    program = tmp_path / "judge.py"
    program.write_text(JUDGE, encoding="utf-8")
    judge = shlex.join([sys.executable, str(program)])
    result = records(palate("compare", *rival, "--num-questions", "2", "--judge", judge, *SHORT, "--json"))[-1]
    assert result["against"].startswith("prompted ")
    assert result["against_system"] == "Answer in one word."
    shown = palate("compare", "--trial", str(result["trial"])).stdout
    assert "the system prompt     Answer in one word." in shown
    none = palate("likes", "--as-prompt")
    assert none.exit_code != 0
    assert "settle nothing yet" in none.stderr


def test_a_program_judges_40_prompts_and_the_trial_is_exported(palate: Invoke, tmp_path: Path) -> None:
    program = tmp_path / "judge.py"
    program.write_text(JUDGE, encoding="utf-8")
    judge = shlex.join([sys.executable, str(program)])
    out = tmp_path / "out.json"
    told = records(
        palate(
            *("compare", "--adapter", "first", "--num-questions", "40", "--judge", judge),
            *("--export", "llm-comparator", str(out), *SHORT, "--json"),
        )
    )
    verdicts, result = [each for each in told if each["event"] == "verdict"], told[-1]
    for each in verdicts:
        vowels = [sum(letter in "aeiou" for letter in each[name]) for name in "ab"]
        expected = "tie" if vowels[0] == vowels[1] else "ab"[vowels[1] > vowels[0]]
        assert each["verdict"] == expected
    assert (result["event"], result["prompts"], result["judge"]) == ("result", 40, judge)
    assert result["ties"] == 40 - result["wins"] - result["losses"]
    assert len(verdicts) + result["same"] == 40
    examples = json.loads(out.read_text(encoding="utf-8"))["examples"]
    assert len(examples) == 40
    assert sum(each["score"] < 0 for each in examples) == result["wins"]

    trial = str(result["trial"])
    again = palate("compare", "--trial", trial, "--export", "arena", str(tmp_path / "out.jsonl"))
    assert "40 comparisons in" in again.stderr
    assert "Tango's score interval" in again.stdout
    refused = palate("compare", "--trial", trial, "--export", "arena", str(tmp_path / "out.jsonl"))
    assert "exists already" in refused.stderr
    assert refused.stdout == "", "it is said before anything is judged"
    assert palate("compare", "--board", "--json").stdout == "", "programs are not on the board"


def test_a_judge_that_fails_leaves_a_trial_to_go_on_with(palate: Invoke, tmp_path: Path) -> None:
    failed = palate("compare", "--num-questions", "2", "--judge", "false", *SHORT)
    assert failed.exit_code != 0
    assert "`false` ended with 1" in failed.stderr
    trial = re.findall(r"trial (\d+):", failed.stderr)[-1]
    sealed = palate("compare", "--trial", trial)
    assert "is sealed: 0 of 2 pairs are judged" in sealed.stderr
    program = tmp_path / "judge.py"
    program.write_text("print('tie')", encoding="utf-8")
    judge = shlex.join([sys.executable, str(program)])
    assert records(palate("compare", "--trial", trial, "--judge", judge, "--json"))[-1]["ties"] == 2


def test_a_judge_that_is_mistyped_is_said_before_any_answer_is_written(palate: Invoke) -> None:
    failed = palate("compare", "--num-questions", "2", "--judge", "mien --fast", *SHORT)
    assert failed.exit_code != 0
    assert "There is no judge and no program 'mien'. `palate judges` lists the judges" in failed.stderr
    assert "answered by both" not in failed.stderr


@pytest.mark.parametrize("judge", ["mine", "true"])
def test_the_model_is_loaded_for_a_judge_that_needs_it_where_servers_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: str
) -> None:
    loaded: list[Workbench] = []
    monkeypatch.setattr("tui.commands.compare.load_model", loaded.append)
    workbench = StillWorkbench(tmp_path / "space")
    workbench.workspace.write(set_model_judge, "mine", model=workbench.models()[0], rubric="Which is better?").result()
    with _answering(HostedOptions.of(workbench), "base@box", "server", judge=judge):
        assert loaded == ([workbench] if judge == "mine" else [])
    workbench.close()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--export", "arena", "x.jsonl"), "Only a judged trial can be exported"),
        (("--trial", "99"), "no trial 99"),
        (("--judge", "true", "--set", "nothing"), "no held-out prompt set 'nothing', only 'science, held out'"),
        (("--judge", "true", "--num-questions", "400"), "400 prompts were asked for, 80 are held out"),
        (("--judge", "true", "--against", "second", "--adapter", "second"), "would be compared with itself"),
        (("--against-system", " "), "--against-system is empty"),
    ],
)
def test_what_cannot_be_done_is_said(palate: Invoke, words: tuple[str, ...], told: str) -> None:
    result = palate("compare", *words)
    assert result.exit_code != 0
    assert told in result.stderr
