"""A judging program: what it is told, what it may say, and what is said when it fails."""

import json
import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.fake_workbench import comparison
from tests.leaving import is_alive
from tests.visiting import wait_until
from tui.judges.judgement import Judgement
from tui.judges.program import ExternalJudge, JudgeError

LONGER = "q = json.load(sys.stdin); print('first' if len(q['first']) > len(q['second']) else 'second')"


@pytest.fixture
def program(tmp_path: Path):
    """Make a program of some lines of Python; gives the command."""

    def make(body: str) -> str:
        file = tmp_path / "judge me.py"
        file.write_text(f"import json, sys, time\n{body}\n", encoding="utf-8")
        return shlex.join([sys.executable, str(file)])

    return make


def test_it_is_asked_in_both_orders_and_told_no_name(program, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    command = program(f"text = sys.stdin.read(); open({str(log)!r}, 'a').write(text + '\\n'); print('tie')")
    pair = comparison(2, "shown first", "shown second")  # flipped: a is shown second
    assert ExternalJudge(command).judge(pair) == Judgement("tie", "tie", "tie")
    told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    prompt = [{"role": "user", "content": pair.prompt.messages[0]["content"]}]
    assert told == [
        {"prompt": prompt, "first": "shown second", "second": "shown first"},
        {"prompt": prompt, "first": "shown first", "second": "shown second"},
    ]


@pytest.mark.parametrize(("a", "b", "verdict"), [("long enough", "short", "a"), ("short", "long enough", "b")])
def test_orders_that_agree_decide(program, a: str, b: str, verdict: str) -> None:
    judgement = ExternalJudge(program(LONGER)).judge(comparison(1, a, b))
    assert judgement.verdict == verdict
    assert judgement.agrees


def test_orders_that_disagree_are_a_tie(program) -> None:
    judgement = ExternalJudge(program("print('first')")).judge(comparison(1))
    assert judgement == Judgement("tie", "first", "first")
    assert not judgement.agrees


@pytest.mark.parametrize(
    "output",
    ["print('2')", "print('SECOND')", "print('I like it.'); print('second')", 'print(\'{"verdict": "second"}\')'],
)
def test_a_verdict_may_be_written_in_several_ways(program, output: str) -> None:
    assert ExternalJudge(program(output)).judge(comparison(1)).a_first == "second"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("print('both are fine')", "wrote 'both are fine'. The last line must be first, second or tie."),
        ("", "wrote ''"),
        ("print('x', file=sys.stderr); sys.exit(3)", "ended with 3: x"),
        ("print([1])", "wrote '[1]'"),
    ],
)
def test_what_is_no_verdict_is_said_with_the_command(program, body: str, told: str) -> None:
    command = program(body)
    with pytest.raises(JudgeError) as caught:
        ExternalJudge(command).judge(comparison(1))
    assert told in str(caught.value)
    assert command in str(caught.value)


def test_a_program_that_is_not_there_or_never_ends(program) -> None:
    with pytest.raises(JudgeError, match="cannot be started"):
        ExternalJudge("/no/such/program").judge(comparison(1))
    with pytest.raises(JudgeError, match="cannot be started"):
        ExternalJudge("unclosed 'quote").judge(comparison(1))
    with pytest.raises(JudgeError, match=r"no answer within 0\.2 s"):
        ExternalJudge(program("time.sleep(30)"), timeout_s=0.2).judge(comparison(1))


def test_a_program_that_writes_without_an_end_is_killed_and_nothing_of_it_is_kept(program) -> None:
    with pytest.raises(JudgeError, match="wrote more than 1,048,576 bytes"):
        ExternalJudge(program("while True: print('x' * 65536)")).judge(comparison(1))


def test_a_child_that_a_program_leaves_behind_is_not_waited_for(program) -> None:
    leaves = "import subprocess; child = subprocess.Popen(['sleep', '60']); print(child.pid, file=open('child', 'a'))"
    command = program(f"import os; os.chdir(os.path.dirname(__file__)); {leaves}; print('tie')")
    assert ExternalJudge(command).judge(comparison(1)).verdict == "tie"
    for pid in (Path(shlex.split(command)[1]).parent / "child").read_text().split():
        os.kill(int(pid), signal.SIGKILL)  # it is still there: a judge may keep a server of its own


def test_a_program_that_takes_too_long_is_killed_with_its_children(program, tmp_path: Path) -> None:
    file = str(tmp_path / "child")
    starts = f"import subprocess; open({file!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid))"
    with pytest.raises(JudgeError, match="no answer within"):
        ExternalJudge(program(f"{starts}; time.sleep(60)"), timeout_s=2).judge(comparison(1))
    wait_until(lambda: not is_alive(int((tmp_path / "child").read_text())))


def test_a_program_is_found_where_it_would_be_started(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "judge-me").write_text("#!/bin/sh\necho tie\n")
    (tools / "judge-me").chmod(0o755)
    (tools / "no-program").write_text("tie")
    there = {"PATH": str(tools)}
    for command, folder, environment in (
        ("judge-me --fast", None, there),
        ("./tools/judge-me", tmp_path, None),
        ("judge-me", tmp_path, {"PATH": "tools"}),
    ):
        ExternalJudge(command, folder=folder, environment=environment).check()
        assert ExternalJudge(command, folder=folder, environment=environment).judge(comparison(1)).verdict == "tie"
    for command, told in (("judge-me", "no program 'judge-me'"), ("./no-program", "no program"), ("'x", "cannot be")):
        with pytest.raises(JudgeError, match=told):
            ExternalJudge(command, folder=tools, environment={"PATH": "/nowhere"}).check()
