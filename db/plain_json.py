"""JSON for files that people also look at: letters of every script as they are, what could steer a terminal escaped."""

import json
import re
from typing import Any, Final

# C1, characters of no width, separators, marks of direction, tags: JSON may hold them raw, a terminal acts on them, and
# Python's splitlines takes some for ends of lines. What is below a space JSON always escapes. Joiners stay.
_STEERING: Final = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def plain_json(value: Any, *, indent: int | None = None) -> str:
    r"""`value` as JSON; a JSON parser reads the same text back.

    >>> plain_json("naïve \x9b31m")
    '"naïve \\u009b31m"'
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)
