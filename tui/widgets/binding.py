"""A key of Palate, which also says whether it changes something."""

from dataclasses import dataclass
from typing import TypeAlias

from textual import binding

TextualBinding: TypeAlias = binding.Binding
"""What Textual gives back of a key while the app runs."""


@dataclass(frozen=True)
class Binding(TextualBinding):
    """Textual's binding, and one fact more. Textual keeps only its own fields of it, so read it from `BINDINGS`."""

    writes: bool = False
    """Does the key change something, or lead to where that is done? A process that only watches refuses it."""


@dataclass(frozen=True)
class Writing(Binding):
    """A key that changes something, or leads to where that is done."""

    writes: bool = True
