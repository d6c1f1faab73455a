"""JSON that can be looked at in a terminal and gives the same text back."""

import json
import unicodedata

import pytest

from db.plain_json import plain_json


def test_every_character_comes_back_and_none_can_steer() -> None:
    everything = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    text = plain_json({"text": everything})
    assert json.loads(text)["text"] == everything
    left = {each for each in text if unicodedata.category(each) in ("Cc", "Zl", "Zp")}
    assert left == set()
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("naïve 漢 👩\u200d🔬", '"naïve 漢 👩\u200d🔬"'),
        ("\u202e\U000e0041\x7f", '"\\u202e\\udb40\\udc41\\u007f"'),
        ({"a": [1, None]}, '{"a": [1, null]}'),
    ],
)
def test_by_hand(value: object, text: str) -> None:
    assert plain_json(value) == text
