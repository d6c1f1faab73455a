"""A run's events between processes: what is read is what was written."""

import ast
import math
from pathlib import Path

import engine.events
from engine.distributed.event_lines import _KINDS, event_line, read_event
from engine.events import (
    EvalDone,
    Notice,
    NoticeLevel,
    PairDone,
    PairStage,
    ReferenceScored,
    RunPlanned,
    StepDone,
)

ROOT = Path(__file__).parents[3]
EVENTS = [
    RunPlanned(6, ("1", "2"), ("3",), {"4": "an answer is empty"}, 10, "float32", "cpu,cpu", 2),
    Notice(NoticeLevel.WARNING, "two\nlines and “quotes”"),
    ReferenceScored(1, 3, {"1": (-1.25, -0.1)}, {"1": "abc"}),
    PairDone(PairStage.EVAL, 1, 2),
    StepDone(1, 6, 0.5, {"loss": 0.1 + 0.2, "grad_norm": math.inf}, 3.0),
]


def test_an_event_comes_back_as_it_was_with_its_types() -> None:
    for number, event in enumerate(EVENTS):
        read = read_event(event_line(number, event))
        assert read == (number, event)
        assert repr(read[1]) == repr(event)


def test_a_figure_that_is_no_number_comes_back() -> None:
    (_, event) = read_event(event_line(0, EvalDone(1, {"eval_loss": math.nan})))
    assert isinstance(event, EvalDone)
    assert math.isnan(event.metrics["eval_loss"])


def test_every_event_of_a_run_has_a_line() -> None:
    """An event that a run learns to report reaches the owner without a word here."""
    used = {
        node.id
        for node in ast.walk(ast.parse((ROOT / "engine" / "train.py").read_text()))
        if isinstance(node, ast.Name) and isinstance(getattr(engine.events, node.id, None), type)
    }
    kinds = {name for name in used if issubclass(getattr(engine.events, name), engine.events.Event)}
    assert len(kinds) > 10
    assert kinds <= set(_KINDS)
