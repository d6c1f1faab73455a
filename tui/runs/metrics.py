"""The names of a run's metrics on screens, and their order. No Textual here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tui.machine.figures import FIGURES

_NAMES: Final = {
    "loss": "loss",
    "rewards/margins": "margin",
    "rewards/accuracies": "accuracy",
    "rewards/chosen": "chosen reward",
    "rewards/rejected": "rejected reward",
    "logps/chosen": "chosen log-probability",
    "logps/rejected": "rejected log-probability",
    "grad_norm": "gradient norm",
    "learning_rate": "learning rate",
    "pairs_per_second": "pairs per second",
    "tokens_per_second": "tokens per second",
    "machine/gpu_use": "GPU use",
    "machine/cpu_use": "CPU use",
    "machine/memory": "memory",
    "machine/memory_left": "memory left",
    "machine/temperature": "temperature",
    "machine/power": "power",
}
_MACHINE: Final = {f"machine/{each.name}": each for each in FIGURES}
_HIDDEN: Final = ("epoch", "_low", "_high", "kept", "general_text")
"""Endings of metrics without a curve of their own: the epoch, the ends of intervals, the mark of the kept step,
and the two figures of the general text."""


@dataclass(frozen=True)
class Metric:
    """A metric that can be drawn: its name in the database, its words, and the format of its values."""

    name: str
    words: str
    write: Callable[[float], str]
    floor: float | None = None
    ceiling: float | None = None
    evaluated: bool = False


def metric_of(name: str) -> Metric:
    """The words and formats for a metric."""
    plain, evaluated = name.removeprefix("eval_"), name.startswith("eval_")
    words = _NAMES.get(plain, plain.replace("_", " ")) + (" on evaluation pairs" if evaluated else "")
    if plain == "rewards/accuracies":
        return Metric(name, words, "{:.0%}".format, 0.0, 1.0, evaluated)
    if figure := _MACHINE.get(plain):
        return Metric(name, words, figure.write, 0.0, figure.most)
    if plain.startswith("rewards/"):
        return Metric(name, words, "{:+.3f}".format, 0.0, None, evaluated)
    return Metric(name, words, "{:.3f}".format if plain == "loss" else "{:.4g}".format, None, None, evaluated)


def metrics_in_order(names: Iterable[str]) -> list[Metric]:
    """The metrics to draw, each once: loss, margin and accuracy first, each followed by its evaluation."""
    there = {name for name in names if not name.endswith(_HIDDEN)}
    order = [name for plain in _NAMES for name in (plain, f"eval_{plain}")]
    return [metric_of(name) for name in [*(each for each in order if each in there), *sorted(there - set(order))]]
