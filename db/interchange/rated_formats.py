"""Answers with a preference as a number: HelpSteer, PKU-SafeRLHF, SHP, WebGPT, nectar, lists of scored answers.

Their data cards are on https://huggingface.co/datasets: nvidia/HelpSteer3, PKU-Alignment/PKU-SafeRLHF, stanfordnlp/SHP,
openai/webgpt_comparisons and berkeley-nest/Nectar.
"""

from collections.abc import Sequence
from typing import Any

from db.interchange.asked import ASKED, Asked, asked_of
from db.interchange.checks import Row, checked_number, checked_text, is_empty, is_unknown, kind_of
from db.interchange.fields import check_fields
from db.interchange.format import Format
from db.interchange.ranking import Ranked, ranked_pairs
from db.interchange.reading import each_row, judged
from db.interchange.records import PairRecord, Read
from db.interchange.unfolding import unfolded, unfolded_object

_MUCH = 3


def _two(row: Row, found: Asked, names: Sequence[str], verdict: str | None, **more: Any) -> Read:
    """A record of the two answers under these names."""
    a, b = (row.text(name) for name in names)
    return judged(row, PairRecord(row.at, found.messages, a, b, verdict, remarks=found.remarks, **more))


# -- HelpSteer -------------------------------------------------------------------------------------------------

_STRENGTHS = ("overall_preference", "preference_strength")
_RESPONSES = (("response1", "response2"), ("response_1", "response_2"))


def _read_helpsteer(row: Row) -> Read:
    name = next((each for each in _STRENGTHS if row.has(each)), _STRENGTHS[0])
    number = row.optional_number(name)
    verdict = None if number is None else "tie" if number == 0 else "a" if number < 0 else "b"
    names = next((two for two in _RESPONSES if row.has(*two)), _RESPONSES[0])
    strength = 2 if number is not None and abs(number) >= _MUCH else 1
    return _two(row, asked_of(row), names, verdict, strength=strength)


HELPSTEER = Format(
    "helpsteer3",
    "HelpSteer 2 and 3: overall_preference from −3 to 3",
    lambda row: any(map(row.has, _STRENGTHS)) and any(row.has(*two) for two in _RESPONSES),
    each_row(_read_helpsteer, ASKED | {*_STRENGTHS, *(name for two in _RESPONSES for name in two)}),
    shape="`context`: messages; `response1`, `response2`, `overall_preference`",
    traps='Below 0 the first answer is better, above 0 the second, 0 is a tie; 3 either way is "much better".',
    examples=(
        {
            "context": [{"role": "user", "content": "Name a nut."}],
            "response1": "A hazelnut.",
            "response2": "Nuts.",
            "overall_preference": -2,
        },
    ),
)

# -- PKU-SafeRLHF ----------------------------------------------------------------------------------------------

_PKU = ("response_0", "response_1")


def _read_pku(row: Row) -> Read:
    return _two(row, asked_of(row), _PKU, _of_two(row, "better_response_id", {"0": "a", "1": "b"}))


def _of_two(row: Row, name: str, verdicts: dict[str, str]) -> str:
    """The verdict that a number of one digit says, also where a table wrote it as text or with a point."""
    said = str(row.get(name)).strip().removesuffix(".0")
    if said not in verdicts:
        raise row.wrong(f"{name!r} must be {' or '.join(verdicts)}")
    return verdicts[said]


SAFE_RLHF = Format(
    "safe-rlhf",
    "PKU-SafeRLHF: better_response_id",
    lambda row: row.has(*_PKU, "better_response_id"),
    each_row(_read_pku, ASKED | {*_PKU, "better_response_id", "safer_response_id"}),
    shape="`prompt`, `response_0`, `response_1`, `better_response_id`: 0 or 1",
    traps="The better answer counts; `safer_response_id` answers another question.",
    examples=({"prompt": "Name a nut.", "response_0": "Nuts.", "response_1": "A hazelnut.", "better_response_id": 1},),
)

# -- SHP -------------------------------------------------------------------------------------------------------

_SHP = ("human_ref_A", "human_ref_B")


def _read_shp(row: Row) -> Read:
    found = Asked(({"role": "user", "content": row.text("history")},))
    scores = {f"score_{end.lower()}": row.optional_number(f"score_{end}") for end in "AB"}
    return _two(row, found, _SHP, _of_two(row, "labels", {"1": "a", "0": "b"}), **scores)


SHP = Format(
    "shp",
    "SHP: history, human_ref_A, human_ref_B, labels",
    lambda row: row.has("history", *_SHP, "labels"),
    each_row(_read_shp, {"history", *_SHP, "labels", "score_A", "score_B"}),
    shape="`history`, `human_ref_A`, `human_ref_B`, `labels`: 1 where A is better, 0 where B is",
    traps="The scores are votes of readers and are kept with the answers.",
    examples=({"history": "Name a nut.", "human_ref_A": "A hazelnut.", "human_ref_B": "Nuts.", "labels": 1},),
)

# -- WebGPT ----------------------------------------------------------------------------------------------------

_WEBGPT = ("answer_0", "answer_1")


def _read_webgpt(row: Row) -> Read:
    question = unfolded_object(row.get("question"))
    if isinstance(question, dict):
        question = question.get("full_text")
    found = Asked(({"role": "user", "content": checked_text(row, question, "question")},))
    first, second = (row.optional_number(f"score_{end}") for end in "01")
    verdict = None if first is None or second is None else "tie" if first == second else "a" if first > second else "b"
    return _two(row, found, _WEBGPT, verdict, score_a=first, score_b=second)


WEBGPT = Format(
    "webgpt",
    "WebGPT: two answers with a score each",
    lambda row: row.has(*_WEBGPT, "score_0", "score_1"),
    each_row(_read_webgpt, {"question", *_WEBGPT, "score_0", "score_1"}),
    shape="`question.full_text`, `answer_0`, `answer_1`, `score_0`, `score_1`",
    traps="Equal scores are a tie; without a score the pair was not judged.",
    examples=(
        {
            "question": {"full_text": "Name a nut."},
            "answer_0": "A hazelnut.",
            "answer_1": "Nuts.",
            "score_0": 1.0,
            "score_1": -1.0,
        },
    ),
)

# -- lists of answers ------------------------------------------------------------------------------------------

_LISTS = ("answers", "responses", "completions", "candidates", "generations", "outputs", "choices_list")
_TEXTS = ("answer", "response", "text", "content", "completion", "output", "generation")
_WORTHS = ("overall_score", "score", "rating", "reward")
_SCORE_LISTS = ("scores", "ratings", "rewards", "ranks", "ranking", "rank")
_PLACES = frozenset({"rank", "ranks", "ranking"})
"""Names of numbers of which the smallest is the best; of all others it is the largest."""


def _read_list(row: Row) -> list[Read]:
    name = _list_name(row)
    values = unfolded(row.get(name), object)
    if not isinstance(values, list):
        raise row.wrong(f"{name!r} must be a list of answers, not {kind_of(values)}")
    beside = next((each for each in _SCORE_LISTS if not is_empty(row.get(each))), None)
    worths: list[Any] = unfolded(row.get(beside), object) if beside else [None] * len(values)
    if not isinstance(worths, list) or len(worths) != len(values):
        raise row.wrong(f"{beside!r} must have a number for each of the {len(values)} answers")
    answers = [_answer(row, name, value, beside, worth) for value, worth in zip(values, worths, strict=True)]
    return ranked_pairs(row, asked_of(row), answers)


def _answer(row: Row, name: str, value: Any, beside: str | None, worth: Any) -> Ranked:
    if isinstance(value, str):
        return _ranked(row, checked_text(row, value, name), beside, worth, None)
    if not isinstance(value, dict):
        raise row.wrong(f"{name!r} must hold texts or objects, not {kind_of(value)}")
    text = next((each for each in _TEXTS if isinstance(value.get(each), str)), "text")
    check_fields(row, {text, *_WORTHS, "rank", "model", "annotations", "fine-grained_score", *_TEXTS}, value, name)
    own = next((each for each in ("rank", *_WORTHS) if not is_unknown(value.get(each))), None)
    model = value.get("model") if isinstance(value.get("model"), str) else None
    said = checked_text(row, value.get(text), text)
    return _ranked(row, said, own or beside, value.get(own) if own else worth, model)


def _ranked(row: Row, text: str, name: str | None, worth: Any, model: str | None) -> Ranked:
    number = None if name is None or is_unknown(worth) else checked_number(row, worth, name)
    if number is None or name in _PLACES:
        return Ranked(text, None if number is None else -number, None, model)
    return Ranked(text, number, number, model)


def _list_name(row: Row) -> str:
    return next((name for name in _LISTS if isinstance(unfolded(row.get(name), object), list)), "")


def _is_list(row: Row) -> bool:
    values = unfolded(row.get(_list_name(row)), object) if _list_name(row) else None
    if not isinstance(values, list) or len(values) < 2:
        return False
    inside = isinstance(values[0], dict) and any(not is_empty(values[0].get(each)) for each in (*_WORTHS, "rank"))
    return inside or any(not is_empty(row.get(each)) for each in _SCORE_LISTS)


N_BEST = Format(
    "n-best",
    "lists of answers with a score or a rank each: nectar, UltraFeedback, n-best lists",
    _is_list,
    each_row(_read_list, ASKED | {*_LISTS, *_SCORE_LISTS}),
    shape="`prompt`; `answers` (or `responses`, `completions`, …): texts beside `scores` or `ranks`, or objects",
    traps="""Every two answers give a pair, those with equal numbers a tie; they are pairs of one question. Of ranks the
smallest is the best. An answer without a number gives no pair.""",
    examples=(
        {"prompt": "Name a nut.", "answers": [{"answer": "A hazelnut.", "rank": 1}, {"answer": "Nuts.", "rank": 2}]},
        {"prompt": "Name a nut.", "responses": ["A hazelnut.", "Nuts."], "scores": [0.9, 0.1]},
    ),
)
