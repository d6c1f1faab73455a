"""Every key that a screen or a widget of Palate declares, gathered from the declarations themselves."""

import importlib
import pkgutil
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Final

from textual.app import App
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key
from textual.screen import Screen

import tui.screens
import tui.widgets
from tui.keymap import DeclaredKey
from tui.widgets.binding import Binding

_NAMED: Final = {key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values())
_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_EVERYWHERE: Final = "everywhere"


def declared_keys(app: type[App[None]]) -> list[DeclaredKey]:
    """Every act with an id, in the order of the screens' names; the keys of `app` can be pressed on every screen."""
    found: dict[str, DeclaredKey] = {}
    nodes = [*key_classes()]
    screens = frozenset(node.__name__ for node in nodes if issubclass(node, Screen))
    for node in [app, *nodes]:
        here = screens | {_EVERYWHERE} if node is app else frozenset({node.__name__})
        for binding in bindings_of(node):
            if binding.id is None:
                continue
            keys = tuple(key.strip() for key in binding.key.split(","))
            before = found.get(binding.id)
            if before is None:
                found[binding.id] = DeclaredKey(binding.id, keys, binding.tooltip or binding.description, here)
            else:
                found[binding.id] = replace(before, screens=before.screens | here)
    return list(found.values())


def normal_key(name: str) -> str | None:
    """The one name that Textual has for a key: `!` is exclamation_mark. None where there is no such key."""
    *modifiers, key = name.strip().split("+") if name.strip() != "+" else ("plus",)
    if any(each not in _MODIFIERS for each in modifiers) or not key:
        return None
    if len(key) == 1:
        key = _character_to_key(key)
    elif key not in _NAMED and name not in _NAMED and not _is_character(key):
        return None
    return "+".join([*modifiers, key])


def _is_character(name: str) -> bool:
    try:
        unicodedata.lookup(name.replace("_", " ").upper())
    except KeyError:
        return False
    return True


def key_classes() -> Iterator[type[DOMNode]]:
    """Every screen and widget, imported for it."""
    for package in (tui.screens, tui.widgets):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield from _nodes_of(importlib.import_module(each.name))


def _nodes_of(module: ModuleType) -> Iterator[type[DOMNode]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.__name__:
            yield value


@cache
def writes(node: type[DOMNode], action: str) -> bool:
    """Does a key with this action, `name(parameters)`, change something where `node` has the focus?"""
    return any(each.writes for each in bindings_of(node) if each.action == action)


def bindings_of(node: type[DOMNode]) -> Iterator[Binding]:
    """A class's own bindings and those that it inherits from classes of ours."""
    for base in node.__mro__:
        if base.__module__.startswith("tui."):
            yield from (each for each in base.__dict__.get("BINDINGS", ()) if isinstance(each, Binding))
