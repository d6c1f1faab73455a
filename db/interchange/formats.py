"""Every format that Palate reads and writes, and the format of a file."""

from collections import Counter
from itertools import islice

from db.errors import InterchangeError
from db.interchange.arena_format import ARENA, ARENA_TABLE
from db.interchange.argilla_format import ARGILLA
from db.interchange.checks import Row, RowRefused
from db.interchange.comparator_format import COMPARATOR
from db.interchange.conversations_format import HH_RLHF, TRL_IMPLICIT, ULTRAFEEDBACK
from db.interchange.format import Format
from db.interchange.kto_format import KTO
from db.interchange.label_studio_format import LABEL_STUDIO, LABEL_STUDIO_MIN
from db.interchange.palate_format import PALATE
from db.interchange.rated_formats import HELPSTEER, N_BEST, SAFE_RLHF, SHP, WEBGPT
from db.interchange.sources import Source
from db.interchange.tool_formats import OPEN_WEBUI, PRODIGY, SUMMARIES
from db.interchange.trainer_formats import (
    ALPACA,
    AXOLOTL,
    NEMO,
    OPENAI,
    SHAREGPT,
    STACK,
    SWIFT,
    TWO_OUTPUTS,
)
from db.interchange.trl_format import PREFERENCE_DATA, TRL, TRL_TEXT

# The order in which lists and documents show them. A new format goes into this list and into `_RECOGNISED`.
_LISTED: tuple[Format, ...] = (
    TRL,
    TRL_TEXT,
    TRL_IMPLICIT,
    KTO,
    HH_RLHF,
    ULTRAFEEDBACK,
    OPENAI,
    ARGILLA,
    LABEL_STUDIO,
    ARENA,
    ARENA_TABLE,
)
_LISTED += (COMPARATOR, PALATE, PREFERENCE_DATA, ALPACA, TWO_OUTPUTS, SHAREGPT, AXOLOTL, NEMO, SWIFT)
_LISTED += (HELPSTEER, SAFE_RLHF, SHP)
_LISTED += (WEBGPT, STACK, N_BEST, PRODIGY, OPEN_WEBUI, LABEL_STUDIO_MIN, SUMMARIES)

FORMATS: dict[str, Format] = {each.name: each for each in _LISTED}
"""Every format by name, in the order in which lists show them."""
WRITTEN: dict[str, Format] = {name: each for name, each in FORMATS.items() if each.write_record is not None}
"""The formats that Palate writes as well."""

# The order in which a row is tried, the narrower shape first: the last ones fit every row with a chosen answer.
_RECOGNISED: tuple[Format, ...] = (
    PALATE,
    ARENA,
    ARENA_TABLE,
    OPEN_WEBUI,
    LABEL_STUDIO,
    SHP,
    WEBGPT,
    SAFE_RLHF,
    HELPSTEER,
    ARGILLA,
    LABEL_STUDIO_MIN,
)
_RECOGNISED += (PRODIGY, OPENAI, SUMMARIES, SWIFT, STACK, NEMO, COMPARATOR, SHAREGPT, AXOLOTL, ALPACA, ULTRAFEEDBACK)
_RECOGNISED += (TRL, PREFERENCE_DATA, TRL_TEXT, TRL_IMPLICIT, HH_RLHF, TWO_OUTPUTS, N_BEST, KTO)
_SAMPLE = 200


def format_of(source: Source) -> Format:
    """The format of a source: that of most of its first rows, the earlier one where two are equally frequent.

    Raises:
        InterchangeError: it has no row, or none of them is in a known format.
    """
    sample = list(islice(source.rows(), _SAMPLE))
    if not sample:
        raise InterchangeError(
            f"{source.name} holds no pair. Each line needs a prompt, a chosen and a rejected answer."
        )
    names = Counter(name for name in map(_name_of, sample) if name is not None)
    if names:
        return FORMATS[names.most_common(1)[0][0]]
    row = next((each for each in sample if not each.fault and isinstance(each.value, dict)), sample[0])
    has = ", ".join(repr(key) for key in list(row.object())[:8]) or "nothing"
    raise row.wrong(
        f"no known format has {has}. A pair needs 'prompt', 'chosen' and 'rejected'; --columns says which of its "
        "columns they are, and `palate import --help` lists every format"
    )


def _name_of(row: Row) -> str | None:
    try:
        return next((each.name for each in _RECOGNISED if each.fits(row)), None)
    except RowRefused:
        return None
