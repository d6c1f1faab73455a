"""Command-line options made from the fields of a settings class."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import click

from engine.config import settings_of

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_options(config: type) -> Callable[[_Command], _Command]:
    """Add a flag for every setting of a config class. The command gets each as text, None where it was not given."""

    def add(command: _Command) -> _Command:
        for each in reversed(settings_of(config)):
            default = "none" if each.default is None else each.default
            allowed = f" [{each.range}]" if each.range else ""
            words = f"{each.help}{allowed}  [default: {default}]"
            command = click.option(each.flag, each.name, metavar=each.kind.__name__.upper(), help=words)(command)
        return command

    return add


def changed_config(config: Any, given: Mapping[str, str | None]) -> Any:
    """`config`, changed by the flags that were given. Flags of other classes are ignored.

    Raises:
        SettingError: a value cannot be used; the message names its flag.
    """
    changes = {}
    for each in settings_of(type(config)):
        text = given.get(each.name)
        if text is not None:
            changes[each.name] = each.parse(text)
    return replace(config, **changes)


def build_config(config: type, given: Mapping[str, str | None]) -> Any:
    """A config from the flags that were given.

    Raises:
        SettingError: a value cannot be used; the message names its flag.
    """
    parse = {each.name: each.parse for each in settings_of(config)}
    return config(**{name: parse[name](text) for name, text in given.items() if text is not None})
