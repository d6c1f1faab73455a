"""Other tools in which people choose: Prodigy, and the ratings of Open WebUI.

Prodigy: https://prodi.gy/docs/api-interfaces#choice. Open WebUI: the export of feedbacks under Evaluations.
"""

from typing import Any

from db.interchange.asked import Asked, asked_of
from db.interchange.checks import Row, checked_text
from db.interchange.format import Format
from db.interchange.messages import ROLES, content_of, ending_with_user
from db.interchange.ranking import Ranked, ranked_pairs
from db.interchange.reading import each_row, judged
from db.interchange.records import LeftOut, PairRecord, Read
from db.interchange.unfolding import unfolded, unfolded_object
from db.prompt_rows import Message, Messages

# -- Prodigy ---------------------------------------------------------------------------------------------------

_ANSWERS = {"ignore": "skip", "reject": "discard"}


def _read_prodigy(row: Row) -> list[Read]:
    found, options = asked_of(row), _options(row)
    accepted = unfolded(row.get("accept"), object)
    accepted = accepted if isinstance(accepted, list) else []
    if row.get("answer") == "accept" and accepted:
        if len(accepted) == len(options):
            raise row.wrong("every option was accepted, so none is better")
        answers = [Ranked(text, float(key in accepted)) for key, text in options]
        return ranked_pairs(row, found, answers, ties=False)
    if len(options) != 2:
        return [LeftOut(row.at, "none of its options was accepted")]
    verdict = _ANSWERS.get(str(row.get("answer")))
    (_, a), (_, b) = options
    return [judged(row, PairRecord(row.at, found.messages, a, b, verdict, remarks=found.remarks))]


def _options(row: Row) -> list[tuple[Any, str]]:
    options = unfolded(row.get("options"))
    if not isinstance(options, list) or not all(isinstance(each, dict) for each in options) or len(options) < 2:
        raise row.wrong("'options' must be a list of two or more objects with 'id' and 'text'")
    return [(each.get("id"), checked_text(row, each.get("text"), "text")) for each in options]


PRODIGY = Format(
    "prodigy",
    "Prodigy, choice interface",
    lambda row: row.has("options", "answer"),
    each_row(
        _read_prodigy, {"text", "prompt", "question", "system", "options", "accept", "answer", "config", "choice_style"}
    ),
    shape="`text`, `options` of `id` and `text`, `accept`: a list of ids, `answer`: accept, reject or ignore",
    traps="""The accepted option is better than every other one. `ignore` is a skip, `reject` a discarded pair; `accept`
without an option was not judged.""",
    examples=(
        {
            "text": "Name a nut.",
            "options": [{"id": "A", "text": "A hazelnut."}, {"id": "B", "text": "Nuts."}],
            "accept": ["A"],
            "answer": "accept",
        },
    ),
)

# -- Open WebUI ------------------------------------------------------------------------------------------------

RATED_ALONE = "it was rated alone, without another answer to the same question"


def _read_feedback(row: Row) -> Read | list[Read]:
    data, meta = (row.part(unfolded_object(row.get(name)) or {}) for name in ("data", "meta"))
    rating = str(data.get("rating")).strip()
    if rating not in ("1", "-1"):
        raise row.wrong(f"'rating' is {data.get('rating')!r}; known are 1 and -1")
    messages = _history(row)
    rated = messages.get(str(meta.get("message_id")))
    if rated is None:
        raise row.wrong("the rated message is not in the 'snapshot'; export the feedback with its chats")
    others = [each for each in messages.values() if each is not rated and _beside(each, rated)]
    if not others:
        return LeftOut(row.at, RATED_ALONE)
    if rating == "-1" and len(others) > 1:
        return LeftOut(row.at, "it was rated worse than several answers as a whole")
    found = Asked(_before(row, messages, rated))
    answers = [_ranked(row, rated, float(rating)), *(_ranked(row, each, 0.0) for each in others)]
    return ranked_pairs(row, found, answers, ties=False)


def _history(row: Row) -> dict[str, dict[str, Any]]:
    """Every message of the snapshot by its id."""
    value: Any = unfolded_object(row.get("snapshot"))
    for name in ("chat", "chat", "history", "messages"):
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise row.wrong("its 'snapshot' holds no chat; export the feedback with its chats")
    return {str(key): each for key, each in value.items() if isinstance(each, dict)}


def _beside(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.get("role") == other.get("role") == "assistant" and one.get("parentId") == other.get("parentId")


def _before(row: Row, messages: dict[str, dict[str, Any]], rated: dict[str, Any]) -> Messages:
    """The turns that lead to the rated message."""
    turns: list[Message] = []
    seen = 0
    parent = messages.get(str(rated.get("parentId")))
    while parent is not None and seen <= len(messages):
        if parent.get("files"):
            raise row.wrong("'files' of a message hold something that was seen or heard beside the text")
        role = ROLES.get(str(parent.get("role")).casefold())
        if role is None:
            raise row.wrong(f"its chat has the role {parent.get('role')!r}; known are user, assistant and system")
        turns.insert(0, Message(role=role, content=content_of(row, parent.get("content"))))
        parent, seen = messages.get(str(parent.get("parentId"))), seen + 1
    return ending_with_user(row, tuple(turns), "snapshot")


def _ranked(row: Row, message: dict[str, Any], worth: float) -> Ranked:
    model = message.get("model")
    return Ranked(content_of(row, message.get("content")), worth, None, model if isinstance(model, str) else None)


_CHAT = {
    "q": {"id": "q", "parentId": None, "role": "user", "content": "Name a nut."},
    "1": {"id": "1", "parentId": "q", "role": "assistant", "content": "A hazelnut.", "model": "x"},
    "2": {"id": "2", "parentId": "q", "role": "assistant", "content": "Nuts.", "model": "y"},
}

OPEN_WEBUI = Format(
    "open-webui",
    "Open WebUI, feedbacks with their chats",
    lambda row: row.has("data", "meta", "snapshot"),
    each_row(_read_feedback, {"data", "meta", "snapshot", "type", "version"}),
    shape="`data.rating`: 1 or −1; `meta.message_id`; `snapshot`: the whole chat",
    traps="""The rated answer is compared with the others to the same message. An answer that was rated alone is left
out, and so is a feedback that was exported without its chat.""",
    examples=(
        {
            "type": "rating",
            "data": {"rating": 1, "model_id": "x", "sibling_model_ids": ["y"]},
            "meta": {"message_id": "1"},
            "snapshot": {"chat": {"chat": {"history": {"messages": _CHAT}}}},
        },
    ),
)

# -- refused by name -------------------------------------------------------------------------------------------


def _refuse_summaries(row: Row) -> Read:
    raise row.wrong("nothing says what was asked of the post; give it 'prompt', 'chosen' and 'rejected'")


SUMMARIES = Format(
    "summaries",
    "summaries with a choice (refused: nothing says what was asked)",
    lambda row: row.has("summaries", "choice"),
    each_row(_refuse_summaries, None),
    shape="`info.post`, `summaries`, `choice`",
    traps="Refused by name: the post is not what was asked about it.",
    examples=({"info": {"post": "Long post."}, "summaries": [{"text": "Short."}, {"text": "Long."}], "choice": 0},),
)
