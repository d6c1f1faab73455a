"""A preflight in words, for the Train screen and for the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tui.text.format import count, duration

if TYPE_CHECKING:
    from engine.estimates.memory import Memory
    from engine.estimates.preflight import Preflight


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
        yield f"about {found.memory.peak / 1e9:.1f} GB of memory: {memory_words(found.memory)}"
    if found.seconds is not None:
        yield f"about {duration(found.seconds)} at the speed of the latest run"
    yield from found.notes


def preflight_facts(found: Preflight) -> str:
    """The run's time, tokens and memory, in one line."""
    facts = [f"{found.tokens:,} tokens an epoch, the longest sequence {found.longest:,}"]
    if found.seconds is not None:
        facts.insert(0, f"about {duration(found.seconds)}")
    if found.memory is not None:
        facts.append(f"{found.memory.peak / 1e9:.1f} GB of memory")
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
