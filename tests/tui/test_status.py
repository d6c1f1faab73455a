"""A goal for one sitting: counted from where it began, and only if there is one."""

from pathlib import Path

from tests.label_pairs import fill
from tests.still_workbench import StillWorkbench


def test_a_goal_counts_the_verdicts_of_this_sitting(tmp_path: Path) -> None:
    fill(tmp_path / "space", 6, judged=2)
    workbench = StillWorkbench(tmp_path / "space")
    try:
        workbench.judge(1, "a").result()
        assert (workbench.status().goal, workbench.status().verdicts_here) == (None, 0)
        workbench.change_setting("goal", "3")
        assert (workbench.status().goal, workbench.status().verdicts_here) == (3, 1)
        workbench.judge(2, "skip").result()
        workbench.judge(3, "tie").result()
        assert workbench.status().verdicts_here == 2  # a skip is no verdict
        workbench.undo().result()
        assert workbench.status().verdicts_here == 1
        workbench.change_setting("goal", "none")
        assert workbench.status().goal is None
    finally:
        workbench.close()
    later = StillWorkbench(tmp_path / "space")
    try:
        later.change_setting("goal", "3")
        assert later.status().verdicts_here == 0
        assert later.counts().total == 3
    finally:
        later.close()
