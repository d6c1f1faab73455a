"""What a run says of its pairs before it starts."""

from engine.config import TrainConfig
from engine.estimates.preflight import preflight
from engine.preference import Message, Outcome, PreferencePair
from engine.preparation import prepare_pairs
from tests.tiny import tiny_tokenizer


def pair(
    key: int, *, chosen_cut: bool = False, rejected_cut: bool = False, outcome: Outcome = "better"
) -> PreferencePair:
    prompt = (Message(role="user", content=f"question {key}"),)
    return PreferencePair(str(key), prompt, "one two", "three four", chosen_cut, rejected_cut, outcome=outcome)


def test_a_run_warns_where_most_better_answers_show_no_end() -> None:
    cut, ended = [pair(key, chosen_cut=True) for key in range(3)], [pair(key, rejected_cut=True) for key in range(3, 6)]
    tie = pair(9, chosen_cut=True, outcome="tie")
    tokenizer, config = tiny_tokenizer(), TrainConfig(eval_share=0.0, loss="ordinal")
    assert (
        prepare_pairs(tokenizer, [*cut, *ended, tie], config).cut == ""
    )  # three of six; nobody prefers a tie's answer
    prepared = prepare_pairs(tokenizer, [*cut, *ended[:2], tie], config)
    assert prepared.cut.startswith("3 of 5 better answers were cut by the token limit")
    assert prepared.cut in [notice.text for notice in prepared.notices()]
    assert prepared.cut in preflight(tokenizer, [*cut, *ended[:2], tie], config).notes
    assert prepare_pairs(tokenizer, cut, TrainConfig(eval_share=0.0, cut="as-trl")).cut == ""
