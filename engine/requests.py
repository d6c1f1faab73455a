"""What the engine is asked to write. No torch here."""

from dataclasses import dataclass

from engine.preference import Message


@dataclass(frozen=True)
class GenerationRequest:
    """One answer to write, by the model here or by a server. `key` names it in events.

    Requests with the same messages, next to one another, share the prompt's reading.
    """

    key: str
    messages: tuple[Message, ...]
    seed: int
