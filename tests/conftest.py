"""How the tests are spread over processes.

One thread for each test process, unless the caller asks for more. Tiny models gain nothing from threads, and waiting
for one another costs them: on two busy cores the tests of training and generation took 14 seconds of processor time
with one thread and 101 with two. torch reads this at its import.
"""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one worker, since they share its fixtures, and start what takes longest first.

    A file that shares a port, a terminal or a machine with other files names its group itself, with
    `pytestmark = pytest.mark.xdist_group("name")`; the group then runs on one worker, one test after another.
    """
    grouped = {item.path for item in items if item.get_closest_marker("xdist_group")}
    real = {item.path for item in items if item.get_closest_marker("real")}
    items.sort(key=lambda item: (item.path not in grouped, item.path not in real))
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))
