"""Lineage as a tree: up to the first adapter, down to everything that came from it."""

from dataclasses import replace

from tests.fake_workbench import adapter_view, run_row
from tui.runs.diff import facts_beside, settings_beside
from tui.runs.format import slots_of
from tui.runs.lineage import TreeLine, family_of


def shown(lines: list[TreeLine]) -> list[str]:
    """Branch, name, and a mark where we are and where the adapter is gone."""
    return [f"{line.branch}{line.name}{' <' if line.here else ''}{' gone' if line.gone else ''}" for line in lines]


def test_a_family_has_its_root_its_branches_and_a_place_for_what_is_gone() -> None:
    views = [adapter_view(number, f"taste-{number}") for number in (5, 4, 2, 1)]
    parents = {2: 1, 3: 1, 4: 3, 5: 2}
    views = [replace(view, parent=f"a{parents[view.run]:08x}" if view.run in parents else None) for view in views]
    runs = [
        run_row(number, f"taste-{number}", parent_adapter=f"a{parents[number]:08x}" if number in parents else None)
        for number in range(6, 0, -1)
    ]
    assert shown(family_of(runs[2], runs, views)) == [
        "smollm2-135m-instruct",
        "└─ taste-1",
        "   ├─ taste-2",
        "   │  └─ taste-5",
        "   └─ taste-3 gone",
        "      └─ taste-4 <",
    ]


def test_a_run_without_an_adapter_stands_under_what_it_started_from() -> None:
    run = run_row(3, "taste-3", "failed", parent_adapter="a00000001")
    view = adapter_view(1, "taste-1", in_use=True)
    lines = family_of(run, [run, run_row(1, "taste-1")], [view])
    assert shown(lines) == ["smollm2-135m-instruct", "└─ taste-1", "   └─ taste-3 < gone"]
    assert [(line.run, line.in_use) for line in lines] == [(None, False), (1, True), (3, False)]


def test_a_parent_that_nobody_remembers_is_named_by_its_id_and_a_circle_ends() -> None:
    run = run_row(3, "taste-3", parent_adapter="a0000000f")
    assert shown(family_of(run, [run], [])) == ["smollm2-135m-instruct", "└─ a0000000f gone", "   └─ taste-3 < gone"]
    views = [replace(adapter_view(1, "one"), parent="a00000002"), replace(adapter_view(2, "two"), parent="a00000001")]
    assert len(family_of(run_row(1, "one"), [], views)) == 3


def test_settings_that_differ_come_first_and_one_is_the_same_as_one_point_nought() -> None:
    config = run_row(1, "").config
    lines = settings_beside([
        run_row(1, "a", config={**config, "epochs": 5, "beta": 1, "new": "x"}),
        run_row(2, "b", config={**config, "beta": 1.0}),
    ])  # fmt: skip
    assert [(line.name, line.values) for line in lines if line.differs] == [("epochs", (5, 3)), ("new", ("x", None))]
    assert lines[0].name == "epochs"
    assert ("beta", (1, 1.0)) in [(line.name, line.values) for line in lines[2:]]
    facts = facts_beside([run_row(1, "a"), run_row(2, "b", train_pairs=30)])
    assert [(line.name, line.values) for line in facts if line.differs] == [("training pairs", (28, 30))]


def test_a_run_keeps_its_colour_whichever_others_are_there() -> None:
    assert slots_of([3]) == {3: 2}
    assert slots_of([5, 3]) == {3: 2, 5: 4}
    assert slots_of([11, 3]) == {3: 2, 11: 3}
    assert slots_of([8, 16]) == {8: 7, 16: 0}
    assert len(set(slots_of(range(1, 20)).values())) == 8
