"""Values that a workspace stores under a person's names for them: presets, and sets of pairs."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tui.errors import InputError

LONGEST_NAME = 40


class NamedValues:
    """JSON objects by name, under one key of the workspace's settings.

    `word` is the noun for them, such as "preset"; `reserved` names belong to Palate.
    """

    def __init__(
        self,
        word: str,
        read: Callable[[], Mapping[str, Any] | None],
        write: Callable[[dict[str, Any]], object],
        reserved: Iterable[str] = (),
    ) -> None:
        self.word = word
        self._read, self._write = read, write
        self._reserved = {_key(name) for name in reserved}

    def all(self) -> dict[str, Any]:
        """Every stored value by name, the last saved one last."""
        return dict(self._read() or {})

    def save(self, name: str, value: Mapping[str, Any]) -> str:
        """Store a value under a name in place of an older one, and return the name as stored.

        Raises:
            InputError: the name is not usable.
        """
        name = self._clean(name)
        kept = {each: old for each, old in self.all().items() if _key(each) != _key(name)}
        self._write({**kept, name: dict(value)})
        return name

    def rename(self, name: str, new: str) -> str:
        """Rename a value, and return the new name as stored.

        Raises:
            InputError: no value has that name, or the new name is not usable or taken.
        """
        kept, old = self.all(), self._found(name)
        new = self._clean(new)
        if _key(new) != _key(old) and _key(new) in {_key(each) for each in kept}:
            raise InputError(f"There is a {self.word} {new!r} already. Choose another name.")
        self._write({new if each == old else each: value for each, value in kept.items()})
        return new

    def remove(self, name: str) -> None:
        """Delete a value.

        Raises:
            InputError: no value has that name.
        """
        old = self._found(name)
        self._write({each: value for each, value in self.all().items() if each != old})

    def _found(self, name: str) -> str:
        if _key(name) in self._reserved:
            raise InputError(f"The {self.word} {name!r} comes with Palate and stays as it is. Save one of your own.")
        found = next((each for each in self.all() if _key(each) == _key(name)), None)
        if found is None:
            names = ", ".join(self.all()) or "none"
            raise InputError(f"There is no {self.word} {name!r} of your own. There are: {names}.")
        return found

    def _clean(self, name: str) -> str:
        name = " ".join(unicodedata.normalize("NFC", name).split())
        if not name:
            raise InputError(f"A {self.word} needs a name. Give it one of your own.")
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InputError(
                f"A {self.word}'s name has at most {LONGEST_NAME} characters, all of them visible. Choose another name."
            )
        if _key(name) in self._reserved:
            raise InputError(f"The {self.word} {name!r} comes with Palate and stays as it is. Choose another name.")
        return name


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()
