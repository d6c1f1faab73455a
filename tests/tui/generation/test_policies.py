"""Policies on a server: one spelling for the queue, side by sides and trials, and never held up by the model."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.errors import AdapterError
from db.prompt_rows import Message
from db.prompts import held_out_prompts
from engine.config import SamplingConfig
from tests.adapter_server import AdapterServer, adapter_server
from tests.waiting import wait_until
from tui.asking.choice import AskChoice
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Priority, WorkSteps
from tui.errors import InputError
from tui.events import WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.generation.policies import policy_by_name, policy_choices, policy_name
from tui.snapshots import LoadState
from tui.trials.blind import TrialPlan
from tui.workbench import Workbench
from tui.workspace.consent import Destination, TextsStay
from tui.workspace.settings_store import stored_settings


@pytest.fixture
def served() -> Iterator[AdapterServer]:
    with adapter_server(AdapterServer()) as server:
        yield server


@pytest.fixture
def workbench(tmp_path: Path, served: AdapterServer) -> Iterator[Workbench]:
    """A workbench whose model can never be loaded, with a server called box."""
    workbench = Workbench(tmp_path / "space", ModelChoice(), seed=3)
    workbench.servers.add("box", served.url, model="base")
    for name, text in (("policy", "base@box"), ("depth", "6")):
        workbench.change_setting(name, text)
    yield workbench
    workbench.close()


def test_the_queue_is_filled_by_a_server_and_records_which(workbench: Workbench, served: AdapterServer) -> None:
    workbench.start()
    wait_until(lambda: workbench.ready_count() == 6)
    assert workbench.model_state.state is LoadState.UNUSED
    pair = workbench.next_comparison()
    assert pair is not None
    box = workbench.servers.get("box")
    assert [(each.source, each.server, each.model_kind) for each in (pair.a, pair.b)] == [
        ("server", box.id, "server")
    ] * 2
    asked = served.paths("/v1/chat/completions")[0]
    assert (asked["model"], asked["temperature"]) == ("base", 0.9)


def test_a_trial_and_a_side_by_side_are_answered_by_servers_alone(workbench: Workbench) -> None:
    with adapter_server(AdapterServer("openai", words=("always ", "this"))) as other:
        workbench.servers.add("other", other.url, model="base")
        workbench.start(fill_queue=False)
        sampling = SamplingConfig(max_new_tokens=8)
        plan = TrialPlan(policy="base@other", against="base@box", num_prompts=10, sampling=sampling)
        trial = workbench.blind_trials.start(plan)
        wait_until(lambda: workbench.trial(trial).done == 10)
        row = workbench.trial(trial)
        assert (row.model_a_name, row.model_b_name, row.served) == ("base@box", "base@other", True)
        assert {each.b.text for each in workbench.trial_comparisons(trial)} == {"always this"}
        look = workbench.start_side_by_side(adapter="base@other", against="base@box", num_questions=2)
        wait_until(lambda: workbench.trial(look).status == "finished")
    assert workbench.loading is None


@contextmanager
def forbidden_meanwhile(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is begun inside the block reaches its server once texts may no longer go there."""
    monkeypatch.setattr(Destination, "is_this_machine", False)
    workbench.servers.allow("box")
    workbench.start(fill_queue=False)
    go_on = threading.Event()

    def hold() -> WorkSteps:
        go_on.wait(60)
        yield

    workbench.services.network.submit("hold", hold(), lambda: Priority.FIRST)
    yield
    workbench.servers.forbid("box")
    go_on.set()


def test_a_question_whose_server_was_forbidden_meanwhile_ends_with_the_reason(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forbidden_meanwhile(workbench, monkeypatch):
        question = (Message(role="user", content="Why?"),)
        asked = workbench.asking.ask(question, AskChoice("base@box", "base@box"))
    asked.job.done.result(timeout=60)
    assert asked.ended is not None
    assert "palate servers allow box" in asked.ended.problem


def test_a_side_by_side_whose_server_was_forbidden_meanwhile_has_failed(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forbidden_meanwhile(workbench, monkeypatch):
        look = workbench.start_side_by_side(
            adapter="base@box", against="base@box", against_system="Be brief.", num_questions=2
        )
        assert workbench.side_by_side.job is not None
    workbench.side_by_side.job.done.result(timeout=60)
    assert workbench.trial(look).status == "failed"


def test_a_trial_leaves_out_what_a_server_does_not_answer(workbench: Workbench) -> None:
    told: list[WorkbenchEvent] = []
    workbench.subscribe(told.append)
    with adapter_server(AdapterServer("openai")) as picky:
        words = picky.words_of
        picky.words_of = lambda body: () if "water" in json.dumps(body["messages"]) else words(body)  # type: ignore[method-assign]
        workbench.servers.add("picky", picky.url, model="base")
        workbench.start(fill_queue=False)
        prompts = [each for each in _held_out(workbench) if "water" in each]
        total = len(_held_out(workbench))
        plan = TrialPlan(
            policy="base@picky", against="base@box", num_prompts=total, sampling=SamplingConfig(max_new_tokens=8)
        )
        trial = workbench.blind_trials.start(plan)
        wait_until(lambda: workbench.trial(trial).done == total - len(prompts))
        assert prompts
        assert workbench.trial(trial).num_questions == total - len(prompts)
        assert [each for each in told if isinstance(each, WorkbenchNotice) and "leaves out" in each.text]
        assert not [each for each in told if isinstance(each, WorkbenchFailed)]


def _held_out(workbench: Workbench) -> list[str]:
    return [each.first_line for each in held_out_prompts(workbench.workspace.connection, 1000)]


def test_one_spelling_names_policies_everywhere(workbench: Workbench) -> None:
    assert policy_name(policy_by_name("base@box", workbench.services)) == "base@box"
    with pytest.raises(InputError, match="no server 'bax'; there are: box"):
        policy_by_name("base@bax", workbench.services)
    workbench.servers.add("far", "http://far.invalid/v1", model="m", protocol="vllm")
    with pytest.raises(TextsStay, match="palate servers allow far"):
        policy_by_name("base@far", workbench.services)
    words = [each.word for each in policy_choices([], workbench.servers.all())]
    assert words == ["base", "base@box"]
    workbench.servers.allow("far")
    assert "base@far" in [each.word for each in workbench.policies()]


def test_a_setting_takes_no_policy_of_a_server_or_an_adapter_that_is_not_there(workbench: Workbench) -> None:
    for name in ("policy", "--against"):
        with pytest.raises(InputError, match="no server 'nowhere'; there are: box"):
            workbench.change_setting(name, "base@nowhere")
        with pytest.raises(AdapterError, match="nobody"):
            workbench.change_setting(name, "nobody@box")
    kept = stored_settings(workbench.workspace).source
    assert (kept.policy, kept.against) == ("base@box", None)
    for text in ("in-use", "server", "base@server", "default", "base@box"):
        workbench.change_setting("policy", text)
    for text in ("base@box", "none"):
        workbench.change_setting("against", text)


def test_labelling_a_server_needs_no_torch(tmp_path: Path, served: AdapterServer) -> None:
    code = """
import sys
from pathlib import Path
from tests.waiting import wait_until
from tui.workbench import Workbench
workbench = Workbench(Path(sys.argv[1]))
workbench.servers.add("box", sys.argv[2], model="base")
for name, text in (("policy", "base@box"), ("depth", "6"), ("order", "in-order")):
    workbench.change_setting(name, text)
workbench.start()
wait_until(lambda: workbench.ready_count() == 6)
workbench.labelling.judge(workbench.next_comparison().id, "a").result()
wait_until(lambda: workbench.ready_count() == 6)
workbench.close()
print(sorted(each for each in ("torch", "transformers", "peft") if each in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "other"), served.url], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_a_queue_that_moves_to_a_server_does_not_wait_for_the_model(workbench: Workbench) -> None:
    held = threading.Event()

    def loading():  # type: ignore[no-untyped-def]
        held.wait(60)
        yield

    workbench.change_setting("policy", "base")
    workbench.loaded_model.load_steps = loading  # type: ignore[method-assign]
    workbench.start()
    assert workbench.loading is not None
    workbench.change_setting("policy", "base@box")
    wait_until(lambda: workbench.ready_count() == 6)
    assert not workbench.loading.done.done()
    held.set()
