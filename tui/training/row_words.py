"""Sentences about a run's settings, as screens say them: with the names of rows in place of flags."""

import re
from typing import Final

from engine.config import TrainConfig, settings_of

_NAMES: Final = {each.flag: each.name.replace("_", " ") for each in settings_of(TrainConfig)}
_BESIDE = re.compile(r" \(--[a-z0-9-]+\)")
_FLAG = re.compile(r"--[a-z0-9-]+")


def in_row_words(text: str) -> str:
    """A sentence with the rows' names in place of the command line's flags; one in brackets behind its row's name goes.

    >>> in_row_words("--label-smoothing 0.1 does nothing with --loss hinge.")
    'label smoothing 0.1 does nothing with loss hinge.'
    >>> in_row_words("Set the SFT weight (--sft-weight) to 0.2.")
    'Set the SFT weight to 0.2.'
    """
    return _FLAG.sub(lambda found: _NAMES.get(found[0], found[0]), _BESIDE.sub("", text))
