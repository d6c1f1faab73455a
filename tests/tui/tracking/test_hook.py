"""What is called at a run's end: with the facts alone, for a bounded time, and never at the run's expense."""

import json
import logging
import shlex
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

import tui.tracking.hook
from engine.errors import SettingError
from tests.run_workspace import workbench_with_runs
from tests.still_workbench import StillWorkbench
from tui.events import RunEnded, WorkbenchEvent, WorkbenchFailed
from tui.terminal.redirect import log_to
from tui.tracking.hook import HookFailed, call_hook
from tui.workspace.consent import Consents, Destination, TextsStay


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    with workbench_with_runs(tmp_path / "space") as workbench:
        yield workbench


def command(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(text)))  # type: ignore[attr-defined]
        self.send_response(302 if self.path == "/moved" else 500 if self.path == "/broken" else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.asked = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    level = logging.root.level
    monkeypatch.setattr(logging.root, "handlers", [])
    log_to(tmp_path / "logs" / "palate.log")
    yield tmp_path / "logs" / "palate.log"
    logging.captureWarnings(False)
    logging.root.setLevel(level)
    for each in logging.root.handlers:
        each.close()


def test_a_command_gets_the_facts_on_its_input_and_in_its_environment(
    workbench: StillWorkbench, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code = f"import os, sys; open({str(out)!r}, 'w').write(os.environ['PALATE_STATUS'] + sys.stdin.read())"
    workbench.change_setting("hook", command(code))
    workbench.tracking.hear(RunEnded(2, name="taste-2", status="finished"))
    workbench.tracking.close()
    assert out.read_text().startswith("finished{")
    facts = json.loads(out.read_text().removeprefix("finished"))
    assert (facts["run"], facts["name"], facts["status"], facts["step"]) == (2, "taste-2", "finished", 40)
    assert "warm" not in out.read_text()  # its tags are its owner's


def test_a_run_that_its_person_left_calls_nothing_and_one_that_fell_does(
    workbench: StillWorkbench, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    workbench.change_setting("hook", command(f"open({str(out)!r}, 'a').write('called ')"))
    workbench.tracking.hear(RunEnded(6, name="taste-6", status="interrupted"))
    workbench.tracking.hear(RunEnded(4, name="taste-4", status="interrupted"))  # it has an error
    workbench.tracking.close()
    assert out.read_text() == "called "


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (command("import sys; sys.exit('no phone')"), "ended with 1: no phone"),
        ("/no/such/program", "cannot be started"),
        ("'unclosed", "cannot be started"),
    ],
)
def test_a_hook_that_fails_is_said_and_the_run_stays_as_it_is(workbench: StillWorkbench, hook: str, words: str) -> None:
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    workbench.change_setting("hook", hook)
    before = workbench.run(2)
    workbench.tracking.hear(RunEnded(2, name="taste-2", status="finished"))
    workbench.tracking.close()
    (failed,) = [each for each in heard if isinstance(each, WorkbenchFailed)]
    assert failed.title == "Run 2: The hook failed"
    assert words in failed.text
    assert words in workbench.run_log(2)[-1].text
    assert workbench.run(2) == before


@pytest.mark.parametrize("hook", ["https://[half", "HTTPS://box:80x0/", "https://", "https://anna:secret@box/"])
def test_an_address_that_names_no_host_is_refused_when_it_is_set(workbench: StillWorkbench, hook: str) -> None:
    with pytest.raises(SettingError, match="must name a host"):
        workbench.change_setting("hook", hook)


def test_a_hook_that_does_not_end_is_killed_with_its_children(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tui.tracking.hook, "HOOK_S", 0.5)
    workbench.change_setting("hook", "sh -c 'sleep 600; true'")
    with pytest.raises(HookFailed, match=r"ran for 0\.5 s and was killed"):
        call_hook(workbench.workspace, workbench.run(2), "finished")


def test_an_address_gets_the_facts_with_its_secret_from_the_environment(
    workbench: StillWorkbench, server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"127.0.0.1:{server.server_address[1]}"
    workbench.change_setting("hook", f"http://{host}/$HOOK_TOKEN")
    assert [each.destination for each in Consents(workbench.workspace).listed()] == [Destination("hook", host)]
    with pytest.raises(HookFailed, match="HOOK_TOKEN"):
        call_hook(workbench.workspace, workbench.run(2), "finished")
    monkeypatch.setenv("HOOK_TOKEN", "s3cret")
    call_hook(workbench.workspace, workbench.run(2), "finished")
    ((path, facts),) = server.asked  # type: ignore[attr-defined]
    assert path == "/s3cret"
    assert facts["name"] == "taste-2"
    Consents(workbench.workspace).withdraw(Destination("hook", host))
    with pytest.raises(TextsStay):
        call_hook(workbench.workspace, workbench.run(2), "finished")


def test_the_log_holds_no_secret_of_the_hook_s_address(
    workbench: StillWorkbench, server: HTTPServer, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "s3cret")
    logging.getLogger("tui").info("It began.")
    workbench.change_setting("hook", f"http://127.0.0.1:{server.server_address[1]}/$HOOK_TOKEN")
    call_hook(workbench.workspace, workbench.run(2), "finished")
    assert [path for path, _ in server.asked] == ["/s3cret"]  # type: ignore[attr-defined]
    assert "It began." in log.read_text()
    assert "s3cret" not in log.read_text()


def test_an_answer_that_is_no_success_and_a_redirect_are_said(workbench: StillWorkbench, server: HTTPServer) -> None:
    for path, status in (("broken", "500"), ("moved", "302")):
        workbench.change_setting("hook", f"http://127.0.0.1:{server.server_address[1]}/{path}")
        with pytest.raises(HookFailed, match=status):
            call_hook(workbench.workspace, workbench.run(2), "finished")
    assert [path for path, _ in server.asked] == ["/broken", "/moved"]  # type: ignore[attr-defined]


def test_an_error_names_the_setting_and_not_the_secret(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "s3cret")
    workbench.change_setting("hook", "http://127.0.0.1:9/$HOOK_TOKEN")
    with pytest.raises(HookFailed) as caught:
        call_hook(workbench.workspace, workbench.run(2), "finished")
    assert "s3cret" not in str(caught.value)


def test_an_address_with_a_password_is_refused_as_a_setting(workbench: StillWorkbench) -> None:
    with pytest.raises(SettingError, match="password"):
        workbench.change_setting("hook", "https://anna:secret@example.org/hook")
