"""The status line: what is told, and what is left out first where it is narrow."""

from dataclasses import replace

import pytest

from tui.snapshots import LoadState, RunPhase, RunProgress, WorkbenchStatus
from tui.widgets.frame.status_line import status_line

STATUS = WorkbenchStatus(
    "smollm2-135m",
    LoadState.READY,
    ready=6,
    verdicts=37,
    pairs=31,
    verdicts_today=12,
    mean_seconds=14.2,
    prompts_left=9,
)
RUN = RunProgress(4, "taste-4", 34, 96, 0.42, 125.0, RunPhase.TRAINING)


def told(status: WorkbenchStatus, width: int = 120) -> str:
    line = status_line(status, width)
    assert line.cell_length <= width
    return " ".join(line.plain.split())


def test_everything_where_there_is_room() -> None:
    left, right = (
        "6 ready · 37 verdicts, 31 pairs · 12 today · 14 s each",
        "● taste-4 · step 34/96 · margin +0.42 · 2 min left",
    )
    assert told(replace(STATUS, run=RUN)) == f"{left} {right}"


@pytest.mark.parametrize(
    ("here", "seconds", "words"),
    [
        (12, 14.2, "12 of 50, 9 min to go"),  # 38 times 14.2 s are 539.6 s
        (12, None, "12 of 50"),
        (49, 14.2, "49 of 50, 14 s to go"),
        (50, 14.2, "50 of 50, your goal is reached"),
        (1053, 14.2, "1,053 of 50, your goal is reached"),
    ],
)
def test_a_goal_stands_first_with_what_is_left_at_the_pace(here: int, seconds: float | None, words: str) -> None:
    status = replace(STATUS, goal=50, verdicts_here=here, mean_seconds=seconds)
    assert told(status).startswith(f"6 ready · {words} · 37 verdicts")
    assert told(status, 50).startswith(f"6 ready · {words}")


def test_the_run_stands_on_the_right() -> None:
    assert status_line(replace(STATUS, run=RUN), 120).cell_length == 120


def test_what_matters_least_goes_first() -> None:
    assert told(replace(STATUS, run=RUN), 60) == "6 ready ● taste-4 · step 34/96 · margin +0.42 · 2 min left"
    assert told(replace(STATUS, run=RUN), 45) == "6 ready ● taste-4 · step 34/96 · 2 min left"


def test_parts_are_left_out_whole_at_every_width() -> None:
    for width in range(45, 130):
        assert "…" not in told(replace(STATUS, run=RUN), width), width


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_state": LoadState.LOADING}, "6 ready · Loading smollm2-135m…"),
        (
            {"model_state": LoadState.PREPARING, "model_detail": "downloading 40 of 98 MB", "ready": 0},
            "downloading 40 of 98 MB",
        ),
        ({"model_state": LoadState.FAILED, "ready": 0}, "no model"),
        ({"writing": True}, "6 ready, writing"),
        ({"model_state": LoadState.LOADING, "model_detail": "\x1b[2J", "ready": 0}, "␛[2J"),
    ],
)
def test_what_the_machine_does(changes: dict[str, object], words: str) -> None:
    plain = replace(STATUS, verdicts=0, pairs=0, verdicts_today=0, mean_seconds=None)
    assert told(replace(plain, **changes)) == words


def test_a_run_without_a_step_tells_what_it_does() -> None:
    early = replace(RUN, step=0, margin=None, seconds_left=None, phase=RunPhase.REFERENCE)
    assert told(replace(STATUS, run=early)).endswith("● taste-4 · reference")


def test_a_run_that_is_being_stopped_has_no_time_left() -> None:
    assert told(replace(STATUS, run=replace(RUN, phase=RunPhase.STOPPING))).endswith("● taste-4 · stopping")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"step": 0, "seconds_left": None, "phase": RunPhase.REFERENCE, "part_done": 12, "part_total": 96},
            "reference 12/96",
        ),
        ({"step": 0, "margin": None, "seconds_left": None}, "step 0/96"),
        ({"step": 96, "phase": RunPhase.SAVING}, "saving the adapter · step 96/96"),
        (
            {"step": 96, "phase": RunPhase.SAMPLING, "part_done": 3, "part_total": 8},
            "sampling answers 3/8 · step 96/96",
        ),
        ({"phase": RunPhase.EVALUATING, "part_done": 3, "part_total": 8}, "evaluating 3/8 · step 34/96 · 2 min left"),
    ],
)
def test_a_run_says_what_it_does_beside_its_steps(changes: dict[str, object], words: str) -> None:
    assert told(replace(STATUS, run=replace(RUN, **changes))).endswith(f"● taste-4 · {words}")


@pytest.mark.parametrize("width", range(60, 100))
def test_the_machine_too_is_told_in_whole_parts(width: int) -> None:
    words = "watching, owner is 4711 · 6 ready · 37 verdicts, 31 pairs · 12 today · 14 s each"
    line = status_line(replace(STATUS, watching="watching, owner is 4711"), width).plain.strip()
    assert words.startswith(line)
    assert words == line or words[len(line) :].startswith(" · ")
