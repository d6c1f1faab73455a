"""More prompts like those of a set: what a model is shown, what of its answer is taken, and that a person decides."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.serving import misbehaving, stream
from tests.tui.curation.test_near_prompts import stored
from tests.waiting import until
from tui.app import PalateApp
from tui.cli import main
from tui.commands import grow as command
from tui.commands.options import command_runner
from tui.errors import InputError
from tui.events import PromptsGrown, WorkbenchEvent
from tui.generation.prompt_growth import GrowthRequest, fresh_prompts, prompts_in
from tui.ipc.client import run_at_owner
from tui.ipc.console import Console
from tui.ipc.owner import OwnerServer
from tui.screens.data.grow import GrowScreen
from tui.workbench import Workbench
from tui.workspace.consent import Destination, TextsStay

HELD_OUT = "How do volcanoes make new land in the sea?"
ANSWER = (
    "Sure, here they are:\n1. **Why do cats purr at night?**\n2) Why is the sky blue but the sunset red?\n"
    f"3. How do volcanoes make new land in the deep sea?\n4. {HELD_OUT}\n"
    "5. Why do cats purr at night??\n6. Why is ice slippery?\n"
)


class Scribe:
    """A server that writes `ANSWER`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.after: Callable[[], object] = lambda: None

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.body  # type: ignore[attr-defined]
        self.asked.append(body["messages"][-1]["content"])
        self.after()
        stream(handler, ANSWER, finish="stop")


@pytest.fixture
def scribe() -> Scribe:
    return Scribe()


@pytest.fixture
def workbench(tmp_path: Path, scribe: Scribe) -> Iterator[Workbench]:
    """Without a model; `box` is a server on this machine, and one question is held out."""
    with misbehaving(scribe) as url:
        made = Workbench(tmp_path / "space")
        made.servers.add("box", url + "/v1", model="llama")
        held = made.prompts.find_set("science, held out").id
        made.prompts.add(held, HELD_OUT).result()
        yield made
        made.close()


def palate(workbench: Workbench, *words: str) -> Result:
    workbench.close()
    return CliRunner().invoke(main, ["--workspace", str(workbench.folder), "prompts", "grow", *words])


@pytest.mark.parametrize(
    ("text", "cut", "found"),
    [
        ("1. One?\n2. Two?", False, ["One?", "Two?"]),
        ("1. One?\n2. Two and it is cu", True, ["One?"]),
        ("Here:\n- One?\n* Two?", False, ["One?", "Two?"]),
        ("One?\n\nTwo?", False, ["One?", "Two?"]),
        ("1) “One?”\n2) **Two?**", False, ["One?", "Two?"]),
        ("1. \n2. ...\n", False, []),
        ("", False, []),
    ],
)
def test_prompts_are_read_from_the_lines_of_an_answer(text: str, cut: bool, found: list[str]) -> None:
    assert prompts_in(text, cut=cut) == found


def test_what_is_there_or_was_declined_or_is_held_out_is_no_suggestion() -> None:
    known = (stored(1, "Why is ice slippery?"), stored(2, HELD_OUT, "trial", held_out=True))
    texts = [
        "why is ICE slippery?",
        HELD_OUT,
        f"{HELD_OUT} Why?",
        "What is salt?",
        "What is salt??",
        "Why do cats purr?",
    ]
    assert fresh_prompts(texts, known, ["Why do cats purr"]) == ["What is salt?"]


def test_a_server_is_shown_labelling_prompts_alone_and_its_like_of_held_out_ones_is_dropped(
    workbench: Workbench, scribe: Scribe
) -> None:
    done = palate(workbench, "science", "--server", "box", "--number", "2", "--json")
    assert done.exit_code == 0, done.output
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["text"] for each in records[:-1]] == ["Why do cats purr at night?", "Why is ice slippery?"]
    assert records[-1] == {"event": "grown", "set": "science", "suggested": 2, "left_out": 4}
    held_out = (Path(__file__).parents[3] / "tui/data/science_held_out.jsonl").read_text().splitlines()
    shown = "\n".join(scribe.asked)
    assert "Write 2 new prompts" in shown
    assert [line for line in held_out if json.loads(line)["prompt"] in shown] == []


def test_only_what_gets_a_yes_is_added(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter("ny")
    monkeypatch.setattr(Console, "ask", lambda *_: next(answers))
    done = palate(workbench, "science", "--server", "box", "--number", "2", "--field", "biology")
    assert done.exit_code == 0, done.output
    assert "1 prompt added to 'science'." in done.stderr
    words = ["--workspace", str(workbench.folder), "prompts", "show", "science", "slippery", "--json"]
    listed = CliRunner().invoke(main, words)
    assert [json.loads(line)["field"] for line in listed.stdout.splitlines()] == ["biology"]


def test_beside_the_open_app_the_person_at_the_command_is_asked(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(_: Console, question: str, keys: str) -> str:
        asked.append(f"{question}{keys}")
        return "ny"[len(asked) - 1]

    monkeypatch.setattr(Console, "ask", ask)
    workbench.start(fill_queue=False, load_model=False)
    host = OwnerServer(workbench, lambda _: None, command_runner(main))
    before = workbench.prompts.find_set("science").prompts
    try:
        words = ("prompts", "grow", "science", "--server", "box", "--number", "2")
        assert run_at_owner(str(host.server.path), words, None) == 0
    finally:
        host.close()
    assert asked == ["      add it? y n q: ynq"] * 2
    assert workbench.prompts.find_set("science").prompts == before + 1


def test_without_a_terminal_nothing_is_added(workbench: Workbench) -> None:
    done = palate(workbench, "science", "--server", "box", "--number", "2")
    assert "0 prompts added" in done.stderr
    assert "Why is ice slippery?" in done.stdout


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (GrowthRequest("science, held out"), "shown to no model"),
        (GrowthRequest("nothing"), "There is no prompt set"),
        (GrowthRequest("science", server="elsewhere"), "There is no server 'elsewhere'"),
        (GrowthRequest("science", field="cooking"), "no prompt of the field 'cooking'"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    workbench: Workbench, scribe: Scribe, request_: GrowthRequest, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        workbench.growth.ask(request_)
    assert scribe.asked == []


def test_texts_stay_here_until_a_person_allowed_that(workbench: Workbench) -> None:
    workbench.servers.add("far", "https://models.example.com/v1", model="m", protocol="openai")
    with pytest.raises(TextsStay, match="palate servers allow far"):
        workbench.growth.ask(GrowthRequest("science", server="far"))


def test_what_came_before_its_server_was_forbidden_is_kept(
    workbench: Workbench, scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Destination, "is_this_machine", False)
    workbench.servers.allow("box")
    workbench.start(fill_queue=False)
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    monkeypatch.setattr(scribe, "after", lambda: workbench.servers.forbid("box"))
    job = workbench.growth.ask(GrowthRequest("science", 9, server="box"))
    job.done.result(timeout=60)
    assert len(scribe.asked) == 1
    assert [len(each.texts) > 0 for each in heard if isinstance(each, PromptsGrown)] == [True]


async def test_on_the_screen_a_key_adds_a_prompt_or_leaves_it_out(workbench: Workbench) -> None:
    workbench.start(fill_queue=False, load_model=False)
    app = PalateApp(workbench)
    async with app.run_test(size=(80, 24)) as pilot:
        science = workbench.prompts.find_set("science")
        screen = GrowScreen(GrowthRequest("science", 2, "box"), science.id)
        app.push_screen(screen)
        await until(pilot, lambda: screen.is_mounted and len(screen._rows) == 2)
        await until(pilot, lambda: screen.marked is not None and not screen.is_asking)
        await pilot.press("n")
        assert [each.state for each in screen._rows] == ["declined", "open"]
        await pilot.press("y", "y")
        await until(pilot, lambda: [each.state for each in screen._rows] == ["declined", "added"])
        await until(pilot, lambda: workbench.prompts.find_set("science").prompts == science.prompts + 1)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, GrowScreen))


def test_the_command_asks_for_as_many_as_a_request_takes() -> None:
    from tui.generation.prompt_growth import MOST_GROWN

    assert command._MOST == MOST_GROWN
