"""A key of Palate, which also says whether it changes something."""

from dataclasses import dataclass

from textual import binding


@dataclass(frozen=True)
class Binding(binding.Binding):
    """Textual's binding, and one fact more. Textual keeps only its own fields of it, so read it from `BINDINGS`."""

    writes: bool = False
    """Does the key change something, or lead to where that is done? A process that only watches refuses it."""


@dataclass(frozen=True)
class Writing(Binding):
    """A key that changes something, or leads to where that is done."""

    writes: bool = True
