"""The person's own keys: a TOML file in the user's configuration folder, read at the start. No Textual here.

    [label]
    left = "h"
    right = ["l", "right"]

An entry that cannot be used is reported with its line and left out; the others take effect.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from tui.text.sanitize import visible_line

HEAD = """\
# Keys of Palate. Remove the # before a line and change the text in quotes; a list gives several keys.
# A key is a character, or a name such as left, shift+left, enter, space, tab, pagedown, f5 or ctrl+k.
# Two actions of one screen cannot share a key: the app reports the line at the start and leaves it out.
"""


@dataclass(frozen=True)
class DeclaredKey:
    """One action that has keys: `id` is area.name, `screens` are the screens on which the keys work."""

    id: str
    keys: tuple[str, ...]
    help: str
    screens: frozenset[str]


@dataclass(frozen=True)
class KeyFile:
    """The file as it was read: action → its keys, and a sentence for every entry that cannot be used."""

    keys: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()


def key_path() -> Path:
    """The path of the person's key file, whether it exists or not."""
    return user_config_path("palate", appauthor=False) / "keys.toml"


def read_key_file(path: Path, declared: Sequence[DeclaredKey], normal: Callable[[str], str | None]) -> KeyFile:
    """Read the file; a missing file changes nothing.

    Args:
        path: the file.
        declared: every action that has keys.
        normal: gives a key's normal name, None where the text names no key.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except FileNotFoundError:
        return KeyFile({})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return KeyFile(
            {}, (f"{path} cannot be read: {error}. Correct it and start again; until then every key has its default.",)
        )
    known = {each.id: each for each in declared}
    keys: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for id, value in _entries(tables):
        found = _keys_of(value, normal)
        if id not in known:
            problems.append(
                f"{_place(text, id)}there is no action {visible_line(id, 60)!r}. `palate keys` lists the actions."
            )
        elif isinstance(found, str):
            problems.append(f"{_place(text, id)}{found}")
        else:
            keys[id] = found
    keys, clashes = _without_clashes(keys, declared)
    problems += [_place(text, id) + words for id, words in clashes]
    return KeyFile(keys, tuple(problems))


def default_file(declared: Sequence[DeclaredKey]) -> str:
    """The text of a file with every action, its keys and its help, every line a comment."""
    lines, area = [HEAD], ""
    for each in sorted(declared, key=lambda key: key.id.split(".")[0]):
        if each.id.split(".")[0] != area:
            area = each.id.split(".")[0]
            lines.append(f"\n[{area}]\n")
        value = f'"{each.keys[0]}"' if len(each.keys) == 1 else "[" + ", ".join(f'"{key}"' for key in each.keys) + "]"
        lines.append(f"# {each.id.split('.')[1]} = {value}  # {each.help}\n")
    return "".join(lines)


def _entries(tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """(area.name, value) of every entry, in order; a value outside of any area has only its name."""
    entries: list[tuple[str, Any]] = []
    for area, table in tables.items():
        entries += (
            [(f"{area}.{name}", value) for name, value in table.items()] if isinstance(table, dict) else [(area, table)]
        )
    return entries


def _keys_of(value: Any, normal: Callable[[str], str | None]) -> tuple[str, ...] | str:
    """The keys that a value names, or a sentence that says why it names none."""
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        return "the value is no key. Write a key in quotes, or a list of keys in quotes."
    keys = []
    for name in names:
        key = normal(name)
        if key is None:
            return f"{visible_line(name, 40)!r} is no key. Write a character, or a name such as left or ctrl+k."
        keys.append(key)
    return tuple(keys)


def _without_clashes(
    keys: dict[str, tuple[str, ...]], declared: Sequence[DeclaredKey]
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, str]]]:
    """The entries that share no key with another action of the same screen, and a sentence for each of the others."""
    dropped: list[tuple[str, str]] = []
    while clashes := _clashes(keys, declared):
        dropped += clashes
        keys = {id: value for id, value in keys.items() if id not in dict(clashes)}
    return keys, dropped


def _clashes(keys: Mapping[str, tuple[str, ...]], declared: Sequence[DeclaredKey]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for mine in (each for each in declared if each.id in keys):
        for other in declared:
            both = set(keys[mine.id]) & set(keys.get(other.id, other.keys)) - (set(mine.keys) & set(other.keys))
            if other.id != mine.id and both and mine.screens & other.screens:
                shared = f"{sorted(both)[0]!r} is {other.id} on the same screen"
                found.setdefault(mine.id, f"{shared}. Choose another key for {mine.id}, or move {other.id} as well.")
    return list(found.items())


def _place(text: str, id: str) -> str:
    """The entry's line, as `Line 4: `; empty where it is not found."""
    area = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\]]+)\]", line):
            area = _bare(header[1]) + "."
        elif (entry := re.match(r"([^=#]+)=", line)) and area + _bare(entry[1]) == id:
            return f"Line {number}: "
    return ""


def _bare(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)
