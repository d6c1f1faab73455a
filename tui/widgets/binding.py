"""A key of Palate, which also says whether it changes something."""

from dataclasses import dataclass
from typing import TypeAlias

from textual import binding

TextualBinding: TypeAlias = binding.Binding
"""The type in which Textual returns a key while the app runs."""


@dataclass(frozen=True)
class Binding(TextualBinding):
    """Textual's binding with one more field. Textual copies only its own fields, so read this one from `BINDINGS`."""

    writes: bool = False
    """Does the key change something, or lead to a place that does? A process that only watches refuses it."""


@dataclass(frozen=True)
class Writing(Binding):
    """A key that changes something, or leads to a place that does."""

    writes: bool = True
