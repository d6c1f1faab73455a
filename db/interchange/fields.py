"""The one rule about the fields of a row: a reader uses it, it is known to be harmless, or the row is left out.

A field that nobody reads may hold part of what was asked: a system prompt, a picture, tools. Training would then teach
an answer to another question than the one that was judged, so the row is left out with the field's name. `--columns
ignore=NAME` reads such rows without it.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from db.interchange.checks import Row, is_empty

_HARMLESS = frozenset(
    [
        "id",
        "uuid",
        "uid",
        "key",
        "index",
        "idx",
        "row",
        "row_number",
        "unnamed:",
        "source",
        "sources",
        "dataset",
        "data_source",
        "origin",
        "subset",
        "split",
        "url",
        "link",
        "license",
        "language",
        "lang",
        "locale",
        "category",
        "categories",
        "subcategory",
        "topic",
        "domain",
        "task",
        "task_type",
        "type",
        "kind",
        "field",
        "tag",
        "tags",
        "keywords",
        "difficulty",
        "quality",
        "complexity",
        "annotator",
        "annotators",
        "annotation",
        "worker",
        "author",
        "user",
        "judge",
        "judge_name",
        "session",
        "created",
        "updated",
        "inserted",
        "modified",
        "date",
        "time",
        "timestamp",
        "tstamp",
        "turn",
        "model",
        "models",
        "generator",
        "generation_model",
        "policy",
        "sampling",
        "temperature",
        "top_p",
        "seed",
        "metadata",
        "meta",
        "extra",
        "stats",
        "score",
        "scores",
        "rating",
        "ratings",
        "margin",
        "reward",
        "rewards",
        "rank",
        "ranks",
        "length",
        "len",
        "tokens",
        "hash",
        "sha",
        "checksum",
        "version",
        "status",
        "comment",
        "comments",
        "note",
        "notes",
        "explanation",
        "feedback",
        "critique",
        "rationale",
        "title_id",
        "anony",
        "agreement",
        "confidence",
        "probability",
        "prob",
        "logprob",
        "logps",
        "embedding",
        "vectors",
        "suggestions",
        "predictions",
        "drafts",
        "priority",
        "total_annotations",
        "cancelled_annotations",
        "total_predictions",
        "project",
        "updated_by",
        "inner_id",
        "left_out_because",
        "individual_preference",
        "principle",
        "dialog_id",
        "conv_metadata",
        "parallel_tool_calls",
        "loss",
        "weight",
        "upvotes",
        "downvotes",
        "ups",
        "downs",
        "is_code",
        "language_detected",
        "intention",
        "safety",
        "harm",
        "harm_category",
        "redacted",
        "toxic_chat_tag",
        "openai_moderation",
        "quotes_0",
        "quotes_1",
        "lead_time",
        "name",
        "sender",
    ]
)
_HARMLESS_START = re.compile(
    r"(score|rating|num|n|model|meta|metadata|embedding|vector|logps?|logprobs?|ref|reference_logps|is|has|id|created|"
    r"updated|annotator|category|count|len|length|judge|index)_|_|unnamed:"
)
_HARMLESS_END = re.compile(
    r"_(ids?|models?|scores?|ratings?|ranks?|type|length|len|tokens|count|url|hash|source|date|at|time|timestamp|utc|lang|"
    r"language|category|categories|tags?|rationale|explanation|feedback|critique|metadata|meta|index|idx|name|logps?|"
    r"reward|margin|quality|status|agent|users|policy|annotator|ratio|temperature)$"
)
_OF_ONE_ANSWER = re.compile(r"^(chosen|rejected)_|_(chosen|rejected|a|b|0|1|2)$")

_BESIDE = (
    (re.compile(r"tool|function|plugin|observation"), "holds tools that the model was offered or called"),
    (
        re.compile(r"image|img|picture|photo|video|audio|media|attachment|pixel|^files?$"),
        "holds something that was seen or heard beside the text",
    ),
)
_CHANGES = (
    (re.compile(r"reasoning|think|thought|cot$|chain_of|scratchpad"), "holds thoughts of the model beside its answer"),
    (
        re.compile(r"system|instruction|input|history|context|passage|document|question|query|prompt|post|article"),
        "holds a part of what was asked",
    ),
    (
        re.compile(r"label|winner|prefer|choice|choose|flip|swap|verdict|better"),
        "holds a verdict that this format does not read",
    ),
)
_UNKNOWN = "is not known here and may change what was asked"


def check_fields(row: Row, used: Collection[str], value: Mapping[str, Any] | None = None, inside: str = "") -> None:
    """Check the fields of a row, or of `value` in its member `inside`, that its reader does not use.

    Raises:
        RowRefused: one of them may change what was asked.
    """
    fields = row.object() if value is None else value
    for name, held in fields.items():
        if name in used or name in row.ignored or is_empty(held) or held is False:
            continue
        why = _concern(name)
        if why is None or (why == _UNKNOWN and isinstance(held, bool | int | float)):
            continue
        if any(held == fields.get(each) for each in used):
            continue  # it says again what a used field says
        if inside:
            raise row.wrong(f"{name!r} in {inside!r} {why}")
        raise row.wrong(f"{name!r} {why}; `--columns ignore={name}` reads such rows without it")


@lru_cache(maxsize=4096)
def _concern(name: str) -> str | None:
    """Why a field of this name may not be passed over; None where it is harmless."""
    plain = re.sub(r"[\s.-]+", "_", name.strip().casefold())
    bare = _OF_ONE_ANSWER.sub("", plain)
    if not plain or {plain, bare} & _HARMLESS:
        return None
    for pattern, words in _BESIDE:
        if pattern.search(plain):
            return words
    if _HARMLESS_END.search(plain) or _HARMLESS_END.search(bare):
        return None
    found = next((words for pattern, words in _CHANGES if pattern.search(plain)), None)
    return found or (None if _HARMLESS_START.match(plain) else _UNKNOWN)
