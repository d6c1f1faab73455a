"""Questions of a person: both policies answer, nothing tells which is which, and the pair is one of labelling."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.errors import NotAllowed
from db.names_shown import names_known
from db.prompt_rows import Message, Messages
from engine.config import TrainConfig
from tests.tiny import save_tiny
from tui.asking.asking import Asked
from tui.asking.choice import AskChoice
from tui.compute.loaded_model import ModelChoice
from tui.events import AskedEnded, AskedGrowing, WorkbenchEvent
from tui.workbench import Workbench

BASES = AskChoice("base", "base")
QUICK = TrainConfig(epochs=1, batch_size=2, lora_r=4, lora_alpha=8, lora_dropout=0.0, eval_share=0.2)


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench on a tiny model with an adapter called taste-1, and nothing that fills its queue."""
    folder = tmp_path_factory.mktemp("asking")
    workbench = Workbench(folder / "space", ModelChoice(str(save_tiny(folder / "model")), dtype="float32"), seed=7)
    try:
        workbench.change_setting("max_new_tokens", "24")
        workbench.change_setting("ask_again", "0")
        workbench.start(fill_queue=False)
        workbench.answers.write_pairs(4).done.result(timeout=120)
        while (pair := workbench.next_comparison()) is not None and pair.standing is None:
            workbench.labelling.judge(pair.id, "a").result(timeout=60)
        workbench.trainer.start(QUICK)
        assert workbench.trainer.job is not None
        workbench.trainer.job.done.result(timeout=120)
        yield workbench
    finally:
        workbench.close()


def user(text: str) -> Messages:
    return (Message(role="user", content=text),)


def ask(workbench: Workbench, messages: Messages, choice: AskChoice) -> tuple[Asked, list[WorkbenchEvent]]:
    heard: list[WorkbenchEvent] = []
    unsubscribe = workbench.subscribe(heard.append)
    asked = workbench.asking.ask(messages, choice)
    asked.job.done.result(timeout=120)
    unsubscribe()
    return asked, heard


def test_a_question_gives_a_pair_that_a_run_trains_on(workbench: Workbench) -> None:
    asked, heard = ask(workbench, user("Who are you?"), AskChoice("base", "taste-1"))
    ended = asked.ended
    assert ended in heard
    assert ended is not None
    assert ended.comparison is not None
    assert not ended.problem
    pair = workbench.comparison(ended.comparison)
    assert (pair.prompt.set_name, pair.prompt.first_line) == ("asked", "Who are you?")
    assert {pair.a.model_name, pair.b.model_name} == {"model", "taste-1"}
    before = workbench.counts().decisive
    assert workbench.labelling.judge(pair.id, "b").result(timeout=60).blind
    assert workbench.counts().decisive == before + 1
    run = workbench.trainer.start(QUICK)
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)
    assert workbench.run(run).train_pairs + workbench.run(run).eval_pairs == before + 1


def test_both_answers_grow_and_the_last_texts_are_the_stored_ones(workbench: Workbench) -> None:
    workbench.change_setting("max_new_tokens", "64")
    asked, heard = ask(workbench, user("Tell me more."), BASES)
    grown = [each.texts for each in heard if isinstance(each, AskedGrowing)]
    assert grown
    assert asked.ended is not None
    assert asked.ended.comparison is not None
    pair = workbench.comparison(asked.ended.comparison)
    assert asked.shown() == (pair.first.text, pair.second.text)
    assert all(pair.first.text.startswith(left.rstrip("\ufffd")) for left, _ in grown)


def test_the_pace_of_hidden_policies_tells_nothing(workbench: Workbench) -> None:
    asked, _ = ask(workbench, user("Hidden?"), AskChoice("base", "taste-1"))
    whole = dict(asked.done)
    asked.done.clear()
    asked.texts[:] = ["a fast policy that is far ahead", "slow"]
    assert {len(each) for each in asked.shown()} == {4}
    asked.done[1] = whole[1]
    assert len(asked.shown()[asked.left_to_right.index(0)]) == len(asked.texts[0])


def test_names_that_are_shown_make_verdicts_not_blind_and_keep_their_sides(workbench: Workbench) -> None:
    for number in range(4):
        asked, _ = ask(workbench, user(f"Named {number}?"), AskChoice("base", "taste-1", named=True))
        assert asked.ended is not None
        assert asked.ended.comparison is not None
        pair = workbench.comparison(asked.ended.comparison)
        assert (pair.first.model_name, pair.second.model_name) == ("model", "taste-1")
        assert names_known(workbench.workspace.connection, pair.id)
        assert not workbench.labelling.judge(pair.id, "a").result(timeout=60).blind


def test_hidden_policies_stand_on_either_side_and_write_either_letter(workbench: Workbench) -> None:
    sides, letters = set(), set()
    for number in range(16):
        asked, _ = ask(workbench, user(f"Side {number}?"), AskChoice("base", "taste-1"))
        sides.add(asked.left_to_right)
        letters.add(asked.order)
    assert len(sides) == len(letters) == 2


def test_a_question_that_is_held_out_is_refused_in_words(workbench: Workbench) -> None:
    held_out = next(each for each in workbench.prompts.sets() if each.row.held_out)
    question = workbench.prompts.prompt(workbench.prompts.prompts(held_out.row.id, limit=1)[0].id).messages
    with pytest.raises(NotAllowed, match="held out for trials"):
        workbench.asking.ask(question, BASES)
    earlier = (*user("Hello."), Message(role="assistant", content="Hello."))
    with pytest.raises(NotAllowed, match="held out for trials"):
        workbench.asking.ask((*earlier, *question), BASES)


def test_a_prompt_that_exists_stays_in_its_set_and_asking_again_gives_other_answers(workbench: Workbench) -> None:
    known = workbench.prompts.prompt(40)
    pairs = []
    for _ in range(2):
        asked, _ = ask(workbench, known.messages, BASES)
        assert asked.ended is not None
        assert asked.ended.comparison is not None
        pairs.append(workbench.comparison(asked.ended.comparison))
    assert {each.prompt.set_name for each in pairs} == {"science"}
    assert len({text for each in pairs for text in (each.a.text, each.b.text)}) == 4


def test_two_equal_answers_are_no_pair_but_a_turn(workbench: Workbench) -> None:
    asked, _ = ask(workbench, user("Greedy?"), AskChoice("base", "base", sampling="temperature=0"))
    assert asked.ended is not None
    assert (asked.ended.comparison, asked.ended.problem) == (None, "")
    assert asked.ended.prompt is not None
    assert workbench.conversations.prompt(asked.ended.prompt).set_name == "asked"


def test_a_stopped_question_stores_nothing(workbench: Workbench) -> None:
    prompts = sum(each.prompts for each in workbench.prompt_sets())
    asked = workbench.asking.ask(user("Stopped?"), BASES)
    workbench.asking.stop(asked)
    asked.job.done.result(timeout=60)
    assert asked.ended is None
    assert sum(each.prompts for each in workbench.prompt_sets()) == prompts


def test_a_conversation_is_found_by_words_of_any_turn_and_continues_with_the_chosen_answer(
    workbench: Workbench,
) -> None:
    asked, _ = ask(workbench, user("What is a quokka?"), BASES)
    assert asked.ended is not None
    assert asked.ended.comparison is not None
    assert asked.ended.prompt is not None
    pair = workbench.comparison(asked.ended.comparison)
    talk = workbench.conversations
    assert talk.continued(pair, pair.first.text)[-1]["content"] == pair.first.text
    workbench.labelling.judge(pair.id, pair.second_letter).result(timeout=60)
    pair = workbench.comparison(pair.id)
    assert talk.continued(pair, pair.first.text)[-1]["content"] == pair.second.text
    workbench.labelling.edit_answer(pair.id, pair.a.id, "A small wallaby.").result(timeout=60)
    messages = talk.continued(workbench.comparison(pair.id), "")
    assert messages[-1]["content"] == "A small wallaby."
    again, _ = ask(workbench, (*messages, *user("Where does it live?")), BASES)
    assert again.ended is not None
    assert again.ended.prompt is not None
    for words in ("quokka", "WALLABY lives"[:7], "where does", ""):
        found = talk.find(words)
        assert found[0].prompt.id == again.ended.prompt, words
        assert asked.ended.prompt not in [each.prompt.id for each in found], "a turn is no conversation of its own"
    assert (found[0].title, found[0].turns) == ("What is a quokka?", 2)
    assert talk.find("quokka zebra") == []
    before = talk.turn_before(found[0].prompt)
    assert before is not None
    assert before.id == asked.ended.prompt


def test_a_conversation_exports_as_prompts_that_are_read_again(workbench: Workbench, tmp_path: Path) -> None:
    messages = (*user("One?"), Message(role="assistant", content="Two."), *user("Three?"))
    ask(workbench, user("One?"), BASES)
    asked, _ = ask(workbench, messages, BASES)
    assert asked.ended is not None
    assert asked.ended.prompt is not None
    file = tmp_path / "talk.jsonl"
    assert workbench.conversations.export(workbench.conversations.prompt(asked.ended.prompt), file) == 2
    added = workbench.add_prompts(file, set_name="elsewhere").result(timeout=60)
    assert (added.added, added.duplicates, added.skipped) == (0, 2, 0)


def test_undo_takes_back_the_verdict_on_this_question_alone(workbench: Workbench) -> None:
    asked, _ = ask(workbench, user("Undo me?"), BASES)
    other, _ = ask(workbench, user("And me?"), BASES)
    assert asked.ended is not None
    assert asked.ended.comparison is not None
    assert other.ended is not None
    assert other.ended.comparison is not None
    workbench.labelling.judge(asked.ended.comparison, "a").result(timeout=60)
    workbench.labelling.judge(other.ended.comparison, "a").result(timeout=60)
    assert workbench.labelling.undo(prompt=asked.ended.prompt).result(timeout=60) == asked.ended.comparison
    assert workbench.comparison(other.ended.comparison).standing is not None
    assert workbench.labelling.undo(prompt=asked.ended.prompt).result(timeout=60) is None


def test_a_model_that_cannot_answer_says_why(workbench: Workbench) -> None:
    asked, heard = ask(workbench, user("long " * 400), BASES)
    assert isinstance(heard[-1], AskedEnded)
    assert asked.ended is not None
    assert asked.ended.problem
