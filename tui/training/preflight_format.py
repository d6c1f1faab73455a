"""A preflight in words, for the Train screen and for the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from db.interchange.chat_text import begins_with_template, prompt_transcript, without_end
from tui.text.format import count, duration, size_words
from tui.text.sanitize import visible_line

if TYPE_CHECKING:
    from engine.estimates.memory import Memory
    from engine.estimates.preflight import Preflight
    from engine.preference import PreferencePair

_SHORTEST_REPEATED = 12
_WIDTH = 60


def preflight_words(found: Preflight) -> Iterator[str]:
    """The lines of a preflight for a person."""
    yield f"{count(found.train, 'pair')} to train on, {found.evaluation} to evaluate on, {len(found.left_out)} left out"
    for key, reason in found.left_out.items():
        yield f"  pair {key} is left out: {reason}"
    if found.shortened or found.moved:
        yield f"{found.shortened} cut at the longest length, {found.moved} with a part of the prompt in the answers"
    yield f"{count(found.steps, 'step')}, {found.tokens:,} tokens an epoch, the longest sequence has {found.longest:,}"
    if found.rewriting is not None:
        yield found.rewriting
    if found.memory is not None:
        each = "" if found.devices == 1 else f" on each of {found.devices} devices"
        yield f"about {size_words(found.memory.peak)} of memory{each}: {memory_words(found.memory)}"
    if found.seconds is not None:
        yield f"about {duration(found.seconds)} at the speed of the latest run"
    yield from found.notes


def preflight_facts(found: Preflight) -> str:
    """The run's time, tokens and memory, in one line."""
    facts = [f"{found.tokens:,} tokens an epoch, the longest sequence {found.longest:,}"]
    if found.seconds is not None:
        facts.insert(0, f"about {duration(found.seconds)}")
    if found.memory is not None:
        facts.append(f"{size_words(found.memory.peak)} {'of memory' if found.devices == 1 else 'a device'}")
    return " · ".join(facts)


def preflight_warnings(found: Preflight) -> Iterator[str]:
    """Warnings to read before starting, a sentence each."""
    if found.left_out:
        reasons = Counter(found.left_out.values()).most_common()
        yield f"{count(len(found.left_out), 'pair')} left out: " + "; ".join(f"{n} × {why}" for why, n in reasons) + "."
    if found.shortened:
        yield f"{count(found.shortened, 'pair')} will be cut at the longest length, without an end of turn."
    if found.moved:
        yield f"{count(found.moved, 'pair')} will have a part of the prompt trained on, since tokens span its end."
    if found.rewriting is not None:
        yield found.rewriting
    yield from found.notes


def memory_words(memory: Memory) -> str:
    """The parts of the memory, in GB each."""
    parts = {name: getattr(memory, name) / 1e9 for name in ("weights", "adapter", "optimizer", "copies", "activations")}
    return ", ".join(f"{name} {size:.2f}" for name, size in parts.items())


def text_notes(pairs: Iterable[PreferencePair]) -> tuple[str, ...]:
    """A sentence for each kind of such a text, with the number of pairs and an example of one."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        for words, example in _KINDS.items():
            if (text := example(pair)) is not None:
                found.setdefault(words, []).append(f"pair {pair.key}: {visible_line(text, _WIDTH)!r}")
    return tuple(f"{count(len(each), 'pair')} {words}, such as {each[0]}." for words, each in found.items())


def _worn(pair: PreferencePair) -> str | None:
    return next((each["content"] for each in pair.prompt if begins_with_template(each["content"])), None)


def _transcript(pair: PreferencePair) -> str | None:
    return next((each["content"] for each in pair.prompt if prompt_transcript(each["content"])), None)


def _repeated(pair: PreferencePair) -> str | None:
    start = pair.prompt[-1]["content"].strip()
    both = all(text.lstrip().startswith(start) for text in (pair.chosen, pair.rejected))
    return pair.chosen if both and len(start) >= _SHORTEST_REPEATED else None


def _ended(pair: PreferencePair) -> str | None:
    return next((text for text in (pair.chosen, pair.rejected) if without_end(text) != text), None)


_KINDS: dict[str, Callable[[PreferencePair], str | None]] = {
    "with a prompt that wears a chat template, around which the model's own will be put": _worn,
    "with a prompt that is a transcript of several speakers": _transcript,
    "with answers that both begin with the prompt": _repeated,
    "with an answer that has a template's end of turn behind it": _ended,
}
