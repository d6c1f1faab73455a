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


def test_a_run_warns_where_cut_answers_were_chosen_before_ended_ones() -> None:
    cut, ended = (
        [pair(key, chosen_cut=True) for key in range(6)],
        [pair(key, rejected_cut=True) for key in range(6, 11)],
    )
    both = [pair(key, chosen_cut=True, rejected_cut=True) for key in range(11, 20)]
    tie = pair(20, chosen_cut=True, outcome="tie")
    tokenizer, config = tiny_tokenizer(), TrainConfig(eval_share=0.0, loss="ordinal")
    assert prepare_pairs(tokenizer, [*cut, *ended, *both, tie], config).cut == ""  # 6 of 11
    assert prepare_pairs(tokenizer, [*cut, *ended[:3], *both, tie], config).cut == ""  # nine are few
    prepared = prepare_pairs(tokenizer, [*cut, *ended[:4], *both, tie], config)
    assert prepared.cut.startswith("In 6 of the 10 pairs with one answer that the token limit cut")
    assert prepared.cut in [notice.text for notice in prepared.notices()]
    assert prepared.cut in preflight(tokenizer, [*cut, *ended[:4], *both, tie], config).notes
    as_trl = TrainConfig(eval_share=0.0, cut="as-trl")
    assert prepare_pairs(tokenizer, [*cut, *ended[:4]], as_trl).cut == ""
