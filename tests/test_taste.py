"""The benchmark of tastes: its verdicts, its intervals and its file of results, worked by hand."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from engine.config import TrainConfig
from engine.model import BaseModel, load_base
from engine.preference import Message, PreferencePair
from engine.training.learner import adapter_parameters
from tests.benchmarks.taste import results
from tests.benchmarks.taste.__main__ import main
from tests.benchmarks.taste.answers import Answer, Answered, Writer
from tests.benchmarks.taste.arms import ARMS, Arm, arm_of
from tests.benchmarks.taste.cell import judged_pairs
from tests.benchmarks.taste.plan import Cell, asked_cells, first_table
from tests.benchmarks.taste.rounds import asked, judged_in_rounds, rewards_of
from tests.benchmarks.taste.rule import RULES, judged, loss
from tests.benchmarks.taste.rule import table as rule_table
from tests.benchmarks.taste.table import difference, differences, interval, table
from tests.benchmarks.taste.tastes import TASTES, plainness
from tests.tiny import save_tiny

MEASURED = Path(__file__).parent / "benchmarks" / "taste" / "measured"


def answered(*pairs: tuple[str, str]) -> Answered:
    prompts = tuple((Message(role="user", content=f"question {place}"),) for place in range(len(pairs)))
    return Answered(prompts, tuple(tuple(Answer(text, 3, False) for text in pair) for pair in pairs))


def record(taste: str, arm: str, seed: int, shares: list[float]) -> dict:  # type: ignore[type-arg]
    figures = {"ended": 0.5, "tokens": 100.0, "nats": 1.0}
    cell = {"taste": taste, "arm": arm, "verdicts": 100, "flips": 0.0, "seed": seed}
    moved = {**figures, "tokens": 50.0}
    general = {"base": 3.0, "tuned": 3.125}
    found = {"cell": cell, "max_new_tokens": 128, "unused": False, "shares": shares}
    return {**found, "base": figures, "tuned": moved, "general_text": general}


def test_shorter_by_hand() -> None:
    taste = TASTES["shorter"]
    said = taste.verdict("x" * 100, "x" * 150)
    assert (said.outcome, said.point) == ("better", 1)
    said = taste.verdict("x" * 200, "x" * 100)  # twice as long
    assert (said.outcome, said.point) == ("much", -1)
    assert taste.verdict("x" * 100, "x" * 109).outcome == "tie"  # ln 1.09 is 0.086
    assert taste.verdict("x" * 700, "x" * 451).outcome == "both_bad"


def test_brief_decides_every_pair_but_one_of_equal_lengths() -> None:
    taste = TASTES["brief"]
    assert taste.verdict("x" * 100, "x" * 100).outcome == "tie"
    assert (taste.verdict("x" * 801, "x" * 800).outcome, taste.verdict("x" * 801, "x" * 800).point) == ("better", -1)
    assert taste.verdict("x" * 900, "x" * 1900).outcome == "much"


def test_plain_by_hand_and_length_does_not_count() -> None:
    assert plainness("a cat sat") == 0.0
    assert plainness("a photosynthesis sat on") == pytest.approx(-0.25)
    assert plainness("a cat sat " * 40) == 0.0
    assert plainness("Sure! a cat") == pytest.approx(-0.1)
    assert plainness("see:\n- a cat\n- a dog") == pytest.approx(-0.1)
    assert TASTES["plain"].verdict("cats sit", "cats sit " * 20).outcome == "tie"


def test_flips_name_the_other_answer_and_leave_ties_alone() -> None:
    given = answered(("x" * 100, "x" * 150), ("x" * 100, "x" * 101), ("x" * 150, "x" * 100))
    cell = Cell("shorter", "default", 3, 0.0, 1)
    pairs = judged_pairs(given, TASTES["shorter"], cell)
    assert [len(pair.chosen) for pair in pairs] == [100, 100, 100]
    assert [pair.outcome for pair in pairs] == ["better", "tie", "better"]
    flipped = judged_pairs(given, TASTES["shorter"], Cell("shorter", "default", 3, 1.0, 1))
    assert [len(pair.chosen) for pair in flipped] == [150, 100, 150]
    with pytest.raises(SystemExit, match="only 3 of 4"):
        judged_pairs(given, TASTES["shorter"], Cell("shorter", "default", 4, 0.0, 1))


def test_the_interval_is_over_seeds_and_questions() -> None:
    assert interval({1: [1.0] * 9, 2: [1.0] * 9}) == (1.0, 1.0, 1.0)
    # Two seeds that agree with themselves and not with one another: a draw of both is 0, ½ or 1 with ¼, ½ and ¼.
    assert interval({1: [0.0] * 9, 2: [1.0] * 9}) == (0.5, 0.0, 1.0)
    mean, low, high = interval({1: [0.0, 1.0] * 50, 2: [0.0, 1.0] * 50})  # only questions differ: ± 1.96 · 0.05
    assert (mean, low, high) == pytest.approx((0.5, 0.4, 0.6), abs=0.02)


def test_differences_are_paired_by_question_and_seed() -> None:
    ours, others = {1: [1.0, 0.5], 2: [1.0, 0.0]}, {1: [0.5, 0.0], 2: [0.5, -0.5], 3: [0.0, 0.0]}
    assert difference(ours, others) == (0.5, 0.5, 0.5)
    with pytest.raises(SystemExit, match="no seed in common"):
        difference({1: [1.0]}, {2: [1.0]})


def test_a_file_of_results_has_one_limit_of_tokens_and_one_kind_of_question(tmp_path: Path) -> None:
    results.append(tmp_path / "taste.jsonl", record("plain", "default", 1, [0.5]))
    found = results.read(tmp_path / "taste.jsonl")
    results.check_same(found, max_new_tokens=128, unused=False)
    results.check_same({}, max_new_tokens=384, unused=True)
    with pytest.raises(SystemExit, match="with max_new_tokens 128"):
        results.check_same(found, max_new_tokens=384, unused=False)
    with pytest.raises(SystemExit, match="with unused False"):
        results.check_same(found, max_new_tokens=128, unused=True)


def test_the_table_has_a_line_for_each_cell_and_says_what_it_cost() -> None:
    rows = [record("plain", "default", seed, [0.5, 0.5]) for seed in (1, 2)]
    rows += [record("plain", "ordinal", 1, [1.0, 0.5])]
    found = {Cell(**each["cell"]): each for each in rows}
    lines = list(table(found))
    assert len(lines) == 4
    assert lines[2].startswith("| plain | default | 100 | – | 2 | 50.0% | 50.0% to 50.0% | 100 → 50 | 0.50 → 0.50 |")
    assert lines[2].endswith("| 3.000 → 3.125 |")
    (words,) = differences(found)
    assert words.startswith("plain, ordinal − default at 100 verdicts: +25.0 points (")


@pytest.mark.parametrize("file", sorted(MEASURED.glob("*.jsonl")), ids=lambda file: file.stem)
def test_the_records_that_are_kept_are_of_cells_that_can_be_asked_for_again(file: Path) -> None:
    found = results.read(file)
    assert found
    for cell, kept in found.items():
        assert arm_of(cell.arm).config(cell.seed, 100).seed == cell.seed
        assert len(kept["shares"]) == 80
    assert len(list(table(found))) == 2 + len({(cell.taste, cell.arm, cell.verdicts, cell.flips) for cell in found})


def test_results_go_on_behind_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "taste.jsonl"
    first, second = record("plain", "default", 1, [1.0]), record("plain", "default", 2, [0.0])
    assert results.read(file) == {}
    results.append(file, first)
    with file.open("a") as out:
        out.write(json.dumps(second)[:20])
    assert list(results.read(file).values()) == [first]
    results.append(file, second)
    assert list(results.read(file).values()) == [first, second]
    assert file.read_text().count("\n") == 2
    file.write_text("{broken\n" + json.dumps(first) + "\n")
    with pytest.raises(SystemExit, match="Line 1"):
        results.read(file)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    folder = save_tiny(tmp_path_factory.mktemp("model"))
    return load_base(str(folder), source="tiny", dtype="float32", device="cpu")


def test_verdicts_in_rounds_come_from_the_adapter_of_the_rounds_before(base: BaseModel, tmp_path: Path) -> None:
    writer = Writer(base, tmp_path, max_new_tokens=6)
    cell = Cell("shorter", "four-certain", 6, 0.0, 1)
    learned: list[int] = []

    def judge(answered: Answered, start: int) -> list[PreferencePair]:
        given = enumerate(zip(answered.prompts, answered.answers, strict=True), start)
        return [PreferencePair(str(at), prompt, one.text, two.text) for at, (prompt, (one, two)) in given]

    def learn(pairs: Sequence[PreferencePair]) -> str:
        learned.append(len(pairs))
        base.create_adapter("a1", TrainConfig(lora_init="a-zero"))
        with torch.no_grad():
            for weight in adapter_parameters(base.model, "a1").values():
                weight += 0.05
        return "a1"

    pairs = judged_in_rounds(writer, cell, Arm(rounds=3, candidates=4, order="certain"), judge, learn)
    assert learned == [2, 4]
    assert [each.key for each in pairs] == ["0", "1", "2", "3", "4", "5"]
    assert len({each.prompt[-1]["content"] for each in pairs}) == 6
    assert base.loaded_adapters() == ()
    assert [file.name.split("-")[:3] for file in tmp_path.iterdir()] == [["labelling", "1", "0"]]


def test_answers_for_labelling_are_kept_in_parts(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(base, tmp_path, max_new_tokens=2)
    monkeypatch.setattr("tests.benchmarks.taste.answers.PART", 3)
    few = writer.labelling(1, 2)
    assert len(few.prompts) == 2
    assert [file.name[:11] for file in tmp_path.iterdir()] == ["labelling-1"]
    more = writer.labelling(1, 5)
    assert (more.prompts[:2], more.answers[:2]) == (few.prompts, few.answers)
    assert len(more.prompts) == len({more.prompts[at][-1]["content"] for at in range(5)}) == 5
    monkeypatch.setattr("tests.benchmarks.taste.answers.PART", 200)
    other = Writer(base, tmp_path / "other", max_new_tokens=2)
    other.folder.mkdir()
    assert other.labelling(1, 5).answers == more.answers, "a question's answers do not depend on its part"


def test_unused_questions_are_none_of_the_verdicts_and_none_of_the_usual_ones(base: BaseModel, tmp_path: Path) -> None:
    usual, unused = (Writer(base, tmp_path, max_new_tokens=1, unused=each) for each in (False, True))
    asked_of_one, asked_of_two = unused.held_out(1).prompts, unused.held_out(2).prompts
    assert len(set(map(str, asked_of_one))) == 80
    assert not set(map(str, asked_of_one)) & set(map(str, unused.labelling(1, 100).prompts))
    assert not set(map(str, asked_of_one)) & set(map(str, usual.held_out(1).prompts))
    assert asked_of_one != asked_of_two
    under = unused.prompted(1, "plain", "Be plain.").prompts
    assert [each[-1] for each in under] == [each[-1] for each in asked_of_one]
    with pytest.raises(SystemExit, match="smaller --sizes"):
        main(["--results", str(tmp_path / "unused.jsonl"), "--unused", "--arms", "default", "--sizes", "200"])


def test_the_order_chooses_two_of_four(base: BaseModel) -> None:
    prompt = (Message(role="user", content="Why?"),)
    answers = [Answer(text, 3, False) for text in ("one two", "one two", "one two three", "six")]
    assert {each.text for each in asked(base, "different", prompt, answers, None, "1")} >= {"six"}
    chance = [asked(base, "certain", prompt, answers, None, str(at)) for at in range(9)]
    assert all(one.text != two.text for one, two in chance)
    assert len(set(chance)) > 2
    base.create_adapter("a1", TrainConfig(lora_init="a-zero"))
    with torch.no_grad():
        for weight in adapter_parameters(base.model, "a1").values():
            weight += 0.05
    rewards = rewards_of(base, prompt, answers, "a1")
    assert rewards[0] == rewards[1] == 0
    low, high = (chosen(rewards, key=rewards.__getitem__) for chosen in (min, max))
    certain = asked(base, "certain", prompt, answers, "a1", "1")
    assert {each.text for each in certain} == {answers[low].text, answers[high].text}
    assert {each.text for each in asked(base, "margin", prompt, answers, "a1", "1")} != {each.text for each in certain}
    base.unload_adapter("a1")


def test_auto_takes_its_settings_from_the_number_of_decided_pairs() -> None:
    assert ARMS["auto"].config(3, 10) == TrainConfig(learning_rate=2e-4, epochs=6, sft_weight=0.2, seed=3)
    assert ARMS["auto"].config(3, 1000) == TrainConfig(seed=3)


def test_an_arm_is_a_name_or_settings() -> None:
    assert arm_of("auto") == ARMS["auto"]
    assert arm_of("ordinal,sft_weight=0.5") == Arm({"loss": "ordinal", "sft_weight": 0.5})
    assert arm_of("second-round,epochs=6") == Arm({"epochs": 6}, rounds=2)
    wanted = TrainConfig(learning_rate=2e-4, epochs=6, loss="ordinal", seed=3)
    assert arm_of("learning_rate=2e-4,epochs=6,loss=ordinal").config(3, 50) == wanted
    with pytest.raises(ValueError, match="no arm and no setting 'rate'"):
        arm_of("rate=2")
    with pytest.raises(ValueError, match="epochs"):
        arm_of("epochs=-1")


def test_the_rules_by_hand() -> None:
    """The ten pairs say epoch 1 by loss, and by too little to keep it; by accuracy they say epoch 0."""
    keys = [str(at) for at in range(10)]
    first = dict.fromkeys(keys, 0.1)
    second = dict.fromkeys(keys, 2.0) | {"0": -0.1}
    third = dict.fromkeys(keys, 2.0) | {"0": -0.4}
    margins = [first, second, third]
    chosen = {name: rule(margins, keys) for name, rule in RULES.items()}
    assert chosen == {"last": 2, "best by loss": 1, "best by accuracy": 0, "the rule": 2}
    worse = dict.fromkeys(keys, 0.5)
    assert RULES["the rule"]([second, worse], keys) == 0
    assert loss(0.0) == pytest.approx(math.log(2))
    assert loss(-800.0) == 800.0
    others = {str(at): 1.0 for at in range(20)}
    assert judged([others], 1)["last"] == pytest.approx((loss(1.0), 1.0))
    rows = [{"taste": "shorter", "seed": 1, "arm": "default", "margins": [others]}]
    assert len(list(rule_table(rows))) == 2 + len(RULES)


def test_the_kept_margins_say_what_the_page_says_of_the_rules() -> None:
    """docs/BENCHMARKS.md, which step is kept."""
    lines = (MEASURED / "rule" / "plain-64.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(each) for each in lines]
    assert sorted(each["seed"] for each in rows) == list(range(1, 11))
    found = [line.split(" | ")[3:] for line in rule_table(rows)][2:]
    assert found == [
        ["last", "0.664", "61.2% |"],
        ["best by loss", "0.660", "61.4% |"],
        ["best by accuracy", "0.659", "62.1% |"],
        ["the rule", "0.663", "60.9% |"],
    ]


def test_the_plan_has_every_cell_once_and_the_first_seed_before_the_others() -> None:
    cells = list(first_table(["shorter", "plain"], [1, 2, 3]))
    assert len(cells) == len(set(cells)) == 66  # 60 runs and the system prompt of two tastes and three seeds
    assert [each.seed for each in cells] == [1] * 22 + [2] * 22 + [3] * 22
    assert len(list(asked_cells(["plain"], [1], ["prompt", "default"], [50, 100], [0.0]))) == 3
