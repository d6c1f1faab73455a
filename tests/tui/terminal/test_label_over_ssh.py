"""Two dozen pairs judged by keys alone, on a bare pseudo-terminal and over a real SSH connection to this machine."""

from pathlib import Path

import pytest

from tests.ssh_label import expected, label_over_ssh
from tests.ssh_server import why_no_ssh
from tests.tiny import save_tiny

PAIRS = 24


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("ssh", [False, pytest.param(True, marks=pytest.mark.long)], ids=["pseudo-terminal", "ssh"])
def test_every_key_of_the_label_screen_does_what_it_says(tmp_path: Path, model_folder: Path, ssh: bool) -> None:
    if ssh and (why := why_no_ssh()):
        pytest.skip(why)
    told = label_over_ssh(tmp_path, PAIRS, model=str(model_folder), ssh=ssh)
    assert told["keys_not_pressed"] == []
    assert told["verdict_rows"] == expected(PAIRS)
    assert told["exit_status"] == 0
