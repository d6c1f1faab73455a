"""Judges on a server: what they are asked, how they are measured, and what they may decide."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.errors import AdapterNotFound
from db import blind_trials as db_blind
from db.edits import add_edit
from db.errors import NotAllowed
from db.verdicts import add_verdict, history, preference_pairs, verdicts_beside
from tests.adapter_server import AdapterServer, adapter_server
from tests.judge_server import NAME, JudgeHere, JudgeServer, fill_judged, serving
from tests.still_workbench import StillWorkbench
from tui.errors import InputError, WorkbenchError
from tui.judges.asking import PAIRS_AT_ONCE, Asker
from tui.judges.format import figure_lines, verdict_of
from tui.judges.program import JudgeError
from tui.judges.records import JudgeView
from tui.judges.service import NewJudge
from tui.trials.results import doubts, result_of
from tui.workspace.consent import Destination, TextsStay

PAIRS = 150
NOWHERE = "http://127.0.0.1:1"
nothing: Callable[[], None] = lambda: None  # noqa: E731


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    workbench = StillWorkbench(tmp_path / "space")
    yield workbench
    workbench.close()


def added(workbench: StillWorkbench, name: str = "mine", **more: object) -> JudgeView:
    return workbench.judges.add(NewJudge(name=name, server=NAME, **more))  # type: ignore[arg-type]


def tried(workbench: StillWorkbench, judge: JudgeView, pairs: int, asker: Asker | None = None) -> JudgeView:
    for _ in workbench.judges.measure(judge, asker or workbench.judges.asker(judge), pairs=pairs, tick=nothing):
        pass
    return workbench.judges.by_id(judge.row.id)


@pytest.mark.parametrize("seed", [1, 2])
def test_known_flips_and_a_known_preference_for_a_place_are_measured_to_within_their_intervals(
    workbench: StillWorkbench, seed: int
) -> None:
    flips, first = 0.1, 0.2
    judge = JudgeServer(flips=flips, first=first, seed=seed)
    workbench.workspace.write(fill_judged, PAIRS, NOWHERE).result()
    figures = tried(workbench, added(workbench, examples=0), PAIRS, JudgeHere(judge)).figures
    # Each order says 1 for its place alone with the chance s = 0.2. The verdict is decisive where the labels of both
    # orders differ: (1 − s)² + 2·s·(1 − s)/2 = 1 − s of all pairs, of which 1 − 0.1 are right. So p = 0.8 · 0.9 = 0.72,
    # and e = (1 − s)/2 = 0.4, since the owner never says tie. Kappa is (0.72 − 0.4)/0.6 = 0.533.
    assert figures.kappa is not None
    assert figures.kappa.low < 0.5333 < figures.kappa.high
    assert figures.kappa.high - figures.kappa.low < 0.25
    # The first place is chosen in s + (1 − s)/2 = 0.6 of all looks, and orders disagree in s of all pairs.
    assert figures.first.interval.low < 0.6 < figures.first.interval.high
    assert not figures.first.interval.low <= 0.5 <= figures.first.interval.high
    assert abs(figures.disagreed - 0.2 * PAIRS) < 3 * (PAIRS * 0.2 * 0.8) ** 0.5
    assert (figures.pairs, figures.no_label) == (PAIRS, 0)
    assert figures.own_longer == (0, PAIRS)


def test_the_words_name_kappa_and_the_preference_for_a_place(workbench: StillWorkbench) -> None:
    workbench.workspace.write(fill_judged, 60, NOWHERE).result()
    judge = tried(workbench, added(workbench, examples=0), 60, JudgeHere(JudgeServer(first=0.5)))
    words = {name: words for name, words, _ in figure_lines(judge, workbench.judges.own_agreement())}
    assert "κ 0." in words["agrees with you"]
    assert words["you, asked twice"] == "no pair was judged twice yet"
    assert "both orders cancel it out" in words["first shown chosen"]
    assert words["longer answer chosen"].startswith("0 of ")
    assert "1,000 prompts take" in words["cost"]


def test_shares_of_the_labels_tell_how_sure_it_is_and_cancel_a_place(workbench: StillWorkbench) -> None:
    with serving(JudgeServer(first=0.3, shares=True)) as server:
        pairs = workbench.workspace.write(fill_judged, 16, server.url).result()
        judge = tried(workbench, added(workbench, examples=0), 16)
    rows = workbench.judges.measured(judge.row)
    assert {each.comparison for each in rows} == set(pairs)
    # Orders that agree: 0.9 against 0.1. Two looks that chose the first place cancel out: a tie, and not sure at all.
    assert {round(each.confidence or 0, 6) for each in rows} == {0.8, 0.0}
    assert all((each.said == "tie") == (each.confidence == 0) for each in rows)


def test_what_is_no_bare_label_is_none_and_counts_as_a_disagreement(workbench: StillWorkbench) -> None:
    with serving(JudgeServer(words="Answer 1 is better.")) as server:
        workbench.workspace.write(fill_judged, 20, server.url).result()
        judge = tried(workbench, added(workbench, examples=0), 20)
    assert (judge.figures.no_label, judge.figures.same) == (20, 0)
    assert judge.figures.kappa is not None
    assert judge.figures.kappa.value <= 0
    assert judge.problem is not None


def test_a_program_that_is_gone_is_refused_before_it_begins(workbench: StillWorkbench) -> None:
    judges = workbench.judges
    judge = judges.add(NewJudge(name="mine", command="no-such-program --hard"))
    begin = (judges.asker, judges.check_can_begin, judges.begin_measuring, judges.begin_sorting)
    for each in (*begin, lambda judge: judges.begin_trial(judge, 1)):
        with pytest.raises(JudgeError, match="no program 'no-such-program'"):
            each(judge)
    assert judges.progress is None


def test_a_server_that_is_forbidden_gets_nothing_more_of_a_judge_at_work(
    workbench: StillWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Destination, "is_this_machine", False)
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 40, server.url).result()
        workbench.servers.allow(NAME)
        judge = added(workbench, examples=0)
        measuring = workbench.judges.measure(judge, workbench.judges.asker(judge), pairs=40, tick=nothing)
        next(measuring)
        workbench.servers.forbid(NAME)
        with pytest.raises(TextsStay, match=f"palate servers allow {NAME}"):
            list(measuring)
    assert len(server.questions) == 2 * PAIRS_AT_ONCE


def test_what_a_server_refused_is_not_sent_again_with_the_next_pairs(workbench: StillWorkbench) -> None:
    with serving(JudgeServer(unknown="top_logprobs")) as server:
        workbench.workspace.write(fill_judged, 4 * PAIRS_AT_ONCE, server.url).result()
        judge = tried(workbench, added(workbench, examples=0), 4 * PAIRS_AT_ONCE)
    assert judge.figures.pairs == 4 * PAIRS_AT_ONCE
    assert 0 < server.refused <= 4  # those of the first pairs that were in flight together


# -- what decides a trial --------------------------------------------------------------------------------------


def test_a_judge_that_agrees_too_little_decides_no_trial(workbench: StillWorkbench) -> None:
    workbench.workspace.write(fill_judged, 60, NOWHERE).result()
    judge = tried(workbench, added(workbench, examples=0), 60, JudgeHere(JudgeServer(flips=0.4)))
    assert judge.figures.kappa is not None
    assert judge.figures.kappa.value < 0.4
    with pytest.raises(WorkbenchError, match=r"decides no trial. Its κ is .* does not judge as you do. Measure it"):
        workbench.judges.check_for_trials(judge)
    assert verdict_of(judge).startswith("It decides no trial.")


def test_a_judge_that_was_measured_on_few_pairs_decides_no_trial(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 60, server.url).result()
        judge = tried(workbench, added(workbench, examples=0), 19)
        with pytest.raises(WorkbenchError, match="measured on 19 of your pairs, and 20 are needed"):
            workbench.judges.check_for_trials(judge)
        judge = tried(workbench, judge, 20)  # what was measured before counts too
        assert len(server.questions) == 40
    workbench.judges.check_for_trials(judge)


def test_it_decides_a_trial_of_its_own_and_no_other(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 30, server.url).result()
        judge = added(workbench, examples=0)
        own = workbench.begin(prompts=3, judge=judge.name, judged_by=judge.row.id)
        other = workbench.begin(prompts=1)
        for _ in range(3):
            workbench.answer(own, "The shorter.", "This is the longer one.")
        asker = workbench.judges.asker(judge)
        judged = list(workbench.judges.judge_trial(judge, asker, own, tick=nothing))
        with pytest.raises(WorkbenchError, match="does not decide trial"):
            list(workbench.judges.judge_trial(judge, asker, other, tick=nothing))
    assert [each.judgement.verdict for each in judged] == ["a"] * 3
    workbench.blind_trials.open(own).result()
    standing = [each.standing for each in workbench.trial_comparisons(own)]
    assert all(each is not None and (each.source, each.judge) == ("model", judge.row.id) for each in standing)
    assert workbench.trial(own).judge == "mine"


def test_its_verdicts_stay_beside_the_owners_and_are_not_trained_on(workbench: StillWorkbench) -> None:
    connection = workbench.workspace.connection
    with serving(JudgeServer(flips=1.0)) as server:
        pairs = workbench.workspace.write(fill_judged, 25, server.url).result()
        before = preference_pairs(connection)
        judge = tried(workbench, added(workbench, examples=0), 25)
    assert preference_pairs(connection) == before
    assert len(history(connection, pairs[0])) == 1
    beside = verdicts_beside(connection, pairs[0])
    assert [(each.source, each.judge) for each in beside] == [("model", judge.row.id)]


# -- what it is shown ------------------------------------------------------------------------------------------


def test_no_answer_of_a_held_out_trial_is_in_what_a_judge_is_asked(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        pairs = workbench.workspace.write(fill_judged, 30, server.url).result()
        trial = workbench.begin(prompts=4)
        answers = [f"A held-out answer of the {name}, at some length." for name in ("base", "adapter")]
        while db_blind.missing_answers(workbench.workspace.connection, trial, 1):
            pair = workbench.answer(trial, *answers)
            workbench.workspace.write(add_verdict, comparison=pair, verdict="a", note=answers[0]).result()
        workbench.blind_trials.open(trial).result()
        judge = added(workbench, examples=8)
        assert len(judge.examples) == 8
        tried(workbench, judge, 22)
        assert len(server.questions) == 44
        assert [text for text in server.questions if any(answer in text for answer in answers)] == []
        # Holding the prompts of its examples out takes those examples away as well.
        workbench.workspace.write(hold_out_all).result()
        assert workbench.judges.examples(judge.row) == []
        asker = workbench.judges.asker(judge)
        server.questions.clear()
        list(asker.judge([workbench.comparison(pairs[0])], nothing))
        assert all(text.count("answer 1\n") == 1 for text in server.questions)


def hold_out_all(conn: object) -> None:
    conn.execute("UPDATE prompt_sets SET held_out = 1 WHERE name = 'judged'")  # type: ignore[attr-defined]


def test_a_moved_answer_of_a_trial_is_no_example_either(workbench: StillWorkbench) -> None:
    workbench.workspace.write(fill_judged, 2, "http://127.0.0.1:1").result()
    trial = workbench.begin(prompts=1)
    pair = workbench.answer(trial)
    workbench.workspace.write(add_verdict, comparison=pair, verdict="a").result()
    workbench.blind_trials.open(trial).result()
    workbench.blind_trials.move_to_labelling(pair).result()
    assert len(preference_pairs(workbench.workspace.connection)) == 3
    assert len(added(workbench, examples=8).examples) == 2


def test_a_rubric_that_quotes_an_answer_of_a_trial_is_refused(workbench: StillWorkbench) -> None:
    workbench.workspace.write(fill_judged, 3, "http://127.0.0.1:1").result()
    trial = workbench.begin(prompts=1)
    workbench.answer(trial, "An answer that is long enough to be known again.", "Another one.")
    with pytest.raises(NotAllowed, match=f"holds an answer of trial {trial}"):
        added(workbench, rubric="Like this: An answer that is long enough to be known again.")
    judge = added(workbench, rubric="Another one. is fine")
    with pytest.raises(NotAllowed):
        workbench.judges.change_rubric(judge.name, "An answer that is long enough to be known again.")


def test_pairs_on_the_questions_of_its_examples_are_never_measured(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 30, server.url).result()
        judge = added(workbench, examples=6)
        shown = {each.prompt for each in workbench.judges.examples(judge.row)}
        judge = tried(workbench, judge, 100)
    assert len(shown) == 6
    assert judge.figures.pairs == 24
    assert shown.isdisjoint(each.prompt for each in workbench.judges.measured(judge.row))


def test_corrections_are_the_first_examples_and_no_pair_to_be_measured_on(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        pairs = workbench.workspace.write(fill_judged, 30, server.url).result()
        original = workbench.comparison(pairs[4]).a.id
        workbench.workspace.write(add_edit, comparison=pairs[4], original=original, text="My own words.").result()
        judge = added(workbench, examples=2)
        first, second = workbench.judges.examples(judge.row)
        assert (first.edited, first.chosen, second.edited) == (True, "My own words.", False)
        tried(workbench, judge, 100)
        assert all("My own words." in text for text in server.questions)  # as an example
        assert all("My own words." not in pair for pair in server.pairs)


def test_the_rubric_begins_from_ones_choices_and_another_rubric_is_another_judge(workbench: StillWorkbench) -> None:
    with serving(JudgeServer()) as server:
        workbench.workspace.write(fill_judged, 30, server.url).result()
        judge = tried(workbench, added(workbench, examples=0), 25)
        assert "They mostly avoid the longer answer (0 %, 0 to 11 %)." in judge.row.rubric
        changed = workbench.judges.change_rubric("mine", f"{judge.row.rubric}\nAnd no lists.")
        assert changed.row.id != judge.row.id
        assert (changed.figures.pairs, judge.figures.pairs) == (0, 25)
        assert [each.name for each in workbench.judges.listed()] == ["mine"]
        assert workbench.judges.change_rubric("mine", changed.row.rubric).row.id == changed.row.id
    workbench.judges.remove("mine")
    assert workbench.judges.listed() == []
    with pytest.raises(InputError, match="There is no judge 'mine'"):
        workbench.judges.remove("mine")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rubric": "  "}, "A rubric has 1 to"),
        ({"rubric": "x" * 8001}, "this one has 8,001"),
        ({"name": " "}, "A judge's name has 1 to 60"),
        ({"examples": 17}, "shown 0 to 16 examples"),
        ({"answer_tokens": 5000}, "1 to 4096 tokens"),
    ],
)
def test_what_cannot_be_used_is_refused(workbench: StillWorkbench, given: dict[str, object], said: str) -> None:
    workbench.workspace.write(fill_judged, 1, "http://127.0.0.1:1").result()
    with pytest.raises(InputError, match=said):
        workbench.judges.add(NewJudge(**{"name": "mine", "server": NAME, **given}))  # type: ignore[arg-type]


# -- sorting, slips --------------------------------------------------------------------------------------------


def test_an_adapter_on_a_server_judges_as_what_it_is_and_a_base_with_the_adapters_off(
    workbench: StillWorkbench, tmp_path: Path
) -> None:
    """llama.cpp applies the adapters of its start unless a request turns them off."""
    with adapter_server(AdapterServer("llamacpp", words=("1",))) as served:
        served.loaded["theirs"] = str(tmp_path / "theirs.gguf")
        pairs = workbench.workspace.write(fill_judged, 1, "").result()
        workbench.servers.add("other", served.url, model="base")
        judge = workbench.judges.add(NewJudge(name="mine", policy="base@other", examples=0))
        assert (judge.where, judge.model) == ("other", "base")
        list(workbench.judges.asker(judge).judge([workbench.comparison(pairs[0])], nothing))
        sent = served.paths("/v1/chat/completions")
    assert [each["lora"] for each in sent] == [[{"id": 0, "scale": 0.0}]] * 2
    with pytest.raises(AdapterNotFound):
        workbench.judges.add(NewJudge(name="mine", policy="taste@other"))


def test_what_it_is_least_sure_of_is_asked_first_and_the_surest_last(workbench: StillWorkbench) -> None:
    with serving(JudgeServer(first=0.5, shares=True)) as server:
        pairs = workbench.workspace.write(fill_judged, 12, server.url).result()
        for _ in pairs:
            workbench.labelling.undo().result()
        workbench.change_setting("ask_again", "0")
        judge = added(workbench, examples=0)
        asker = workbench.judges.asker(judge)
        assert len(list(workbench.judges.sort_queue(judge, asker, tick=nothing))) == 12
        workbench.change_setting("order", "judge")
        sureness = []
        while (pair := workbench.next_comparison()) is not None:
            said = verdicts_beside(workbench.workspace.connection, pair.id)[-1]
            sureness.append(round(said.confidence or 0.0, 3))
            workbench.labelling.judge(pair.id, "a").result()
    assert sureness == sorted(sureness)
    assert len(set(sureness)) == 2


def test_slips_are_sure_and_opposite_and_a_second_look_does_not_flatter_the_judge(workbench: StillWorkbench) -> None:
    from tui.judges.figures import slips

    with serving(JudgeServer()) as server:
        pairs = workbench.workspace.write(fill_judged, 30, server.url).result()
        slip = pairs[7]
        wrong = {"a": "b", "b": "a"}[workbench.comparison(slip).standing.verdict]  # type: ignore[union-attr]
        workbench.labelling.judge(slip, wrong).result()
        judge = tried(workbench, added(workbench, examples=0), 30)
    found = slips(workbench.judges.measured(judge.row))
    assert [(each.comparison, each.own) for each in found] == [(slip, wrong)]
    assert judge.figures.same == 29
    workbench.labelling.judge(slip, {"a": "b", "b": "a"}[wrong]).result()  # looked at again, and changed
    assert workbench.judges.by_id(judge.row.id).figures.same == 29


def test_a_trial_of_eighty_prompts_by_a_judge_stands_beside_the_programs_own_verdicts(
    workbench: StillWorkbench,
) -> None:
    """The program prefers the shorter answer; the judge's flips and its preference for a place are known."""
    asker = JudgeHere(JudgeServer(flips=0.05, first=0.1))
    workbench.workspace.write(fill_judged, 60, NOWHERE).result()
    judge = tried(workbench, added(workbench, examples=0), 60, asker)
    workbench.judges.check_for_trials(judge)
    trial = workbench.begin(prompts=80, judge=judge.name, judged_by=judge.row.id)
    for place in range(80):  # the tuned answer is the shorter one in three of four
        longer = "A longer answer, with more words than the other one has."
        base, tuned = (f"Short {place}.", longer) if place % 4 == 0 else (longer, f"Short {place}.")
        workbench.answer(trial, f"{base} {place}", f"{tuned} {place}", side_seed=place)
    list(workbench.judges.judge_trial(judge, asker, trial, tick=nothing))
    workbench.blind_trials.open(trial).result()
    result = result_of(workbench.trial(trial), workbench.trial_comparisons(trial))
    # The program's own: 60 won, 20 lost, a win rate of 75 %. A judge who errs in 5 % of 90 % and ties in 10 % finds
    # (0.9 · (0.75 · 0.95 + 0.25 · 0.05) + 0.1/2) = 70 %.
    assert result.tally.prompts == 80
    assert result.tally.interval.low < 0.7025 < result.tally.interval.high
    assert result.conclusion.word == "better"
    assert 0.5 < result.place.win_rate < 0.65
    words = {name: words for name, words, _ in doubts(result)}
    assert "of its looks" in words["first shown chosen"]
    assert "left side chosen" not in words
