"""Processes that tests fork: they are what a shell would have started."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.starting import Process, Spawn, environment, run

HANDLERS = "import json, signal; print(json.dumps([str(signal.getsignal(each)) for each in (1, 2, 3, 15)]))"


def handlers(process: Process) -> list[str]:
    with process:
        return list(json.loads(process.communicate(timeout=60)[0]))


def test_signals_are_heard_whatever_the_tests_themselves_ignore() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forked = handlers(Process(["-c", HANDLERS]))
    finally:
        signal.signal(signal.SIGINT, before)
    anew = subprocess.run([sys.executable, "-c", HANDLERS], capture_output=True, check=True, preexec_fn=hear).stdout
    assert forked == json.loads(anew)
    assert handlers(Process(["-c", HANDLERS], ignoring=True))[:3] == [str(signal.SIG_IGN)] * 3


def hear() -> None:
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("print('said')", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('why')", 1, "why\n"),
        ("raise ValueError('why')", 1, "ValueError: why\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15, ""),
    ],
)
def test_it_ends_with_the_status_and_the_words_of_an_interpreter(code: str, status: int, told: str) -> None:
    done = run(["-c", code])
    assert done.returncode == status
    assert done.stderr.endswith(told)


def test_words_folder_environment_and_files_are_those_that_were_given(tmp_path: Path) -> None:
    what = "sys.argv[1:], os.getcwd(), os.environ['WHO'], sys.stdin.read(), len(os.listdir('/proc/self/fd'))"
    code = f"import os, sys; print({what})"
    with Process(["-c", code, "one", "two"], cwd=tmp_path, env=environment(WHO="me")) as process:
        said, _ = process.communicate("typed", timeout=60)
    assert said == f"['one', 'two'] {tmp_path} me typed 4\n"  # the three files, and the one that lists them


def test_it_leads_a_session_with_the_terminal_that_it_was_given() -> None:
    code = "import os; print(os.getsid(0) == os.getpid(), os.ttyname(0), os.tcgetpgrp(0) == os.getpid())"
    app = Spawn(["-c", code], encoding="utf-8", timeout=60)
    app.expect(r"True /dev/pts/\d+ True")
    app.expect(pexpect.EOF)
    assert app.wait() == 0
    assert os.waitstatus_to_exitcode(app.status) == 0
