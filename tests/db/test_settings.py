"""Settings of a workspace are JSON under a key."""

import pytest

from db.settings import get_setting, set_setting, update_settings
from tests.db_workspace import workspace


@pytest.fixture
def conn(tmp_path):
    with workspace(tmp_path) as conn:
        yield conn


@pytest.mark.parametrize("value", [None, "a1f3", 0.5, ["x", {"y": True}], "“ü”"])
def test_a_value_comes_back_and_the_last_one_counts(conn, value):
    set_setting(conn, "key", "before")
    set_setting(conn, "key", value)
    assert get_setting(conn, "key", "default") == value


def test_a_key_that_was_never_set_gives_the_default(conn):
    assert get_setting(conn, "key") is None
    assert get_setting(conn, "key", 5) == 5


def test_several_objects_are_changed_at_once_or_not_at_all(conn):
    set_setting(conn, "queue", {"depth": 5, "goal": 3})

    def change(kept):
        del kept["queue"]["goal"]
        kept["look"]["colours"] = "light"

    def refuse(kept):
        kept["queue"]["depth"] = 0
        raise ValueError("out of range")

    update_settings(conn, ("queue", "look", "runs"), change)
    assert (get_setting(conn, "queue"), get_setting(conn, "look")) == ({"depth": 5}, {"colours": "light"})
    assert get_setting(conn, "runs") is None, "what did not change is not written"
    with pytest.raises(ValueError, match="out of range"):
        update_settings(conn, ("queue",), refuse)
    assert get_setting(conn, "queue") == {"depth": 5}
