"""How the tests are spread over processes.

One thread for each test process, unless the caller asks for more. Tiny models gain nothing from threads, and waiting
for one another costs them: on two busy cores the tests of training and generation took 14 seconds of processor time
with one thread and 101 with two. torch reads this at its import.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
GROUP = re.compile(r'xdist_group\((?:name=)?"([^"]+)"\)')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes longest first: groups, which cannot be split, then what runs on the default model."""
    real = {item.path for item in items if item.get_closest_marker("real")}
    items.sort(key=lambda item: (_group(item.path) is None, item.path not in real))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file on one worker, with the fixtures they share, and so all files of a group.

    A file that shares a port, a terminal or much of the machine with others names its group:
    `pytestmark = pytest.mark.xdist_group("name")`. xdist's own loadgroup does not group under pytest 9.2: it writes the
    group into the ids of the tests, where pytest no longer reads it (seen with pytest-xdist 3.8.0).
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFileOrGroup(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return _group(config.rootpath / file) or file

    return ByFileOrGroup(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not held on this machine, among the tests that stand in for a GPU."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {each.longrepr[2] for each in skipped if "tests/gpu/test_pretended" in each.nodeid}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"Not held: {reason.removeprefix('Skipped: ')}", yellow=True)


@cache
def _group(file: Path) -> str | None:
    found = GROUP.search(file.read_text(encoding="utf-8"))
    return found[1] if found else None
