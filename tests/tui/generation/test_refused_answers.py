"""The queue beside a server or a chat template that gives no answers: told, nothing marked, and on with the others."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.prompt_rows import NewPrompt
from db.prompts import add_prompt_set, add_prompts
from engine.config import SamplingConfig
from engine.errors import AnswersAlike, AnswersMissing, TemplateRefused
from engine.preference import Message
from tests.engine.chat_servers.test_replies import chunk, events
from tests.engine.test_template import NO_SYSTEM, template
from tests.serving import misbehaving, send
from tests.tiny import save_tiny
from tests.tui.generation.test_queue_filler import leave
from tests.tui.generation.test_server_answers import until
from tui.compute.loaded_model import ModelChoice
from tui.events import WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.workbench import Workbench
from tui.workspace.settings import SourceConfig

Open = Callable[..., Workbench]


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose chat template has no place for a system prompt."""
    folder = save_tiny(tmp_path_factory.mktemp("model"))
    (folder / "chat_template.jinja").write_text(template(before=NO_SYSTEM))
    return folder


@pytest.fixture
def open_workbench(tmp_path: Path, model_folder: Path) -> Iterator[Open]:
    opened: list[Workbench] = []

    def open_it(source: SourceConfig, *, fill_queue: bool = False) -> Workbench:
        workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=7)
        opened.append(workbench)
        sampling = SamplingConfig(max_new_tokens=12)
        workbench.answers.settings = replace(workbench.answers.settings, source=source, sampling=sampling)
        workbench.start(fill_queue=fill_queue)
        assert workbench.loading is not None
        workbench.loading.done.result(timeout=120)
        return workbench

    yield open_it
    for each in opened:
        each.close()


def at(url: str) -> SourceConfig:
    return SourceConfig(policy="server", server=url, server_model="m", server_retries=0)


def passed_over(workbench: Workbench) -> int:
    return int(workbench.workspace.connection.execute("SELECT count(*) FROM passed_over").fetchone()[0])


def numbered() -> Callable[[Any], None]:
    """A server whose answers all differ."""
    count = iter(range(1000))

    def answer(handler: Any) -> None:
        events(chunk({"content": f"Answer {next(count) * 7919} is here."}), chunk({}, "stop"))(handler)

    return answer


def test_a_refused_max_tokens_marks_no_prompt(open_workbench: Open) -> None:
    answers = numbered()

    def answer(handler: Any) -> None:
        if "max_tokens" in handler.body:
            words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return send(handler, 400, {"error": {"message": words, "param": "max_tokens"}})
        return answers(handler)

    with misbehaving(answer) as url:
        workbench = open_workbench(at(url))
        workbench.answers.write_pairs(3).done.result(timeout=60)
    assert workbench.ready_count() == 3
    assert passed_over(workbench) == 0


def test_empty_answers_are_told_after_a_few_requests_and_never_shown_or_marked(open_workbench: Open) -> None:
    asked: list[int] = []

    def answer(handler: Any) -> None:
        asked.append(1)
        events(chunk({"reasoning_content": "hm"}), chunk({}, "length"))(handler)

    with misbehaving(answer) as url:
        workbench = open_workbench(at(url))
        heard: list[WorkbenchEvent] = []
        workbench.subscribe(heard.append)
        with pytest.raises(AnswersMissing, match=r"3 times in turn: .*thoughts took all of its 12 tokens"):
            workbench.answers.write_pairs(3).done.result(timeout=60)
    assert 3 <= len(asked) <= 6  # a batch is two prompts, and its four requests are sent together
    assert (workbench.ready_count(), passed_over(workbench)) == (0, 0)
    notices = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert [each.title for each in notices] == ["A prompt got no answer"]  # many prompts share one reason


def test_a_queue_that_gets_no_answers_rests_until_a_setting_is_changed(open_workbench: Open) -> None:
    answers, thinks = numbered(), [True]

    def answer(handler: Any) -> None:
        if thinks[0]:
            return events(chunk({"reasoning_content": "hm"}), chunk({}, "length"))(handler)
        return answers(handler)

    with misbehaving(answer) as url:
        workbench = open_workbench(at(url))
        failed: list[WorkbenchFailed] = []
        workbench.subscribe(lambda each: failed.append(each) if isinstance(each, WorkbenchFailed) else None)
        for name, text in (("server", url), ("server_model", "m"), ("server_retries", "0")):
            workbench.change_setting(name, text)
        workbench.answers.wake()
        until(lambda: workbench.status().queue_problem is not None)
        assert [each.title for each in failed] == ["The server gives no answers"]
        assert "once a setting is changed" in failed[0].text
        thinks[0] = False
        workbench.change_setting("max_new_tokens", "200")
        until(lambda: workbench.ready_count() == 12)
        assert workbench.status().queue_problem is None
    assert passed_over(workbench) == 0


def same(asked: list[str]) -> Callable[[Any], None]:
    """A server that gives every prompt the same answer, as a broken adapter does; `asked` gets the questions."""

    def answer(handler: Any) -> None:
        asked.append(handler.body["messages"][-1]["content"])
        events(chunk({"content": "!!!!!!!!"}), chunk({}, "stop"))(handler)

    return answer


def test_answers_that_are_all_the_same_are_told_after_a_few_prompts(open_workbench: Open) -> None:
    asked: list[str] = []
    with misbehaving(same(asked)) as url:
        workbench = open_workbench(at(url))
        with pytest.raises(AnswersAlike, match=r"5 prompts in turn got 5 answers each .* such as “!!!!!!!!”"):
            workbench.answers.write_pairs(1).done.result(timeout=60)
    assert len(asked) <= 25
    assert (workbench.ready_count(), passed_over(workbench)) == (0, 5)
    assert workbench.status().prompts_left > 100


def test_prompts_whose_answers_are_the_same_among_others_are_only_passed_over(open_workbench: Open) -> None:
    """Two prompts of three get the same answer each time, and the asking goes on."""
    answers, asked = numbered(), list[str]()

    def answer(handler: Any) -> None:
        question = handler.body["messages"][-1]["content"]
        if question not in asked:
            asked.append(question)
        same([])(handler) if asked.index(question) % 3 else answers(handler)

    with misbehaving(answer) as url:
        workbench = open_workbench(at(url))
        workbench.answers.write_pairs(6).done.result(timeout=60)
    assert workbench.ready_count() == 6
    assert passed_over(workbench) >= 8


def test_a_queue_whose_answers_are_all_the_same_rests_until_a_setting_is_changed(open_workbench: Open) -> None:
    answers, broken, asked = numbered(), [True], list[str]()

    def answer(handler: Any) -> None:
        return same(asked)(handler) if broken[0] else answers(handler)

    with misbehaving(answer) as url:
        workbench = open_workbench(at(url))
        for name, text in (("server", url), ("server_model", "m"), ("server_retries", "0")):
            workbench.change_setting(name, text)
        workbench.answers.wake()
        until(lambda: workbench.status().queue_problem is not None)
        title, words = workbench.status().queue_problem or ("", "")
        assert title == AnswersAlike.title
        assert "once a setting is changed" in words
        assert len(asked) <= 25
        broken[0] = False
        workbench.change_setting("temperature", "1.1")
        until(lambda: workbench.ready_count() == 12)
        assert workbench.status().queue_problem is None


def test_one_prompt_without_an_answer_is_not_in_the_way_of_the_others(open_workbench: Open) -> None:
    answers, bad = numbered(), []

    def answer(handler: Any) -> None:
        question = handler.body["messages"][-1]["content"]
        bad.append(question) if not bad else None
        if question == bad[0]:
            return send(handler, 400, {"error": {"message": "I do not like this one"}})
        return answers(handler)

    with misbehaving(answer) as url:
        workbench = open_workbench(at(url))
        workbench.answers.write_pairs(4).done.result(timeout=60)
    assert workbench.ready_count() == 4
    assert bad[0] not in {each.prompt.messages[-1]["content"] for each in workbench.open_comparisons(10)}
    assert passed_over(workbench) == 0


def test_a_system_prompt_that_the_template_refuses_stops_the_queue_and_marks_nothing(open_workbench: Open) -> None:
    workbench = open_workbench(SourceConfig(policy="base", system="Be brief."))
    with pytest.raises(TemplateRefused, match=r"System role not supported\. Leave out the system prompt"):
        workbench.answers.write_pairs(2).done.result(timeout=60)
    assert passed_over(workbench) == 0
    for name, text in (("system", "Be brief."), ("max_new_tokens", "12")):
        workbench.change_setting(name, text)
    workbench.answers.wake()
    until(lambda: workbench.status().queue_problem is not None)
    workbench.change_setting("system", "none")
    until(lambda: workbench.ready_count() >= 2)
    assert workbench.status().queue_problem is None
    assert passed_over(workbench) == 0


def test_a_prompt_with_a_system_prompt_of_its_own_is_passed_over_in_the_templates_words(open_workbench: Open) -> None:
    workbench = open_workbench(SourceConfig(policy="base"))
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    own = NewPrompt((Message(role="system", content="x"), Message(role="user", content="y")))
    workspace = workbench.workspace
    workspace.write(add_prompts, workspace.write(add_prompt_set, "own", held_out=False).result(), [own]).result()
    leave(workbench, 3)  # two science questions, and this one
    workbench.answers.write_pairs(3).done.result(timeout=60)
    (notice,) = [each for each in heard if isinstance(each, WorkbenchNotice)]
    assert notice.title == "A prompt was passed over"
    assert "System role not supported" in notice.text
    assert workbench.ready_count() == 2
